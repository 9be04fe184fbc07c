// Products in 4-bit integers by the dot products of four that some AVX-512 processors have.
#if defined(__x86_64__)
#include <immintrin.h>

#include "int4.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512vnni"))), apply_to = function)

enum { width = 32, rows_of_tile = 12, step_bytes = APUS_INT4_BYTES(width) };
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define NOT_UNROLLED _Pragma("clang loop unroll(disable)")

static void prepare(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left) {
    apus_int4_prepare(rows, depth, steps, a, a_stride, left);
}

INLINE void tile_of(const int32_t rows, int64_t steps, const int8_t *left, const char *panel, const char *ahead, float *out,
                    int64_t out_stride) {
    const __m512i lower = _mm512_set1_epi32(0x0F0F0F0F);
    for (int64_t s = 0; s < steps; s++) {
        UNROLL for (int32_t i = 0; i < 3; i++) __builtin_prefetch(ahead + s * (step_bytes / 4) + 48 * i, 0, 2);
        const char *step = panel + s * step_bytes;
        __m512i sums[rows_of_tile][2];
        UNROLL for (int32_t r = 0; r < rows; r++) {
            sums[r][0] = sums[r][1] = _mm512_set1_epi32(-apus_int4_part_at(left + r * apus_int4_stride, s).sum);
        }
        NOT_UNROLLED for (int32_t t = 0; t < 8; t++) {
            const __m512i both = _mm512_loadu_si512(step + 2 * width + t * 2 * width);
            const __m512i b0 = _mm512_and_si512(both, lower), b1 = _mm512_and_si512(_mm512_srli_epi32(both, 4), lower);
            UNROLL for (int32_t r = 0; r < rows; r++) {
                int32_t four;
                memcpy(&four, left + r * apus_int4_stride + s * apus_int4_step + 4 * t, sizeof four);
                const __m512i x = _mm512_set1_epi32(four);
                sums[r][0] = _mm512_dpbusd_epi32(sums[r][0], b0, x);
                sums[r][1] = _mm512_dpbusd_epi32(sums[r][1], b1, x);
            }
        }
        UNROLL for (int32_t v = 0; v < 2; v++) {
            const __m256i brains = _mm256_loadu_si256((const __m256i *)(step + 32 * v));
            const __m512 weight = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(brains), 16));
            UNROLL for (int32_t r = 0; r < rows; r++) {
                const float scale = apus_int4_part_at(left + r * apus_int4_stride, s).scale;
                const __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[r][v]), _mm512_set1_ps(scale));
                float *to = out + r * out_stride + 16 * v;
                const __m512 before = s == 0 ? _mm512_setzero_ps() : _mm512_loadu_ps(to);
                _mm512_storeu_ps(to, _mm512_fmadd_ps(scaled, weight, before));
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

const apus_format apus_int4_vnni = {
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
