// The plain twin of products in 4-bit integers, and their packing.
#include "int4.h"

enum { width = 8 };

void apus_int4_store(int64_t panel_width, const float *run, void *step, int64_t column) {
    float largest = 0;
    for (int k = 0; k < apus_int4_step; k++) largest = fabsf(run[k]) > fabsf(largest) ? run[k] : largest;
    // The element of the largest size becomes −8.
    const uint16_t brain = apus_to_brain(largest / -8);
    memcpy((uint16_t *)step + column, &brain, sizeof brain);
    const float scale = apus_from_brain(brain);
    const int64_t half = panel_width / 2;
    const int shift = column < half ? 0 : 4;
    uint8_t *bytes = (uint8_t *)step + 2 * panel_width + column % half * 4;
    for (int k = 0; k < apus_int4_step; k++) {
        const float x = scale != 0 ? run[k] / scale : 0;
        const int q = (x >= 7 ? 7 : x <= -8 ? -8 : x == x ? (int)lrintf(x) : 0) + 8;
        uint8_t *byte = bytes + k / 4 * (4 * half) + k % 4;
        *byte = (uint8_t)((*byte & (0xF0 >> shift)) | q << shift);
    }
}

static void prepare(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left) {
    apus_int4_prepare(rows, depth, steps, a, a_stride, left);
}

static void tile(int32_t rows, int64_t steps, const void *left, const void *panel, const float *scales, const void *ahead,
                 float *out, int64_t out_stride) {
    (void)scales, (void)ahead;
    for (int32_t r = 0; r < rows; r++) {
        const int8_t *row = (const int8_t *)left + r * apus_int4_stride;
        for (int32_t c = 0; c < width; c++) {
            float total = 0;
            for (int64_t s = 0; s < steps; s++) {
                const uint8_t *step = (const uint8_t *)panel + s * APUS_INT4_BYTES(width);
                const uint8_t *bytes = step + 2 * width + c % (width / 2) * 4;
                const apus_int4_part part = apus_int4_part_at(row, s);
                int32_t sum = -part.sum;
                for (int k = 0; k < apus_int4_step; k++) {
                    sum += row[s * apus_int4_step + k] * (bytes[k / 4 * (2 * width) + k % 4] >> (c < width / 2 ? 0 : 4) & 15);
                }
                uint16_t brain;
                memcpy(&brain, step + 2 * c, sizeof brain);
                total += part.scale * apus_from_brain(brain) * (float)sum;
            }
            out[r * out_stride + c] = total;
        }
    }
}

const apus_format apus_int4_scalar = {
    .panel_width = width, .tile_rows = 4, .step = apus_int4_step, .step_bytes = APUS_INT4_BYTES(width),
    .left_bytes = apus_int4_stride, .prepare = prepare, .tile = tile,
};
