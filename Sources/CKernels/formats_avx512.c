// Products in bfloat16 and in 8-bit integers by the instructions that some AVX-512 processors have for them.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdbool.h>

#include "brains.h"
#include "int8.h"

enum { width = 32, rows_of_tile = 12 };
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define FOR_ROWS \
    ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6) ROWS(7) ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12)

// MARK: bfloat16

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512bf16"))), apply_to = function)

static void prepare_brains(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left) {
    for (int64_t r = 0; r < rows; r++) {
        const float *from = a + r * a_stride;
        uint16_t *to = (uint16_t *)left + r * apus_brain_stride;
        int64_t k = 0;
        for (; k + 32 <= depth; k += 32) {
            const __m512 x0 = _mm512_loadu_ps(from + k), x1 = _mm512_loadu_ps(from + k + 16);
            _mm512_storeu_si512(to + k, (__m512i)_mm512_cvtne2ps_pbh(x1, x0));
        }
        for (; k < 2 * steps; k += 16) {
            const int64_t n = depth - k < 16 ? depth - k : 16, filled = 2 * steps - k < 16 ? 2 * steps - k : 16;
            const __m512 x = _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), from + k);
            _mm256_mask_storeu_epi16(to + k, (__mmask16)((1u << filled) - 1), (__m256i)_mm512_cvtneps_pbh(x));
        }
    }
}

