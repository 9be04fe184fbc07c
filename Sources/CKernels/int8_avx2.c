// Products in 8-bit integers for AVX2, whose 8-bit multiplication saturates: weights are widened to 16 bits on their way, so
// the left operand can have 15 of them at no cost, and loses next to nothing.
#if defined(__x86_64__)
#include <immintrin.h>

#include "int8.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

enum {
    width = 16,
    rows_of_tile = 6,
    left_stride = apus_tile_stride,
    // The sum of apus_tile_depth products with 127 stays below 2^31.
    largest_left = 16383,
};
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

static void prepare(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left) {
    for (int64_t r = 0; r < rows; r++) {
        const float *from = a + r * a_stride;
        int16_t *to = (int16_t *)left + r * left_stride;
        const __m256 sign = _mm256_set1_ps(-0.0f);
        __m256 sizes = _mm256_setzero_ps(), odd = _mm256_setzero_ps();
        int64_t k = 0;
        for (; k + 8 <= depth; k += 8) {
            const __m256 x = _mm256_loadu_ps(from + k);
            odd = _mm256_or_ps(odd, _mm256_cmp_ps(x, x, _CMP_UNORD_Q));
            sizes = _mm256_max_ps(sizes, _mm256_andnot_ps(sign, x));
        }
        __m128 most = _mm_max_ps(_mm256_castps256_ps128(sizes), _mm256_extractf128_ps(sizes, 1));
        most = _mm_max_ps(most, _mm_movehl_ps(most, most));
        float largest = _mm_cvtss_f32(_mm_max_ss(most, _mm_movehdup_ps(most)));
        bool is_odd = _mm256_movemask_ps(odd) != 0;
        for (; k < depth; k++) {
            is_odd = is_odd || from[k] != from[k];
            largest = fabsf(from[k]) > largest ? fabsf(from[k]) : largest;
        }
        if (is_odd) largest = NAN;

        const float scale = apus_row_scale(largest, largest_left), factor = apus_row_factor(scale);
        for (k = 0; k + 16 <= depth; k += 16) {
            const __m256i low = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(from + k), _mm256_set1_ps(factor)));
            const __m256i high = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(from + k + 8), _mm256_set1_ps(factor)));
            _mm256_storeu_si256((__m256i *)(to + k), _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xD8));
        }
        for (; k < depth; k++) to[k] = (int16_t)_mm_cvtss_si32(_mm_set_ss(from[k] * factor));
        if (k < 2 * steps) to[k] = 0;
        memcpy(to + apus_tile_depth, &scale, sizeof scale);
    }
}

INLINE void tile_of(const int32_t rows, int64_t steps, const int16_t *left, const int8_t *panel, const float *scales,
                    const char *ahead, float *out, int64_t out_stride) {
    __m256i sums[rows_of_tile][2];
    UNROLL for (int32_t r = 0; r < rows; r++) sums[r][0] = sums[r][1] = _mm256_setzero_si256();
    for (int64_t k = 0; k < steps; k++) {
        __builtin_prefetch(ahead + 8 * k, 0, 2);
        const __m256i b0 = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(panel + k * 2 * width)));
        const __m256i b1 = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(panel + k * 2 * width + width)));
        UNROLL for (int32_t r = 0; r < rows; r++) {
            int32_t pair;
            memcpy(&pair, left + r * left_stride + 2 * k, sizeof pair);
            const __m256i x = _mm256_set1_epi32(pair);
            sums[r][0] = _mm256_add_epi32(sums[r][0], _mm256_madd_epi16(x, b0));
            sums[r][1] = _mm256_add_epi32(sums[r][1], _mm256_madd_epi16(x, b1));
        }
    }
    UNROLL for (int32_t r = 0; r < rows; r++) {
        float scale;
        memcpy(&scale, left + r * left_stride + apus_tile_depth, sizeof scale);
        UNROLL for (int32_t v = 0; v < 2; v++) {
            const __m256 factor = _mm256_mul_ps(_mm256_set1_ps(scale), _mm256_loadu_ps(scales + 8 * v));
            _mm256_storeu_ps(out + r * out_stride + 8 * v, _mm256_mul_ps(factor, _mm256_cvtepi32_ps(sums[r][v])));
        }
    }
}

static void tile(int32_t rows, int64_t steps, const void *left, const void *panel, const float *scales, const void *ahead,
                 float *out, int64_t out_stride) {
#define ROWS(n) \
    case n: tile_of(n, steps, left, panel, scales, ahead, out, out_stride); return;
    switch (rows) { ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6) }
#undef ROWS
}

const apus_format apus_int8_avx2 = {
    .panel_width = width,
    .tile_rows = rows_of_tile,
    .step = 2,
    .step_bytes = 2 * width,
    .left_bytes = left_stride * 2,
    .left_most = largest_left,
    .prepare = prepare,
    .tile = tile,
};
#pragma clang attribute pop
#endif
