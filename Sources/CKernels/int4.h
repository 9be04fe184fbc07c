// What the products in 4-bit integers of all instruction sets share.
//
// Each column has a scale, in bfloat16, for every 32 depths, which are one step of a panel: a weight is its scale times an
// integer from −8 to 7, kept with 8 added. Of a panel of W columns a step has W scales, and then for every four depths the
// integers of the first half of the columns in the lower halves of 2 W bytes, those of the other half in the upper ones, the
// four of a column side by side: as instructions that multiply bytes by fours want them.
//
// The left operand has 8 bits, and a scale for each step of each row.
#pragma once

#include <math.h>
#include <string.h>

#include "CKernels.h"
#include "brains.h"

// Puts the weights of a column that a step has, as many as it takes, where they belong.
void apus_int4_store(int64_t panel_width, const float *run, void *step, int64_t column);

extern const apus_format apus_int4_scalar;
#if defined(__x86_64__)
extern const apus_format apus_int4_avx2;
extern const apus_format apus_int4_vnni;
#elif defined(__aarch64__)
extern const apus_format apus_int4_dotprod;
#endif

enum {
    apus_int4_step = 32,
    apus_int4_steps = apus_tile_depth / apus_int4_step,
    // From row to row of the left operand: the integers, and the steps behind them.
    apus_int4_stride = apus_tile_depth + apus_int4_steps * 8,
};

// The bytes of a step of a panel.
#define APUS_INT4_BYTES(width) ((width) * (2 + apus_int4_step / 2))

// What the integers of a step of a row are multiplied by, and eight times their sum, which is taken off again.
typedef struct apus_int4_part {
    float scale;
    int32_t sum;
} apus_int4_part;

static inline apus_int4_part apus_int4_part_at(const void *row, int64_t step) {
    apus_int4_part part;
    memcpy(&part, (const char *)row + apus_tile_depth + step * (int64_t)sizeof part, sizeof part);
    return part;
}

// In lanes, so that every compiler finds the vectors.
static inline __attribute__((always_inline)) void apus_int4_prepare(
    int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left) {
    enum { lanes = 16 };
    for (int64_t r = 0; r < rows; r++) {
        int8_t *to = (int8_t *)left + r * apus_int4_stride;
        for (int64_t s = 0; s < steps; s++) {
            const int64_t first = s * apus_int4_step, there = depth - first;
            float x[apus_int4_step] = {0}, sizes[lanes] = {0};
            memcpy(x, a + r * a_stride + first, (size_t)(there < apus_int4_step ? there : apus_int4_step) * sizeof *x);
            int32_t odd[lanes] = {0};
            for (int i = 0; i < apus_int4_step; i += lanes) {
                for (int l = 0; l < lanes; l++) {
                    const float size = fabsf(x[i + l]);
                    sizes[l] = size > sizes[l] ? size : sizes[l];
                    odd[l] |= !(size <= 0x1.fffffep127f);
                }
            }
            float largest = 0;
            int32_t is_odd = 0;
            for (int l = 0; l < lanes; l++) largest = sizes[l] > largest ? sizes[l] : largest, is_odd |= odd[l];
            apus_int4_part part = {.scale = is_odd ? NAN : largest < 0x1p-110f ? 0 : largest / 127};
            const float factor = part.scale > 0 ? 1 / part.scale : 0;
            // Added to a number below 2^22, this leaves its rounding in the lowest bits.
            const float magic = 0x1.8p23f;
            for (int i = 0; i < apus_int4_step; i++) {
                const float moved = (is_odd ? 0 : x[i]) * factor + magic;
                int32_t bits;
                memcpy(&bits, &moved, sizeof bits);
                to[first + i] = (int8_t)(bits - 0x4B400000);
            }
            for (int i = 0; i < apus_int4_step; i++) part.sum += 8 * to[first + i];
            memcpy((char *)to + apus_tile_depth + s * (int64_t)sizeof part, &part, sizeof part);
        }
    }
}
