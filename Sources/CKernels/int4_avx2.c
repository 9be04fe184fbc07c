// Products in 4-bit integers for AVX2: weights from 0 to 15 by integers of 8 bits, of which 16 products fit 16 bits.
#if defined(__x86_64__)
#include <immintrin.h>

#include "int4.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

enum { width = 16, rows_of_tile = 4, step_bytes = APUS_INT4_BYTES(width) };
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define NOT_UNROLLED _Pragma("clang loop unroll(disable)")

static void prepare(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left) {
    apus_int4_prepare(rows, depth, steps, a, a_stride, left);
}

INLINE void tile_of(const int32_t rows, int64_t steps, const int8_t *left, const char *panel, const char *ahead, float *out,
                    int64_t out_stride) {
    const __m256i lower = _mm256_set1_epi8(15), ones = _mm256_set1_epi16(1);
    for (int64_t s = 0; s < steps; s++) {
        __builtin_prefetch(ahead + s * (step_bytes / 4), 0, 2);
        __builtin_prefetch(ahead + s * (step_bytes / 4) + 36, 0, 2);
        const char *step = panel + s * step_bytes;
        __m256i sums[rows_of_tile][2];
        UNROLL for (int32_t r = 0; r < rows; r++) sums[r][0] = sums[r][1] = _mm256_setzero_si256();
        NOT_UNROLLED for (int32_t t = 0; t < 8; t++) {
            const __m256i both = _mm256_loadu_si256((const __m256i *)(step + 2 * width + t * 2 * width));
            const __m256i b0 = _mm256_and_si256(both, lower), b1 = _mm256_and_si256(_mm256_srli_epi16(both, 4), lower);
            UNROLL for (int32_t r = 0; r < rows; r++) {
                int32_t four;
                memcpy(&four, left + r * apus_int4_stride + s * apus_int4_step + 4 * t, sizeof four);
                const __m256i x = _mm256_set1_epi32(four);
                sums[r][0] = _mm256_add_epi16(sums[r][0], _mm256_maddubs_epi16(b0, x));
                sums[r][1] = _mm256_add_epi16(sums[r][1], _mm256_maddubs_epi16(b1, x));
            }
        }
        UNROLL for (int32_t v = 0; v < 2; v++) {
            const __m128i brains = _mm_loadu_si128((const __m128i *)(step + 16 * v));
            const __m256 weight = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(brains), 16));
            UNROLL for (int32_t r = 0; r < rows; r++) {
                const apus_int4_part part = apus_int4_part_at(left + r * apus_int4_stride, s);
                const __m256i sum = _mm256_sub_epi32(_mm256_madd_epi16(sums[r][v], ones), _mm256_set1_epi32(part.sum));
                const __m256 scaled = _mm256_mul_ps(_mm256_cvtepi32_ps(sum), _mm256_set1_ps(part.scale));
                float *to = out + r * out_stride + 8 * v;
                const __m256 before = s == 0 ? _mm256_setzero_ps() : _mm256_loadu_ps(to);
                _mm256_storeu_ps(to, _mm256_fmadd_ps(scaled, weight, before));
            }
        }
    }
}

static void tile(int32_t rows, int64_t steps, const void *left, const void *panel, const float *scales, const void *ahead,
                 float *out, int64_t out_stride) {
    (void)scales;
#define ROWS(n) \
    case n: tile_of(n, steps, left, panel, ahead, out, out_stride); return;
    switch (rows) { ROWS(1) ROWS(2) ROWS(3) ROWS(4) }
#undef ROWS
}

const apus_format apus_int4_avx2 = {
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
