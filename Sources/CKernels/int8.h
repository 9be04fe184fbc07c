// What the products in 8-bit integers of all instruction sets share.
//
// A weight is an integer from −127 to 127 times its column's scale. Of the left operand a few elements of a row that differ
// much from the rest would leave the rest few steps. Where it has 8 bits, each group of neighbouring depths therefore has a
// scale of its own, its integers count from its least element on, so that all 256 are used, and its largest element is left
// out and multiplied as a float: what states of transformers need whose norms have let one or two places grow (Dettmers et
// al., 2022, arXiv:2208.07339). An element is scale · (integer − zero). The product of the zeros with the weights is taken off
// again by the sums of the weights of each group and column, which the header of a block of a panel holds.
#pragma once

#include <math.h>
#include <string.h>

#include "CKernels.h"

extern const apus_format apus_int8_scalar;
#if defined(__x86_64__)
extern const apus_format apus_int8_avx2;        // the left operand in 16 bits
extern const apus_format apus_int8_vnni;        // in 8 bits
extern const apus_format apus_bfloat16_avx512;  // both operands in bfloat16
// What rows are for apus_int8_vnni, and for the tiles of AMX.
void apus_prepare_bytes(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left);
#elif defined(__aarch64__)
extern const apus_format apus_int8_dotprod;     // in 8 bits
extern const apus_format apus_int8_i8mm;        // in 8 bits, of two rows and two columns at a time
#endif

enum {
    apus_group_depth = 384,
    apus_groups = apus_tile_depth / apus_group_depth,
    // From row to row of the left operand: the integers, the groups behind them, and some bytes more, so that rows lie in
    // different sets of a first-level cache.
    apus_byte_stride = apus_tile_depth + 64,
};

// How the integers of a group of a row, from −128 to 127, are read.
typedef struct apus_group {
    float scale;
    int32_t zero;
    float outlier;      // the element of the largest size, in whose place there is a zero
    int32_t place;      // where in the group it stands
} apus_group;

static inline apus_group apus_group_at(const void *row, int64_t index) {
    apus_group group;
    memcpy(&group, (const char *)row + apus_tile_depth + index * (int64_t)sizeof group, sizeof group);
    return group;
}

static inline void apus_set_group(void *row, int64_t index, apus_group group) {
    memcpy((char *)row + apus_tile_depth + index * (int64_t)sizeof group, &group, sizeof group);
}

// What a row is multiplied by to become integers.
static inline float apus_row_factor(float scale) { return scale > 0 ? 1 / scale : 0; }

// Gives a group that knows its outlier the rest, for elements from `least`, not above 0, to `largest`, not below 0. The scale
// is NaN where one of all is not finite, and 0 where all are as good as 0.
static inline void apus_set_range(apus_group *group, float least, float largest) {
    const float scale = largest / 255 - least / 255;
    group->scale = scale < 0x1p-120f ? 0 : scale;
    group->zero = 0;
    if (!(fabsf(group->outlier) <= 0x1.fffffep127f && scale <= 0x1.fffffep127f)) group->scale = NAN;
    if (group->scale > 0) group->zero = (int32_t)lrintf(-least * apus_row_factor(group->scale)) - 128;
}

// The scale that makes the largest of a whole row `most`; 0 for a row of zeros, NaN for one that is not finite.
static inline float apus_row_scale(float largest, float most) { return largest <= 0x1.fffffep127f ? largest / most : NAN; }