void apus_to_brains_avx512(const float *x, uint16_t *y, int64_t count) {
    int64_t i = 0;
    for (; i + 32 <= count; i += 32) {
        const __m512 x0 = _mm512_loadu_ps(x + i), x1 = _mm512_loadu_ps(x + i + 16);
        _mm512_storeu_si512(y + i, (__m512i)_mm512_cvtne2ps_pbh(x1, x0));
    }
    for (; i < count; i += 16) {
        const __mmask16 used = count - i < 16 ? (__mmask16)((1u << (count - i)) - 1) : 0xFFFF;
        _mm256_mask_storeu_epi16(y + i, used, (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(used, x + i)));
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
                memcpy(&pair, left + r * apus_brain_stride + 2 * (k + u), sizeof pair);
                const __m512bh x = (__m512bh)_mm512_set1_epi32(pair);
                sums[r * chains + u][0] = _mm512_dpbf16_ps(sums[r * chains + u][0], x, b0);
                sums[r * chains + u][1] = _mm512_dpbf16_ps(sums[r * chains + u][1], x, b1);
            }
        }
    }
    for (; k < steps; k++) {
        UNROLL for (int32_t r = 0; r < rows; r++) {
            int32_t pair;
            memcpy(&pair, left + r * apus_brain_stride + 2 * k, sizeof pair);
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
    .step_bytes = 4 * width,
    .left_bytes = apus_brain_stride * 2,
    .prepare = prepare_brains,
    .tile = tile_brains,
};
#pragma clang attribute pop

// MARK: 8-bit integers

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512vnni"))), apply_to = function)

// The instruction multiplies integers without a sign by integers with one: the left operand is moved up by 128.
enum { offset = 128 };

// Rows of masks: the first `count` of the 16 from `from` on.
INLINE __mmask16 first_of(int64_t count, int64_t from) {
    return (__mmask16)(from >= count ? 0 : count - from < 16 ? (1u << (count - from)) - 1 : 0xFFFF);
}

// Where in a group the element of a size stands, the first of them; 0 where there is none.
INLINE int32_t place_of(const bool whole, float size, int64_t depth, const float *from) {
    for (int64_t k = 0; k < depth; k += 16) {
        const __mmask16 used = whole ? 0xFFFF : first_of(depth, k);
        const __m512 x = _mm512_abs_ps(_mm512_maskz_loadu_ps(used, from + k));
        const unsigned found = _mm512_cmp_ps_mask(x, _mm512_set1_ps(size), _CMP_EQ_OQ) & used;
        if (found != 0) return (int32_t)k + __builtin_ctz(found);
    }
    return 0;
}

INLINE apus_group prepare_group(const bool whole, int64_t depth, int64_t filled, const float *from, uint8_t *to) {
    // The largest and the next to it of each lane, and the least: so that one pass tells the range without the outlier.
    __m512 largest = _mm512_setzero_ps(), next_largest = largest, least = largest, next_least = largest;
    __mmask16 odd = 0;
    for (int64_t k = 0; k < depth; k += 16) {
        const __m512 x = whole ? _mm512_loadu_ps(from + k) : _mm512_maskz_loadu_ps(first_of(depth, k), from + k);
        odd |= _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
        next_largest = _mm512_max_ps(next_largest, _mm512_min_ps(largest, x));
        largest = _mm512_max_ps(largest, x);
        next_least = _mm512_min_ps(next_least, _mm512_max_ps(least, x));
        least = _mm512_min_ps(least, x);
    }
    const float size = _mm512_reduce_max_ps(_mm512_max_ps(largest, _mm512_abs_ps(least)));
    apus_group group = {.place = place_of(whole, size, depth, from)};
    group.outlier = from[group.place];
    const __mmask16 lane = (__mmask16)(1u << group.place % 16);
    largest = _mm512_mask_mov_ps(largest, group.outlier > 0 ? lane : 0, next_largest);
    least = _mm512_mask_mov_ps(least, group.outlier < 0 ? lane : 0, next_least);
    apus_set_range(&group, _mm512_reduce_min_ps(least), odd ? NAN : _mm512_reduce_max_ps(largest));

    const __m512 factor = _mm512_set1_ps(apus_row_factor(group.scale));
    const __m512i zero = _mm512_set1_epi32(group.zero + offset);
    for (int64_t k = 0; k < filled; k += 16) {
        const __m512 x = whole ? _mm512_loadu_ps(from + k) : _mm512_maskz_loadu_ps(first_of(depth, k), from + k);
        const __m512i moved = _mm512_add_epi32(_mm512_cvtps_epi32(_mm512_mul_ps(x, factor)), zero);
        const __m128i bytes = _mm512_cvtusepi32_epi8(_mm512_max_epi32(moved, _mm512_setzero_si512()));
        if (whole) {
            memcpy(to + k, &bytes, sizeof bytes);
        } else {
            _mm_mask_storeu_epi8(to + k, first_of(filled, k), bytes);
        }
    }
    to[group.place] = (uint8_t)(group.zero + offset);
    return group;
}

void apus_prepare_bytes(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left) {
    for (int64_t r = 0; r < rows; r++) {
        uint8_t *to = (uint8_t *)left + r * apus_byte_stride;
        for (int64_t first = 0; first < 4 * steps; first += apus_group_depth) {
            const float *from = a + r * a_stride + first;
            const int64_t there = depth - first, places = 4 * steps - first;
            const apus_group group =
                there >= apus_group_depth
                    ? prepare_group(true, apus_group_depth, apus_group_depth, from, to + first)
                    : prepare_group(false, there, places < apus_group_depth ? places : apus_group_depth, from, to + first);
            apus_set_group(to, first / apus_group_depth, group);
        }
    }
}

// One group: the steps from `first` up to `end`. What is then in `out` is multiplied by `scales`.
INLINE void multiply_group(const int32_t rows, int64_t first, int64_t end, const uint8_t *left, const char *panel,
                           const __m512 scales[2], const char *ahead, float *out, int64_t out_stride) {
    const int32_t chains = rows == 1 ? 4 : rows == 2 ? 2 : 1;
    const int64_t index = first / (apus_group_depth / 4);
    const char *header = panel + index * 4 * width, *start = panel + apus_groups * 4 * width;
    __m512i sums[rows_of_tile][2];
    UNROLL for (int32_t r = 0; r < rows; r++) {
        const __m512i zero = _mm512_set1_epi32(-(apus_group_at(left + r * apus_byte_stride, index).zero + offset));
        UNROLL for (int32_t v = 0; v < 2; v++) {
            sums[r * chains][v] = _mm512_mullo_epi32(zero, _mm512_loadu_si512(header + 64 * v));
            UNROLL for (int32_t u = 1; u < chains; u++) sums[r * chains + u][v] = _mm512_setzero_si512();
        }
    }
    int64_t k = first;
    for (; k + chains <= end; k += chains) {
        UNROLL for (int32_t u = 0; u < chains; u++) {
            __builtin_prefetch(ahead + 32 * (k + u), 0, 2);
            const __m512i b0 = _mm512_loadu_si512(start + (k + u) * 4 * width);
            const __m512i b1 = _mm512_loadu_si512(start + (k + u) * 4 * width + 64);
            UNROLL for (int32_t r = 0; r < rows; r++) {
                int32_t four;
                memcpy(&four, left + r * apus_byte_stride + 4 * (k + u), sizeof four);
                const __m512i x = _mm512_set1_epi32(four);
                sums[r * chains + u][0] = _mm512_dpbusd_epi32(sums[r * chains + u][0], x, b0);
                sums[r * chains + u][1] = _mm512_dpbusd_epi32(sums[r * chains + u][1], x, b1);
            }
        }
    }
    for (; k < end; k++) {
        UNROLL for (int32_t r = 0; r < rows; r++) {
            int32_t four;
            memcpy(&four, left + r * apus_byte_stride + 4 * k, sizeof four);
            UNROLL for (int32_t v = 0; v < 2; v++) {
                const __m512i b = _mm512_loadu_si512(start + k * 4 * width + 64 * v);
                sums[r * chains][v] = _mm512_dpbusd_epi32(sums[r * chains][v], _mm512_set1_epi32(four), b);
            }
        }
    }
    UNROLL for (int32_t r = 0; r < rows; r++) {
        const apus_group group = apus_group_at(left + r * apus_byte_stride, index);
        const char *weights = start + (first + group.place / 4) * 4 * width;
        const __m512i shift = _mm512_set1_epi32(24 - 8 * (group.place % 4));
        UNROLL for (int32_t v = 0; v < 2; v++) {
            __m512i sum = sums[r * chains][v];
            UNROLL for (int32_t u = 1; u < chains; u++) sum = _mm512_add_epi32(sum, sums[r * chains + u][v]);
            float *to = out + r * out_stride + 16 * v;
            const __m512i weight = _mm512_srai_epi32(_mm512_sllv_epi32(_mm512_loadu_si512(weights + 64 * v), shift), 24);
            __m512 total = first == 0 ? _mm512_setzero_ps() : _mm512_loadu_ps(to);
            total = _mm512_fmadd_ps(_mm512_set1_ps(group.outlier), _mm512_cvtepi32_ps(weight), total);
            total = _mm512_fmadd_ps(_mm512_set1_ps(group.scale), _mm512_cvtepi32_ps(sum), total);
            _mm512_storeu_ps(to, _mm512_mul_ps(total, scales[v]));
        }
    }
}

INLINE void tile_bytes_of(const int32_t rows, int64_t steps, const uint8_t *left, const char *panel, const float *scales,
                          const char *ahead, float *out, int64_t out_stride) {
    enum { most = apus_group_depth / 4 };
    int64_t first = 0;
    const __m512 ones[2] = {_mm512_set1_ps(1), _mm512_set1_ps(1)};
    for (; first + most < steps; first += most) {
        multiply_group(rows, first, first + most, left, panel, ones, ahead, out, out_stride);
    }
    const __m512 last[2] = {_mm512_loadu_ps(scales), _mm512_loadu_ps(scales + 16)};
    multiply_group(rows, first, steps, left, panel, last, ahead, out, out_stride);
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
    .step_bytes = 4 * width,
    .header_bytes = apus_groups * 4 * width,
    .left_bytes = apus_byte_stride,
    .left_most = 127,
    .prepare = apus_prepare_bytes,
    .tile = tile_bytes,
};
#pragma clang attribute pop
#endif
