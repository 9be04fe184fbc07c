// 16 floats in an AVX-512 register. Included by kernels_template.h's users only.
#include <immintrin.h>

#define VECTOR_WIDTH 16
#define TILE_ROWS 14
typedef __m512 vector;

static inline vector v_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void v_store(float *p, vector x) { _mm512_storeu_ps(p, x); }
static inline vector v_load_part(const float *p, int64_t n) { return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p); }
static inline void v_store_part(float *p, int64_t n, vector x) { _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), x); }
static inline vector v_load_brains(const uint16_t *p) {
    const __m256i brains = _mm256_loadu_si256((const __m256i *)p);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(brains), 16));
}
// Of 32 bfloat16 numbers those in even places, and those in odd places.
static inline vector v_lower_brains(const uint16_t *p) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(p), 16));
}
static inline vector v_upper_brains(const uint16_t *p) {
    return _mm512_castsi512_ps(_mm512_and_si512(_mm512_loadu_si512(p), _mm512_set1_epi32((int)0xFFFF0000)));
}
static inline vector v_set(float x) { return _mm512_set1_ps(x); }
static inline vector v_add(vector a, vector b) { return _mm512_add_ps(a, b); }
static inline vector v_sub(vector a, vector b) { return _mm512_sub_ps(a, b); }
static inline vector v_mul(vector a, vector b) { return _mm512_mul_ps(a, b); }
static inline vector v_div(vector a, vector b) { return _mm512_div_ps(a, b); }
static inline vector v_fma(vector a, vector b, vector c) { return _mm512_fmadd_ps(a, b, c); }
// The second operand where either is not a number.
static inline vector v_max(vector a, vector b) { return _mm512_max_ps(a, b); }
static inline vector v_min(vector a, vector b) { return _mm512_min_ps(a, b); }
static inline vector v_round(vector a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
// 2^n for whole n from −126 to 127; infinity for 128.
static inline vector v_power_of_two(vector n) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127)), 23));
}
// x where a < b, else y.
static inline vector v_where_less(vector a, vector b, vector x, vector y) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), y, x);
}
static inline float v_sum(vector x) { return _mm512_reduce_add_ps(x); }
static inline float v_largest(vector x) { return _mm512_reduce_max_ps(x); }
