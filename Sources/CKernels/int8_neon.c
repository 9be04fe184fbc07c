// Products in 8-bit integers by the dot products of four that Armv8.2 and later have, and by the products of 2×8 with 8×2
// matrices of Armv8.6.
#if defined(__aarch64__)
#include <arm_neon.h>

#include "int8.h"

enum { width = 8, rows_of_tile = 12, header_bytes = apus_groups * 4 * width };
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

static float largest_size(int64_t depth, const float *from) {
    float32x4_t sizes = vdupq_n_f32(0);
    int64_t k = 0;
    // This keeps NaN, comparisons do not.
    for (; k + 4 <= depth; k += 4) sizes = vmaxq_f32(sizes, vabsq_f32(vld1q_f32(from + k)));
    float size = vmaxvq_f32(sizes);
    for (; k < depth; k++) size = fabsf(from[k]) > size || from[k] != from[k] ? fabsf(from[k]) : size;
    return size;
}

static int32_t place_of(float size, int64_t depth, const float *from) {
    int64_t k = 0;
    for (; k + 4 <= depth; k += 4) {
        if (vmaxvq_u32(vceqq_f32(vabsq_f32(vld1q_f32(from + k)), vdupq_n_f32(size))) != 0) break;
    }
    while (k < depth && fabsf(from[k]) != size) k++;
    return k < depth ? (int32_t)k : 0;
}

static apus_group prepare_group(int64_t depth, int64_t filled, const float *from, int8_t *to) {
    const float size = largest_size(depth, from);
    apus_group group = {.place = place_of(size, depth, from)};
    group.outlier = size == size ? from[group.place] : size;

    float rest[apus_group_depth];
    memcpy(rest, from, (size_t)depth * sizeof *rest);
    rest[group.place] = 0;
    for (int64_t k = depth; k % 8 != 0; k++) rest[k] = 0;
    float32x4_t least = vdupq_n_f32(0), largest = vdupq_n_f32(0);
    for (int64_t k = 0; k < depth; k += 4) {
        least = vminq_f32(least, vld1q_f32(rest + k));
        largest = vmaxq_f32(largest, vld1q_f32(rest + k));
    }
    apus_set_range(&group, vminvq_f32(least), vmaxvq_f32(largest));

    const float factor = apus_row_factor(group.scale);
    const int32x4_t zero = vdupq_n_s32(group.zero);
    for (int64_t k = 0; k < filled; k += 8) {
        const int32x4_t low = vaddq_s32(vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(rest + k), factor)), zero);
        const int32x4_t high = vaddq_s32(vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(rest + k + 4), factor)), zero);
        const int8x8_t bytes = vqmovn_s16(vcombine_s16(vqmovn_s32(low), vqmovn_s32(high)));
        if (filled - k >= 8) vst1_s8(to + k, bytes);
        else vst1_lane_s32((int32_t *)(to + k), vreinterpret_s32_s8(bytes), 0);
    }
    return group;
}

// `places` of each row are written.
INLINE void prepare_rows(int64_t rows, int64_t depth, int64_t places, const float *a, int64_t a_stride, void *left) {
    for (int64_t r = 0; r < rows; r++) {
        int8_t *to = (int8_t *)left + r * apus_byte_stride;
        for (int64_t first = 0; first < places; first += apus_group_depth) {
            const int64_t there = depth - first, filled = places - first;
            apus_set_group(to, first / apus_group_depth,
                           prepare_group(there < apus_group_depth ? there : apus_group_depth,
                                         filled < apus_group_depth ? filled : apus_group_depth, a + r * a_stride + first,
                                         to + first));
        }
    }
}

// Adds four sums of one group to a row of a tile, with the product of the outlier and its weights.
INLINE void add_group(bool is_first, apus_group group, int32x4_t sums, int32x4_t weights, float *out) {
    float32x4_t total = is_first ? vdupq_n_f32(0) : vld1q_f32(out);
    total = vfmaq_n_f32(total, vcvtq_f32_s32(weights), group.outlier);
    vst1q_f32(out, vfmaq_n_f32(total, vcvtq_f32_s32(sums), group.scale));
}

