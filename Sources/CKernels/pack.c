// Laying weights out for the tile product.
#include <string.h>

#include "CKernels.h"

int64_t apus_packed_count(const apus_kernels *kernels, int64_t depth, int64_t columns) {
    const int64_t width = kernels->panel_width;
    return (columns + width - 1) / width * width * depth;
}

static inline float from_half(uint16_t bits) {
    const uint32_t sign = (uint32_t)(bits & 0x8000) << 16, exponent = (bits >> 10) & 0x1F, fraction = bits & 0x3FF;
    uint32_t word;
    if (exponent == 0) {
        const float size = (float)fraction * 0x1p-24f;
        return sign ? -size : size;
    }
    word = exponent == 31 ? sign | 0x7F800000 | fraction << 13 : sign | (exponent + 112) << 23 | fraction << 13;
    float value;
    memcpy(&value, &word, 4);
    return value;
}

static inline float from_brain(uint16_t bits) {
    const uint32_t word = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &word, 4);
    return value;
}

typedef struct {
    apus_element element;
    const void *source;
    int64_t column_stride, depth_stride, depth, first_column, columns, width;
    float *packed;
} packing;

// Depths are packed in blocks whose part of the panel stays in the first-level cache.
enum { block_depth = 64 };

#define PACK(type, CONVERT)                                                                       \
    for (int64_t k0 = 0; k0 < p->depth; k0 += block_depth) {                                      \
        const int64_t k1 = k0 + block_depth < p->depth ? k0 + block_depth : p->depth;             \
        for (int64_t c = from; c < to; c++) {                                                     \
            const type *source = (const type *)p->source + (c - p->first_column) * p->column_stride; \
            float *target = panel + c % p->width;                                                 \
            for (int64_t k = k0; k < k1; k++) target[k * p->width] = CONVERT(source[k * p->depth_stride]); \
        }                                                                                         \
    }

static void pack_panel(const packing *p, int64_t number) {
    float *panel = p->packed + number * p->width * p->depth;
    const int64_t start = number * p->width, end = start + p->width;
    const int64_t from = start > p->first_column ? start : p->first_column;
    const int64_t last = p->first_column + p->columns;
    const int64_t to = end < last ? end : last;
    switch (p->element) {
    case apus_element_float32: PACK(float, ) break;
    case apus_element_float64: PACK(double, (float)) break;
    case apus_element_float16: PACK(uint16_t, from_half) break;
    case apus_element_bfloat16: PACK(uint16_t, from_brain) break;
    }
    for (int64_t c = to; c < end; c++) {
        for (int64_t k = 0; k < p->depth; k++) panel[k * p->width + c % p->width] = 0;
    }
}

static void pack_panels(void *context, int64_t group, int64_t first, int64_t last, apus_worker *worker) {
    (void)group, (void)worker;
    const packing *p = context;
    const int64_t before = p->first_column / p->width;
    for (int64_t i = first; i < last; i++) pack_panel(p, before + i);
}

void apus_pack(const apus_kernels *kernels, apus_element element, const void *source, int64_t column_stride,
               int64_t depth_stride, int64_t depth, int64_t first_column, int64_t columns, float *packed) {
    if (depth <= 0 || columns <= 0) return;
    packing p = {
        .element = element, .source = source, .column_stride = column_stride, .depth_stride = depth_stride,
        .depth = depth, .first_column = first_column, .columns = columns, .width = kernels->panel_width,
        .packed = packed,
    };
    const int64_t panels = (first_column + columns + p.width - 1) / p.width - first_column / p.width;
    apus_parallel(1, panels, 1, pack_panels, &p);
}
