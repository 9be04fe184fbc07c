// Products in 8-bit integers by the dot products of four that Armv8.2 and later have.
#if defined(__aarch64__)
#include <arm_neon.h>

#include "int8.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

enum { width = 8, rows_of_tile = 12, left_stride = apus_tile_stride };
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

static void prepare(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left) {
    for (int64_t r = 0; r < rows; r++) {
        const float *from = a + r * a_stride;
        int8_t *to = (int8_t *)left + r * left_stride;
        float32x4_t sizes = vdupq_n_f32(0);
        int64_t k = 0;
        for (; k + 4 <= depth; k += 4) sizes = vmaxq_f32(sizes, vabsq_f32(vld1q_f32(from + k)));
        float largest = vmaxvq_f32(sizes);
        for (; k < depth; k++) largest = fabsf(from[k]) > largest || from[k] != from[k] ? fabsf(from[k]) : largest;
        const float scale = apus_row_scale(largest, 127), factor = apus_row_factor(scale);
        for (k = 0; k + 8 <= depth; k += 8) {
            const int32x4_t low = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(from + k), factor));
            const int32x4_t high = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(from + k + 4), factor));
            vst1_s8(to + k, vqmovn_s16(vcombine_s16(vqmovn_s32(low), vqmovn_s32(high))));
        }
        for (; k < depth; k++) to[k] = (int8_t)vcvtns_s32_f32(from[k] * factor);
        for (; k < 4 * steps; k++) to[k] = 0;
        memcpy(to + apus_tile_depth, &scale, sizeof scale);
    }
}

INLINE void tile_of(const int32_t rows, int64_t steps, const int8_t *left, const int8_t *panel, const float *scales,
                    const char *ahead, float *out, int64_t out_stride) {
    int32x4_t sums[rows_of_tile][2];
    UNROLL for (int32_t r = 0; r < rows; r++) sums[r][0] = sums[r][1] = vdupq_n_s32(0);
    for (int64_t k = 0; k < steps; k++) {
        __builtin_prefetch(ahead + 8 * k, 0, 2);
        const int8x16_t b0 = vld1q_s8(panel + k * 4 * width), b1 = vld1q_s8(panel + k * 4 * width + 16);
        UNROLL for (int32_t r = 0; r < rows; r++) {
            int32_t four;
            memcpy(&four, left + r * left_stride + 4 * k, sizeof four);
            const int8x16_t x = vreinterpretq_s8_s32(vdupq_n_s32(four));
            sums[r][0] = vdotq_s32(sums[r][0], x, b0);
            sums[r][1] = vdotq_s32(sums[r][1], x, b1);
        }
    }
    UNROLL for (int32_t r = 0; r < rows; r++) {
        float scale;
        memcpy(&scale, left + r * left_stride + apus_tile_depth, sizeof scale);
        UNROLL for (int32_t v = 0; v < 2; v++) {
            const float32x4_t factor = vmulq_n_f32(vld1q_f32(scales + 4 * v), scale);
            vst1q_f32(out + r * out_stride + 4 * v, vmulq_f32(factor, vcvtq_f32_s32(sums[r][v])));
        }
    }
}

static void tile(int32_t rows, int64_t steps, const void *left, const void *panel, const float *scales, const void *ahead,
                 float *out, int64_t out_stride) {
#define ROWS(n) \
    case n: tile_of(n, steps, left, panel, scales, ahead, out, out_stride); return;
    switch (rows) {
        ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6) ROWS(7) ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12)
    }
#undef ROWS
}

const apus_format apus_int8_dotprod = {
    .panel_width = width,
    .tile_rows = rows_of_tile,
    .step = 4,
    .element_bytes = 1,
    .left_bytes = left_stride,
    .left_most = 127,
    .prepare = prepare,
    .tile = tile,
};
#pragma clang attribute pop
#endif
