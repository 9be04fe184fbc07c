// Products in bfloat16 and in 8-bit integers by the instructions that some AVX-512 processors have for them.
#if defined(__x86_64__)
#include <immintrin.h>

#include "int8.h"

enum { width = 32, rows_of_tile = 12 };
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define FOR_ROWS \
    ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6) ROWS(7) ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12)

// MARK: bfloat16

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512bf16"))), apply_to = function)

enum { brain_stride = apus_tile_stride };

static void prepare_brains(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left) {
    for (int64_t r = 0; r < rows; r++) {
        const float *from = a + r * a_stride;
        uint16_t *to = (uint16_t *)left + r * brain_stride;
        for (int64_t k = 0; k < 2 * steps; k += 16) {
            const int64_t n = depth - k < 16 ? depth - k : 16, filled = 2 * steps - k < 16 ? 2 * steps - k : 16;
            const __m512 x = _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), from + k);
            _mm256_mask_storeu_epi16(to + k, (__mmask16)((1u << filled) - 1), (__m256i)_mm512_cvtneps_pbh(x));
        }
    }
}

INLINE void tile_brains_of(const int32_t rows, int64_t steps, const uint16_t *left, const char *panel, const char *ahead,
                           float *out, int64_t out_stride) {
    // A single row has several sums of each column, because the next product into a sum must wait for the last.
    const int32_t chains = rows == 1 ? 4 : rows == 2 ? 2 : 1;
    __m512 sums[rows_of_tile][2];
    UNROLL for (int32_t i = 0; i < rows * chains; i++) sums[i][0] = sums[i][1] = _mm512_setzero_ps();
    int64_t k = 0;
    for (; k + chains <= steps; k += chains) {
        UNROLL for (int32_t u = 0; u < chains; u++) {
            __builtin_prefetch(ahead + 32 * (k + u), 0, 2);
            const __m512bh b0 = (__m512bh)_mm512_loadu_si512(panel + (k + u) * 4 * width);
            const __m512bh b1 = (__m512bh)_mm512_loadu_si512(panel + (k + u) * 4 * width + 64);
            UNROLL for (int32_t r = 0; r < rows; r++) {
                int32_t pair;
                memcpy(&pair, left + r * brain_stride + 2 * (k + u), sizeof pair);
                const __m512bh x = (__m512bh)_mm512_set1_epi32(pair);
                sums[r * chains + u][0] = _mm512_dpbf16_ps(sums[r * chains + u][0], x, b0);
                sums[r * chains + u][1] = _mm512_dpbf16_ps(sums[r * chains + u][1], x, b1);
            }
        }
    }
    for (; k < steps; k++) {
        UNROLL for (int32_t r = 0; r < rows; r++) {
            int32_t pair;
            memcpy(&pair, left + r * brain_stride + 2 * k, sizeof pair);
            const __m512bh x = (__m512bh)_mm512_set1_epi32(pair);
            UNROLL for (int32_t v = 0; v < 2; v++) {
                const __m512bh b = (__m512bh)_mm512_loadu_si512(panel + k * 4 * width + 64 * v);
                sums[r * chains][v] = _mm512_dpbf16_ps(sums[r * chains][v], x, b);
            }
        }
    }
    UNROLL for (int32_t r = 0; r < rows; r++) {
        UNROLL for (int32_t v = 0; v < 2; v++) {
            __m512 sum = sums[r * chains][v];
            UNROLL for (int32_t u = 1; u < chains; u++) sum = _mm512_add_ps(sum, sums[r * chains + u][v]);
            _mm512_storeu_ps(out + r * out_stride + 16 * v, sum);
        }
    }
}

static void tile_brains(int32_t rows, int64_t steps, const void *left, const void *panel, const float *scales,
                        const void *ahead, float *out, int64_t out_stride) {
    (void)scales;
#define ROWS(n) \
    case n: tile_brains_of(n, steps, left, panel, ahead, out, out_stride); return;
    switch (rows) { FOR_ROWS }
#undef ROWS
}

const apus_format apus_bfloat16_avx512 = {
    .panel_width = width,
    .tile_rows = rows_of_tile,
    .step = 2,
    .element_bytes = 2,
    .left_bytes = brain_stride * 2,
    .prepare = prepare_brains,
    .tile = tile_brains,
};
#pragma clang attribute pop

// MARK: 8-bit integers

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512vnni"))), apply_to = function)

// The instruction multiplies integers without a sign by integers with one: the left operand is moved up by 128, and the
// header of a block has what that adds to each column's sum.
enum { byte_stride = apus_tile_stride, offset = 128 };

