// The AVX-512 instructions that formats_avx512.c uses, in plain C, so that it can be tried on a processor without them: a
// compiler that is given this folder first takes this file for its own. What each does is said in Intel's Intrinsics Guide.
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

typedef float __m512 __attribute__((vector_size(64), aligned(4)));
typedef int32_t __m512i __attribute__((vector_size(64), aligned(4)));
typedef uint16_t __m512bh __attribute__((vector_size(64), aligned(4)));
typedef uint16_t __m256bh __attribute__((vector_size(32), aligned(4)));
typedef uint16_t __m256i __attribute__((vector_size(32), aligned(4)));
typedef uint8_t __m128i __attribute__((vector_size(16), aligned(4)));
typedef uint16_t __mmask16;
#define _CMP_UNORD_Q 3
#define _CMP_EQ_OQ 0
#define ONE static inline __attribute__((unused))
#define EACH for (int i = 0; i < 16; i++)

ONE __m512 _mm512_setzero_ps(void) { return (__m512){0}; }
ONE __m512i _mm512_setzero_si512(void) { return (__m512i){0}; }
ONE __m512 _mm512_set1_ps(float x) { __m512 r; EACH r[i] = x; return r; }
ONE __m512i _mm512_set1_epi32(int32_t x) { __m512i r; EACH r[i] = x; return r; }
ONE __m512 _mm512_loadu_ps(const void *p) { __m512 r; memcpy(&r, p, 64); return r; }
ONE __m512i _mm512_loadu_si512(const void *p) { __m512i r; memcpy(&r, p, 64); return r; }
ONE void _mm512_storeu_ps(void *p, __m512 x) { memcpy(p, &x, 64); }
ONE void _mm512_storeu_si512(void *p, __m512i x) { memcpy(p, &x, 64); }
ONE __m512 _mm512_maskz_loadu_ps(__mmask16 m, const float *p) { __m512 r; EACH r[i] = m >> i & 1 ? p[i] : 0; return r; }
ONE __m512 _mm512_mask_mov_ps(__m512 old, __mmask16 m, __m512 x) { __m512 r; EACH r[i] = m >> i & 1 ? x[i] : old[i]; return r; }
ONE __m512 _mm512_add_ps(__m512 a, __m512 b) { return a + b; }
ONE __m512 _mm512_mul_ps(__m512 a, __m512 b) { return a * b; }
ONE __m512i _mm512_add_epi32(__m512i a, __m512i b) { return a + b; }
ONE __m512i _mm512_and_si512(__m512i a, __m512i b) { return a & b; }
ONE __m512i _mm512_srli_epi32(__m512i a, int count) { __m512i r; EACH r[i] = (int32_t)((uint32_t)a[i] >> count); return r; }
ONE __m512i _mm512_slli_epi32(__m512i a, int count) { __m512i r; EACH r[i] = (int32_t)((uint32_t)a[i] << count); return r; }
ONE __m256i _mm256_loadu_si256(const void *p) { __m256i r; memcpy(&r, p, 32); return r; }
ONE __m512i _mm512_cvtepu16_epi32(__m256i a) { __m512i r; EACH r[i] = a[i]; return r; }
ONE __m512 _mm512_castsi512_ps(__m512i a) { __m512 r; memcpy(&r, &a, 64); return r; }
ONE __m512i _mm512_mullo_epi32(__m512i a, __m512i b) { return a * b; }
ONE __m512i _mm512_sllv_epi32(__m512i a, __m512i b) { __m512i r; EACH r[i] = (int32_t)((uint32_t)a[i] << b[i]); return r; }
ONE __m512i _mm512_srai_epi32(__m512i a, int count) { __m512i r; EACH r[i] = a[i] >> count; return r; }
ONE __m512i _mm512_max_epi32(__m512i a, __m512i b) { __m512i r; EACH r[i] = a[i] > b[i] ? a[i] : b[i]; return r; }
ONE __m512 _mm512_fmadd_ps(__m512 a, __m512 b, __m512 c) { __m512 r; EACH r[i] = fmaf(a[i], b[i], c[i]); return r; }
ONE __m512 _mm512_abs_ps(__m512 a) { __m512 r; EACH r[i] = fabsf(a[i]); return r; }
ONE __m512 _mm512_max_ps(__m512 a, __m512 b) { __m512 r; EACH r[i] = a[i] > b[i] ? a[i] : b[i]; return r; }
ONE __m512 _mm512_min_ps(__m512 a, __m512 b) { __m512 r; EACH r[i] = a[i] < b[i] ? a[i] : b[i]; return r; }
ONE float _mm512_reduce_min_ps(__m512 a) { float r = a[0]; EACH r = a[i] < r ? a[i] : r; return r; }
ONE float _mm512_reduce_max_ps(__m512 a) { float r = a[0]; EACH r = a[i] > r ? a[i] : r; return r; }
ONE __mmask16 _mm512_cmp_ps_mask(__m512 a, __m512 b, int how) {
    __mmask16 r = 0;
    EACH r |= (__mmask16)((how == _CMP_UNORD_Q ? isnan(a[i]) || isnan(b[i]) : a[i] == b[i]) << i);
    return r;
}
ONE __m512i _mm512_cvtps_epi32(__m512 a) { __m512i r; EACH r[i] = fabsf(a[i]) < 0x1p31f ? (int32_t)lrintf(a[i]) : INT32_MIN; return r; }
ONE __m512 _mm512_cvtepi32_ps(__m512i a) { __m512 r; EACH r[i] = (float)a[i]; return r; }
ONE __m128i _mm512_cvtusepi32_epi8(__m512i a) { __m128i r; EACH r[i] = (uint32_t)a[i] < 255 ? (uint8_t)a[i] : 255; return r; }
ONE void _mm_mask_storeu_epi8(void *p, __mmask16 m, __m128i x) { EACH if (m >> i & 1) ((uint8_t *)p)[i] = x[i]; }
ONE void _mm256_mask_storeu_epi16(void *p, __mmask16 m, __m256i x) { EACH if (m >> i & 1) memcpy((char *)p + 2 * i, (char *)&x + 2 * i, 2); }
ONE __m256bh _mm512_cvtneps_pbh(__m512 a) {
    __m256bh r;
    EACH {
        const float x = a[i];
        uint32_t w;
        memcpy(&w, &x, 4);
        r[i] = isnan(x) ? (uint16_t)(w >> 16 | 0x40) : fabsf(x) < 0x1p-126f ? (uint16_t)(w >> 16 & 0x8000)
               : (uint16_t)((w + 0x7FFF + (w >> 16 & 1)) >> 16);
    }
    return r;
}
// The second operand's numbers come first.
ONE __m512bh _mm512_cvtne2ps_pbh(__m512 a, __m512 b) {
    const __m256bh halves[2] = {_mm512_cvtneps_pbh(b), _mm512_cvtneps_pbh(a)};
    __m512bh r;
    memcpy(&r, halves, 64);
    return r;
}
ONE float brain(uint16_t bits) {
    const uint32_t w = (uint32_t)bits << 16;
    float r;
    memcpy(&r, &w, 4);
    return r;
}
ONE __m512 _mm512_dpbf16_ps(__m512 sum, __m512bh a, __m512bh b) {
    EACH sum[i] = fmaf(brain(a[2 * i]), brain(b[2 * i]), fmaf(brain(a[2 * i + 1]), brain(b[2 * i + 1]), sum[i]));
    return sum;
}
ONE __m512i _mm512_dpbusd_epi32(__m512i sum, __m512i a, __m512i b) {
    uint8_t x[64];
    int8_t y[64];
    memcpy(x, &a, 64), memcpy(y, &b, 64);
    EACH for (int k = 4 * i; k < 4 * i + 4; k++) sum[i] += x[k] * y[k];
    return sum;
}
