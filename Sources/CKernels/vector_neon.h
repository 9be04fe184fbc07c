// 4 floats in a NEON register. Included by kernels_template.h's users only.
#include <arm_neon.h>

#define VECTOR_WIDTH 4
#define TILE_ROWS 12
typedef float32x4_t vector;

static inline vector v_load(const float *p) { return vld1q_f32(p); }
static inline void v_store(float *p, vector x) { vst1q_f32(p, x); }
static inline vector v_load_part(const float *p, int64_t n) {
    float part[4] = {0};
    for (int64_t i = 0; i < n; i++) part[i] = p[i];
    return vld1q_f32(part);
}
static inline void v_store_part(float *p, int64_t n, vector x) {
    float part[4];
    vst1q_f32(part, x);
    for (int64_t i = 0; i < n; i++) p[i] = part[i];
}
static inline vector v_load_brains(const uint16_t *p) { return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p), 16)); }
// Of 8 bfloat16 numbers those in even places, and those in odd places.
static inline vector v_lower_brains(const uint16_t *p) {
    return vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_u16(vld1q_u16(p)), 16));
}
static inline vector v_upper_brains(const uint16_t *p) {
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_u16(vld1q_u16(p)), vdupq_n_u32(0xFFFF0000)));
}
static inline vector v_set(float x) { return vdupq_n_f32(x); }
static inline vector v_add(vector a, vector b) { return vaddq_f32(a, b); }
static inline vector v_sub(vector a, vector b) { return vsubq_f32(a, b); }
static inline vector v_mul(vector a, vector b) { return vmulq_f32(a, b); }
static inline vector v_div(vector a, vector b) { return vdivq_f32(a, b); }
static inline vector v_fma(vector a, vector b, vector c) { return vfmaq_f32(c, a, b); }
static inline vector v_max(vector a, vector b) { return vmaxq_f32(a, b); }
static inline vector v_min(vector a, vector b) { return vminq_f32(a, b); }
static inline vector v_round(vector a) { return vrndnq_f32(a); }
// 2^n for whole n from −126 to 127; infinity for 128.
static inline vector v_power_of_two(vector n) {
    return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127)), 23));
}
// x where a < b, else y.
static inline vector v_where_less(vector a, vector b, vector x, vector y) { return vbslq_f32(vcltq_f32(a, b), x, y); }
static inline float v_sum(vector x) { return vaddvq_f32(x); }
static inline float v_largest(vector x) { return vmaxvq_f32(x); }