static void prepare_bytes(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left) {
    for (int64_t r = 0; r < rows; r++) {
        const float *from = a + r * a_stride;
        uint8_t *to = (uint8_t *)left + r * byte_stride;
        __m512 sizes = _mm512_setzero_ps();
        __mmask16 odd = 0;
        for (int64_t k = 0; k < depth; k += 16) {
            const __mmask16 used = (__mmask16)(depth - k < 16 ? (1u << (depth - k)) - 1 : 0xFFFF);
            const __m512 x = _mm512_abs_ps(_mm512_maskz_loadu_ps(used, from + k));
            odd |= _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
            sizes = _mm512_max_ps(sizes, x);
        }
        const float scale = apus_row_scale(odd ? NAN : _mm512_reduce_max_ps(sizes), 127), factor = apus_row_factor(scale);
        for (int64_t k = 0; k < 4 * steps; k += 16) {
            const __mmask16 used = (__mmask16)(depth - k < 16 ? (1u << (depth - k)) - 1 : 0xFFFF);
            const __mmask16 filled = (__mmask16)(4 * steps - k < 16 ? (1u << (4 * steps - k)) - 1 : 0xFFFF);
            const __m512i x = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_maskz_loadu_ps(used, from + k), _mm512_set1_ps(factor)));
            const __m512i moved = _mm512_add_epi32(x, _mm512_set1_epi32(offset));
            _mm_mask_storeu_epi8(to + k, filled, _mm512_cvtepi32_epi8(moved));
        }
        memcpy(to + apus_tile_depth, &scale, sizeof scale);
    }
}

INLINE void tile_bytes_of(const int32_t rows, int64_t steps, const uint8_t *left, const char *panel, const float *scales,
                          const char *ahead, float *out, int64_t out_stride) {
    const int32_t chains = rows == 1 ? 4 : rows == 2 ? 2 : 1;
    __m512i sums[rows_of_tile][2];
    UNROLL for (int32_t i = 0; i < rows * chains; i++) sums[i][0] = sums[i][1] = _mm512_setzero_si512();
    const char *start = panel + 4 * width;
    int64_t k = 0;
    for (; k + chains <= steps; k += chains) {
        UNROLL for (int32_t u = 0; u < chains; u++) {
            __builtin_prefetch(ahead + 32 * (k + u), 0, 2);
            const __m512i b0 = _mm512_loadu_si512(start + (k + u) * 4 * width);
            const __m512i b1 = _mm512_loadu_si512(start + (k + u) * 4 * width + 64);
            UNROLL for (int32_t r = 0; r < rows; r++) {
                int32_t four;
                memcpy(&four, left + r * byte_stride + 4 * (k + u), sizeof four);
                const __m512i x = _mm512_set1_epi32(four);
                sums[r * chains + u][0] = _mm512_dpbusd_epi32(sums[r * chains + u][0], x, b0);
                sums[r * chains + u][1] = _mm512_dpbusd_epi32(sums[r * chains + u][1], x, b1);
            }
        }
    }
    for (; k < steps; k++) {
        UNROLL for (int32_t r = 0; r < rows; r++) {
            int32_t four;
            memcpy(&four, left + r * byte_stride + 4 * k, sizeof four);
            UNROLL for (int32_t v = 0; v < 2; v++) {
                const __m512i b = _mm512_loadu_si512(start + k * 4 * width + 64 * v);
                sums[r * chains][v] = _mm512_dpbusd_epi32(sums[r * chains][v], _mm512_set1_epi32(four), b);
            }
        }
    }
    UNROLL for (int32_t r = 0; r < rows; r++) {
        float scale;
        memcpy(&scale, left + r * byte_stride + apus_tile_depth, sizeof scale);
        UNROLL for (int32_t v = 0; v < 2; v++) {
            __m512i sum = sums[r * chains][v];
            UNROLL for (int32_t u = 1; u < chains; u++) sum = _mm512_add_epi32(sum, sums[r * chains + u][v]);
            sum = _mm512_sub_epi32(sum, _mm512_loadu_si512(panel + 64 * v));
            const __m512 factor = _mm512_mul_ps(_mm512_set1_ps(scale), _mm512_loadu_ps(scales + 16 * v));
            _mm512_storeu_ps(out + r * out_stride + 16 * v, _mm512_mul_ps(factor, _mm512_cvtepi32_ps(sum)));
        }
    }
}

static void tile_bytes(int32_t rows, int64_t steps, const void *left, const void *panel, const float *scales,
                       const void *ahead, float *out, int64_t out_stride) {
#define ROWS(n) \
    case n: tile_bytes_of(n, steps, left, panel, scales, ahead, out, out_stride); return;
    switch (rows) { FOR_ROWS }
#undef ROWS
}

const apus_format apus_int8_vnni = {
    .panel_width = width,
    .tile_rows = rows_of_tile,
    .step = 4,
    .element_bytes = 1,
    .header_bytes = 4 * width,
    .left_bytes = byte_stride,
    .left_most = 127,
    .prepare = prepare_bytes,
    .tile = tile_bytes,
};
#pragma clang attribute pop
#endif