INLINE void scale_columns(const int32_t rows, const float *scales, float *out, int64_t out_stride) {
    UNROLL for (int32_t v = 0; v < 2; v++) {
        const float32x4_t scale = vld1q_f32(scales + 4 * v);
        UNROLL for (int32_t r = 0; r < rows; r++) {
            float *to = out + r * out_stride + 4 * v;
            vst1q_f32(to, vmulq_f32(vld1q_f32(to), scale));
        }
    }
}

#define ALL_ROWS ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6) ROWS(7) ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12)

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

static void prepare_fours(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left) {
    prepare_rows(rows, depth, 4 * steps, a, a_stride, left);
}

INLINE void dot_products(const int32_t rows, int64_t steps, const int8_t *left, const char *panel, const float *scales,
                         const char *ahead, float *out, int64_t out_stride) {
    enum { most = apus_group_depth / 4 };
    for (int64_t index = 0; index * most < steps; index++) {
        const int32_t *header = (const int32_t *)panel + index * width;
        const int8_t *start = (const int8_t *)panel + header_bytes;
        int32x4_t sums[rows_of_tile][2];
        UNROLL for (int32_t r = 0; r < rows; r++) {
            const int32_t zero = -apus_group_at(left + r * apus_byte_stride, index).zero;
            UNROLL for (int32_t v = 0; v < 2; v++) sums[r][v] = vmulq_n_s32(vld1q_s32(header + 4 * v), zero);
        }
        const int64_t end = (index + 1) * most < steps ? (index + 1) * most : steps;
        for (int64_t k = index * most; k < end; k++) {
            __builtin_prefetch(ahead + 8 * k, 0, 2);
            const int8x16_t b0 = vld1q_s8(start + k * 4 * width), b1 = vld1q_s8(start + k * 4 * width + 16);
            UNROLL for (int32_t r = 0; r < rows; r++) {
                int32_t four;
                memcpy(&four, left + r * apus_byte_stride + 4 * k, sizeof four);
                const int8x16_t x = vreinterpretq_s8_s32(vdupq_n_s32(four));
                sums[r][0] = vdotq_s32(sums[r][0], x, b0);
                sums[r][1] = vdotq_s32(sums[r][1], x, b1);
            }
        }
        UNROLL for (int32_t r = 0; r < rows; r++) {
            const apus_group group = apus_group_at(left + r * apus_byte_stride, index);
            const int8_t *weights = start + (index * most + group.place / 4) * 4 * width;
            const int32x4_t shift = vdupq_n_s32(24 - 8 * (group.place % 4));
            UNROLL for (int32_t v = 0; v < 2; v++) {
                const int32x4_t fours = vreinterpretq_s32_s8(vld1q_s8(weights + 16 * v));
                add_group(index == 0, group, sums[r][v], vshrq_n_s32(vshlq_s32(fours, shift), 24), out + r * out_stride + 4 * v);
            }
        }
    }
    scale_columns(rows, scales, out, out_stride);
}

static void tile_of_fours(int32_t rows, int64_t steps, const void *left, const void *panel, const float *scales,
                          const void *ahead, float *out, int64_t out_stride) {
#define ROWS(n) \
    case n: dot_products(n, steps, left, panel, scales, ahead, out, out_stride); return;
    switch (rows) { ALL_ROWS }
#undef ROWS
}

const apus_format apus_int8_dotprod = {
    .panel_width = width,
    .tile_rows = rows_of_tile,
    .step = 4,
    .step_bytes = 4 * width,
    .header_bytes = header_bytes,
    .left_bytes = apus_byte_stride,
    .left_most = 127,
    .prepare = prepare_fours,
    .tile = tile_of_fours,
};
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("i8mm"))), apply_to = function)

static void prepare_eights(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left) {
    prepare_rows(rows, depth, 8 * steps, a, a_stride, left);
}

