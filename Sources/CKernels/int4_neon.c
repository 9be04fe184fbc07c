// Products in 4-bit integers by the dot products of four that Armv8.2 and later have.
#if defined(__aarch64__)
#include <arm_neon.h>

#include "int4.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

enum { width = 8, rows_of_tile = 12, step_bytes = APUS_INT4_BYTES(width) };
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define NOT_UNROLLED _Pragma("clang loop unroll(disable)")

static void prepare(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left) {
    apus_int4_prepare(rows, depth, steps, a, a_stride, left);
}

INLINE void tile_of(const int32_t rows, int64_t steps, const int8_t *left, const char *panel, const char *ahead, float *out,
                    int64_t out_stride) {
    const uint8x16_t lower = vdupq_n_u8(15);
    for (int64_t s = 0; s < steps; s++) {
        __builtin_prefetch(ahead + s * (step_bytes / 4), 0, 2);
        const char *step = panel + s * step_bytes;
        int32x4_t sums[rows_of_tile][2];
        UNROLL for (int32_t r = 0; r < rows; r++) {
            sums[r][0] = sums[r][1] = vdupq_n_s32(-apus_int4_part_at(left + r * apus_int4_stride, s).sum);
        }
        NOT_UNROLLED for (int32_t t = 0; t < 8; t++) {
            const uint8x16_t both = vld1q_u8((const uint8_t *)step + 2 * width + t * 2 * width);
            const int8x16_t b0 = vreinterpretq_s8_u8(vandq_u8(both, lower)), b1 = vreinterpretq_s8_u8(vshrq_n_u8(both, 4));
            UNROLL for (int32_t r = 0; r < rows; r++) {
                int32_t four;
                memcpy(&four, left + r * apus_int4_stride + s * apus_int4_step + 4 * t, sizeof four);
                const int8x16_t x = vreinterpretq_s8_s32(vdupq_n_s32(four));
                sums[r][0] = vdotq_s32(sums[r][0], x, b0);
                sums[r][1] = vdotq_s32(sums[r][1], x, b1);
            }
        }
        UNROLL for (int32_t v = 0; v < 2; v++) {
            const float32x4_t weight = vreinterpretq_f32_u32(vshll_n_u16(vld1_u16((const uint16_t *)step + 4 * v), 16));
            UNROLL for (int32_t r = 0; r < rows; r++) {
                const float scale = apus_int4_part_at(left + r * apus_int4_stride, s).scale;
                float *to = out + r * out_stride + 4 * v;
                const float32x4_t before = s == 0 ? vdupq_n_f32(0) : vld1q_f32(to);
                vst1q_f32(to, vfmaq_f32(before, vmulq_n_f32(vcvtq_f32_s32(sums[r][v]), scale), weight));
            }
        }
    }
}

static void tile(int32_t rows, int64_t steps, const void *left, const void *panel, const float *scales, const void *ahead,
                 float *out, int64_t out_stride) {
    (void)scales;
#define ROWS(n) \
    case n: tile_of(n, steps, left, panel, ahead, out, out_stride); return;
    switch (rows) {
        ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6) ROWS(7) ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12)
    }
#undef ROWS
}

const apus_format apus_int4_dotprod = {
    .panel_width = width,
    .tile_rows = rows_of_tile,
    .step = apus_int4_step,
    .step_bytes = step_bytes,
    .left_bytes = apus_int4_stride,
    .prepare = prepare,
    .tile = tile,
};
#pragma clang attribute pop
#endif
