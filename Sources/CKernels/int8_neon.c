// Products in 8-bit integers by the dot products of four that Armv8.2 and later have, and by the products of 2×8 with 8×2
// matrices of Armv8.6.
#if defined(__aarch64__)
#include <arm_neon.h>

#include "int8.h"

enum { width = 8, rows_of_tile = 12, left_stride = apus_tile_stride };
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

// `places` of each row are written.
INLINE void quantize_rows(int64_t rows, int64_t depth, int64_t places, const float *a, int64_t a_stride, void *left) {
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
        for (; k < places; k++) to[k] = 0;
        memcpy(to + apus_tile_depth, &scale, sizeof scale);
    }
}

// One row of a tile, from sums in integers to floats.
INLINE void store(int32x4_t low, int32x4_t high, const int8_t *left, const float *scales, float *out) {
    float scale;
    memcpy(&scale, left + apus_tile_depth, sizeof scale);
    vst1q_f32(out, vmulq_f32(vmulq_n_f32(vld1q_f32(scales), scale), vcvtq_f32_s32(low)));
    vst1q_f32(out + 4, vmulq_f32(vmulq_n_f32(vld1q_f32(scales + 4), scale), vcvtq_f32_s32(high)));
}

#define ALL_ROWS ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6) ROWS(7) ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12)

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

static void prepare_fours(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left) {
    quantize_rows(rows, depth, 4 * steps, a, a_stride, left);
}

INLINE void dot_products(const int32_t rows, int64_t steps, const int8_t *left, const int8_t *panel, const float *scales,
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
        store(sums[r][0], sums[r][1], left + r * left_stride, scales, out + r * out_stride);
    }
}

static void tile_of_fours(int32_t rows, int64_t steps, const void *left, const void *panel, const float *scales,
                          const void *ahead, float *out, int64_t out_stride) {
#define ROWS(n) \
    case n: dot_products(n, steps, left, panel, scales, ahead, out, out_stride); return;
    switch (rows) { ALL_ROWS }
#undef ROWS
}

const apus_format apus_int8_dotprod = {
    .panel_width = width,
    .tile_rows = rows_of_tile,
    .step = 4,
    .element_bytes = 1,
    .left_bytes = left_stride,
    .left_most = 127,
    .prepare = prepare_fours,
    .tile = tile_of_fours,
};
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("i8mm"))), apply_to = function)

static void prepare_eights(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left) {
    quantize_rows(rows, depth, 8 * steps, a, a_stride, left);
}

// Sums of two rows and two columns share a register. An odd row is multiplied twice.
INLINE void matrix_products(const int32_t rows, int64_t steps, const int8_t *left, const int8_t *panel, const float *scales,
                            const char *ahead, float *out, int64_t out_stride) {
    int32x4_t sums[rows_of_tile / 2][width / 2];
    const int32_t pairs = (rows + 1) / 2;
    UNROLL for (int32_t p = 0; p < pairs; p++) {
        UNROLL for (int32_t v = 0; v < width / 2; v++) sums[p][v] = vdupq_n_s32(0);
    }
    for (int64_t k = 0; k < steps; k++) {
        __builtin_prefetch(ahead + 16 * k, 0, 2);
        int8x16_t b[width / 2];
        UNROLL for (int32_t v = 0; v < width / 2; v++) b[v] = vld1q_s8(panel + k * 8 * width + 16 * v);
        UNROLL for (int32_t p = 0; p < pairs; p++) {
            const int32_t second = 2 * p + 1 < rows ? 2 * p + 1 : 2 * p;
            const int8x16_t x = vcombine_s8(vld1_s8(left + 2 * p * left_stride + 8 * k), vld1_s8(left + second * left_stride + 8 * k));
            UNROLL for (int32_t v = 0; v < width / 2; v++) sums[p][v] = vmmlaq_s32(sums[p][v], x, b[v]);
        }
    }
    UNROLL for (int32_t r = 0; r < rows; r++) {
        const int32x4_t *of = sums[r / 2];
        const int32x4_t low = r % 2 ? vcombine_s32(vget_high_s32(of[0]), vget_high_s32(of[1]))
                                    : vcombine_s32(vget_low_s32(of[0]), vget_low_s32(of[1]));
        const int32x4_t high = r % 2 ? vcombine_s32(vget_high_s32(of[2]), vget_high_s32(of[3]))
                                     : vcombine_s32(vget_low_s32(of[2]), vget_low_s32(of[3]));
        store(low, high, left + r * left_stride, scales, out + r * out_stride);
    }
}

static void tile_of_eights(int32_t rows, int64_t steps, const void *left, const void *panel, const float *scales,
                           const void *ahead, float *out, int64_t out_stride) {
#define ROWS(n) \
    case n: matrix_products(n, steps, left, panel, scales, ahead, out, out_stride); return;
    switch (rows) { ALL_ROWS }
#undef ROWS
}

const apus_format apus_int8_i8mm = {
    .panel_width = width,
    .tile_rows = rows_of_tile,
    .step = 8,
    .element_bytes = 1,
    .left_bytes = left_stride,
    .left_most = 127,
    .prepare = prepare_eights,
    .tile = tile_of_eights,
};
#pragma clang attribute pop
#endif