// Sums of two rows and two columns share a register. An odd row is multiplied twice.
INLINE void matrix_products(const int32_t rows, int64_t steps, const int8_t *left, const char *panel, const float *scales,
                            const char *ahead, float *out, int64_t out_stride) {
    enum { most = apus_group_depth / 8 };
    const int32_t pairs = (rows + 1) / 2;
    for (int64_t index = 0; index * most < steps; index++) {
        const int32_t *header = (const int32_t *)panel + index * width;
        const int8_t *start = (const int8_t *)panel + header_bytes;
        int32x4_t sums[rows_of_tile / 2][width / 2];
        UNROLL for (int32_t p = 0; p < pairs; p++) {
            const int8_t *first = left + 2 * p * apus_byte_stride, *second = 2 * p + 1 < rows ? first + apus_byte_stride : first;
            const int32_t zeros[] = {-apus_group_at(first, index).zero, -apus_group_at(second, index).zero};
            UNROLL for (int32_t v = 0; v < width / 2; v++) {
                const int32x2_t weights = vld1_s32(header + 2 * v);
                sums[p][v] = vcombine_s32(vmul_n_s32(weights, zeros[0]), vmul_n_s32(weights, zeros[1]));
            }
        }
        const int64_t end = (index + 1) * most < steps ? (index + 1) * most : steps;
        for (int64_t k = index * most; k < end; k++) {
            __builtin_prefetch(ahead + 16 * k, 0, 2);
            int8x16_t b[width / 2];
            UNROLL for (int32_t v = 0; v < width / 2; v++) b[v] = vld1q_s8(start + k * 8 * width + 16 * v);
            UNROLL for (int32_t p = 0; p < pairs; p++) {
                const int8_t *first = left + 2 * p * apus_byte_stride, *second = 2 * p + 1 < rows ? first + apus_byte_stride : first;
                const int8x16_t x = vcombine_s8(vld1_s8(first + 8 * k), vld1_s8(second + 8 * k));
                UNROLL for (int32_t v = 0; v < width / 2; v++) sums[p][v] = vmmlaq_s32(sums[p][v], x, b[v]);
            }
        }
        UNROLL for (int32_t r = 0; r < rows; r++) {
            const int32x4_t *of = sums[r / 2];
            const int32x4_t low = r % 2 ? vcombine_s32(vget_high_s32(of[0]), vget_high_s32(of[1]))
                                        : vcombine_s32(vget_low_s32(of[0]), vget_low_s32(of[1]));
            const int32x4_t high = r % 2 ? vcombine_s32(vget_high_s32(of[2]), vget_high_s32(of[3]))
                                         : vcombine_s32(vget_low_s32(of[2]), vget_low_s32(of[3]));
            const apus_group group = apus_group_at(left + r * apus_byte_stride, index);
            const int8_t *weights = start + (index * most + group.place / 8) * 8 * width + group.place % 8;
            int32_t weight[width];
            UNROLL for (int32_t c = 0; c < width; c++) weight[c] = weights[8 * c];
            add_group(index == 0, group, low, vld1q_s32(weight), out + r * out_stride);
            add_group(index == 0, group, high, vld1q_s32(weight + 4), out + r * out_stride + 4);
        }
    }
    scale_columns(rows, scales, out, out_stride);
}

static void tile_of_eights(int32_t rows, int64_t steps, const void *left, const void *panel, const float *scales,
                           const void *ahead, float *out, int64_t out_stride) {
#define ROWS(n) \
    case n: matrix_products(n, steps, left, panel, scales, ahead, out, out_stride); return;
    switch (rows) { ALL_ROWS }
#undef ROWS
}

const apus_format apus_int8_i8mm = {
    .panel_width = width,
    .tile_rows = rows_of_tile,
    .step = 8,
    .step_bytes = 8 * width,
    .header_bytes = header_bytes,
    .left_bytes = apus_byte_stride,
    .left_most = 127,
    .prepare = prepare_eights,
    .tile = tile_of_eights,
};
#pragma clang attribute pop
#endif
