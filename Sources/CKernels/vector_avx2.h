// 8 floats in an AVX register. Included by kernels_template.h's users only.
#include <immintrin.h>

#define VECTOR_WIDTH 8
#define TILE_ROWS 6
typedef __m256 vector;

static inline __m256i part_mask(int64_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
static inline vector v_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void v_store(float *p, vector x) { _mm256_storeu_ps(p, x); }
static inline vector v_load_part(const float *p, int64_t n) { return _mm256_maskload_ps(p, part_mask(n)); }
static inline void v_store_part(float *p, int64_t n, vector x) { _mm256_maskstore_ps(p, part_mask(n), x); }
static inline vector v_load_brains(const uint16_t *p) {
    const __m128i brains = _mm_loadu_si128((const __m128i *)p);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(brains), 16));
}
// Of 16 bfloat16 numbers those in even places, and those in odd places.
static inline vector v_lower_brains(const uint16_t *p) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_loadu_si256((const __m256i *)p), 16));
}
static inline vector v_upper_brains(const uint16_t *p) {
    const __m256i mask = _mm256_set1_epi32((int)0xFFFF0000);
    return _mm256_castsi256_ps(_mm256_and_si256(_mm256_loadu_si256((const __m256i *)p), mask));
}
static inline vector v_set(float x) { return _mm256_set1_ps(x); }
static inline vector v_add(vector a, vector b) { return _mm256_add_ps(a, b); }
static inline vector v_sub(vector a, vector b) { return _mm256_sub_ps(a, b); }
static inline vector v_mul(vector a, vector b) { return _mm256_mul_ps(a, b); }
static inline vector v_div(vector a, vector b) { return _mm256_div_ps(a, b); }
static inline vector v_fma(vector a, vector b, vector c) { return _mm256_fmadd_ps(a, b, c); }
// The second operand where either is not a number.
static inline vector v_max(vector a, vector b) { return _mm256_max_ps(a, b); }
static inline vector v_min(vector a, vector b) { return _mm256_min_ps(a, b); }
static inline vector v_round(vector a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
// 2^n for whole n from −126 to 127; infinity for 128.
static inline vector v_power_of_two(vector n) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23));
}
// x where a < b, else y.
static inline vector v_where_less(vector a, vector b, vector x, vector y) {
    return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}
static inline float v_sum(vector x) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
static inline float v_largest(vector x) {
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}
