// Laying weights out for the tile product.
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "CKernels.h"
#include "blocks.h"
#include "brains.h"
#include "int4.h"
#include "int8.h"
#include "transpose.h"

int64_t apus_packed_bytes(const apus_kernels *kernels, apus_precision precision, int64_t depth, int64_t columns) {
    const apus_format *format = kernels->formats[precision];
    return (columns + format->panel_width - 1) / format->panel_width * apus_panel_bytes(format, depth);
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

// Depths of a column are converted in runs that stay in the first-level cache.
enum { run_length = 64, rows_ahead = 16 };
_Static_assert(apus_group_depth % run_length == 0, "a run is of one group");
_Static_assert(run_length % apus_int4_step == 0, "a run is of whole steps");

typedef struct {
    const apus_kernels *kernels;
    const apus_packing *packing;
    const apus_format *format;
    int64_t panel_bytes;
    _Atomic bool *is_odd;
} plan;

// `count` elements of each column from depth `first` on, as floats, each column's a row of `runs`.
static void read_runs(const apus_packing *p, int64_t from, int64_t to, int64_t first, int64_t count, float runs[][run_length]) {
    const int64_t columns = to - from, across = p->column_stride, along = p->depth_stride;
    const int64_t start = (from - p->first_column) * across + first * along;
    // In the order in which they stand in memory.
#define READ(type, CONVERT)                                                                                 \
    do {                                                                                                    \
        const type *source = (const type *)p->source + start;                                               \
        if (along == 1) {                                                                                   \
            for (int64_t c = 0; c < columns; c++) {                                                         \
                for (int64_t k = 0; k < count; k++) runs[c][k] = CONVERT(source[c * across + k]);           \
            }                                                                                               \
        } else {                                                                                            \
            for (int64_t k = 0; k < count; k++) {                                                           \
                for (int64_t c = 0; c < columns; c++) runs[c][k] = CONVERT(source[c * across + k * along]); \
            }                                                                                               \
        }                                                                                                   \
    } while (0)
    switch (p->element) {
    case apus_element_float32: READ(float, ); break;
    case apus_element_float64: READ(double, (float)); break;
    case apus_element_float16: READ(uint16_t, from_half); break;
    case apus_element_bfloat16: READ(uint16_t, apus_from_brain); break;
    case apus_element_int8: READ(int8_t, (float)); break;
    }
#undef READ
    if (p->source_scales == NULL) return;
    for (int64_t c = 0; c < columns; c++) {
        const float scale = p->source_scales[from - p->first_column + c];
        for (int64_t k = 0; k < count; k++) runs[c][k] *= scale;
    }
}

static bool has_odd(const float *run, int64_t count) {
    bool is_odd = false;
    for (int64_t k = 0; k < count; k++) {
        uint32_t word;
        memcpy(&word, run + k, 4);
        is_odd |= (word & 0x7F800000) == 0x7F800000;
    }
    return is_odd;
}

static bool has_odd_brain(const uint16_t *run, int64_t count) {
    uint16_t is_odd = 0;
    for (int64_t k = 0; k < count; k++) is_odd |= (uint16_t)((run[k] & 0x7F80) == 0x7F80);
    return is_odd != 0;
}

// The scales that make columns' elements integers up to 127. Columns that are kept in such integers keep their own.
static void find_scales(const apus_packing *p, int64_t from, int64_t to, float runs[][run_length]) {
    for (int64_t c = from; c < to; c++) {
        p->scales[c] = p->source_scales ? p->source_scales[c - p->first_column] : p->element == apus_element_int8 ? 1 : 0;
    }
    if (p->element == apus_element_int8) return;
    for (int64_t k = 0; k < p->depth; k += run_length) {
        const int64_t count = p->depth - k < run_length ? p->depth - k : run_length;
        read_runs(p, from, to, k, count, runs);
        for (int64_t c = from; c < to; c++) {
            const float *run = runs[c - from];
            float largest = p->scales[c];
            for (int64_t i = 0; i < count; i++) largest = fabsf(run[i]) > largest ? fabsf(run[i]) : largest;
            p->scales[c] = largest;
        }
    }
    for (int64_t c = from; c < to; c++) p->scales[c] = p->scales[c] <= 0x1.fffffep127f ? p->scales[c] / 127 : 0;
}

// Stores a run of a column from depth `first` of a block on, and returns the sum of what was stored, where it is integers.
static int32_t store_run(const apus_format *format, apus_precision precision, const float *run, int64_t first, int64_t count,
                         char *block, int64_t place, float factor) {
    const int64_t step = format->step, stride = step * format->panel_width;
    int32_t sum = 0;
#define AT(k) ((first + (k)) / step * stride + place * step + (first + (k)) % step)
    switch (precision) {
    case apus_precision_float32:
        for (int64_t k = 0; k < count; k++) ((float *)block)[(first + k) * stride + place] = run[k];
        break;
    case apus_precision_bfloat16: {
        uint16_t brains[run_length];
        for (int64_t k = 0; k < count; k++) brains[k] = apus_to_brain(run[k]);
        if (step == 2) {
            uint32_t *pairs = (uint32_t *)block + first / 2 * format->panel_width + place;
            for (int64_t k = 0; k < count; k += 2) memcpy(pairs + k / 2 * format->panel_width, brains + k, 4);
        } else {
            for (int64_t k = 0; k < count; k++) ((uint16_t *)block)[AT(k)] = brains[k];
        }
        break;
    }
    case apus_precision_int8:
        for (int64_t k = 0; k < count; k++) {
            const float x = run[k] * factor;
            const int8_t q = x >= 127 ? 127 : x <= -127 ? -127 : x == x ? (int8_t)lrintf(x) : 0;
            ((int8_t *)block)[AT(k)] = q;
            sum += q;
        }
        break;
    case apus_precision_int4:
        for (int64_t k = 0; k < count; k += step) {
            apus_int4_store(format->panel_width, run + k, block + (first + k) / step * format->step_bytes, place);
        }
        break;
    case apus_precision_count: break;
    }
#undef AT
    return sum;
}

// Whether depths of neighbouring columns stand side by side as floats and are to stand so in panels: the values of attention,
// which are packed while somebody waits.
static bool is_row_by_row(const plan *plan) {
    const apus_packing *p = plan->packing;
    return p->element == apus_element_float32 && p->column_stride == 1 && p->source_scales == NULL &&
           plan->format->order == NULL &&
           (p->precision == apus_precision_float32 || (p->precision == apus_precision_bfloat16 && plan->format->step == 2));
}

// Packs as pack_columns does what is_row_by_row.
static bool pack_rows(const plan *plan, char *panel, int64_t from, int64_t to) {
    const apus_packing *p = plan->packing;
    const apus_format *format = plan->format;
    const int64_t width = format->panel_width, last = p->first_column + p->columns, end = last < to ? last : to;
    const int64_t place = from % width, count = end - from, step = format->step;
    static const float none[apus_maximum_panel_width];
    bool is_odd = false;
    for (int64_t index = 0; index < apus_depth_blocks(p->depth); index++) {
        const apus_block block = apus_depth_block(format, p->depth, index);
        const float *row = (const float *)p->source + (from - p->first_column) + block.start * p->depth_stride;
        for (int64_t k = 0; k < block.depth; k += step, row += step * p->depth_stride) {
            if (step == 1) {
                is_odd |= has_odd(row, count);
                float *out = (float *)(panel + block.offset) + k * width + place;
                memcpy(out, row, (size_t)count * sizeof *out);
                memset(out + count, 0, (size_t)(to - end) * sizeof *out);
                continue;
            }
            // Rows lie too far apart for the processor to see what comes next.
            for (int64_t c = 0; c < count; c += 16) {
                __builtin_prefetch(row + rows_ahead * p->depth_stride + c);
                __builtin_prefetch(row + (rows_ahead + 1) * p->depth_stride + c);
            }
            uint16_t pairs[2][apus_maximum_panel_width];
            plan->kernels->to_brains(row, pairs[0], count);
            plan->kernels->to_brains(k + 1 < block.depth ? row + p->depth_stride : none, pairs[1], count);
            is_odd |= has_odd_brain(pairs[0], count) || has_odd_brain(pairs[1], count);
            uint32_t *out = (uint32_t *)(panel + block.offset) + k / 2 * width + place;
            for (int64_t c = 0; c < count; c++) out[c] = pairs[0][c] | (uint32_t)pairs[1][c] << 16;
            memset(out + count, 0, (size_t)(to - end) * sizeof *out);
        }
    }
    return !is_odd;
}

// Whether the depths of a column stand side by side as floats and are to be kept as such or as pairs of bfloat16: the keys of
// attention, which are packed while somebody waits, and most weights.
static bool is_turned(const plan *plan) {
    const apus_packing *p = plan->packing;
    return p->element == apus_element_float32 && p->depth_stride == 1 && p->source_scales == NULL &&
           plan->format->order == NULL &&
           (p->precision == apus_precision_float32 || (p->precision == apus_precision_bfloat16 && plan->format->step == 2));
}

// Packs as pack_columns does what is_turned.
static bool pack_turned(const plan *plan, char *panel, int64_t from, int64_t to) {
    const apus_packing *p = plan->packing;
    const apus_format *format = plan->format;
    const int64_t width = format->panel_width, last = p->first_column + p->columns, end = last < to ? last : to;
    const int64_t place = from % width, count = end - from, step = format->step;
    // As wide as a float, what is moved: one, or a pair of bfloat16.
    float pairs[apus_maximum_panel_width][run_length / 2];
    bool is_odd = false;
    for (int64_t index = 0; index < apus_depth_blocks(p->depth); index++) {
        const apus_block block = apus_depth_block(format, p->depth, index);
        for (int64_t k = 0; k < block.depth; k += run_length) {
            const int64_t there = block.depth - k < run_length ? block.depth - k : run_length, moved = (there + step - 1) / step;
            const float *start = (const float *)p->source + (from - p->first_column) * p->column_stride + block.start + k;
            float *out = (float *)(panel + block.offset) + k / step * width + place;
            for (int64_t c = 0; c < count; c++) {
                const float *run = start + c * p->column_stride;
                if (step == 1) {
                    is_odd |= has_odd(run, there);
                    continue;
                }
                uint16_t *brains = (uint16_t *)pairs[c];
                brains[2 * moved - 1] = 0;
                plan->kernels->to_brains(run, brains, there);
                is_odd |= has_odd_brain(brains, there);
            }
            if (step == 1) {
                apus_transpose(start, p->column_stride, count, there, out, width);
            } else {
                apus_transpose(pairs[0], run_length / 2, count, moved, out, width);
            }
            for (int64_t i = 0; end < to && i < moved; i++) memset(out + i * width + count, 0, (size_t)(to - end) * sizeof *out);
        }
    }
    return !is_odd;
}

// Packs columns `from` up to `to` of a panel, and zeros from the matrix's end up to the panel's.
static void pack_columns(const plan *plan, char *panel, int64_t from, int64_t to) {
    const apus_packing *p = plan->packing;
    const apus_format *format = plan->format;
    const int64_t width = format->panel_width, last = p->first_column + p->columns, end = last < to ? last : to;
    const bool is_integer = p->precision == apus_precision_int8;
    if (is_row_by_row(plan) || is_turned(plan)) {
        const bool is_even = is_turned(plan) ? pack_turned(plan, panel, from, to) : pack_rows(plan, panel, from, to);
        if (!is_even) *plan->is_odd = true;
        return;
    }
    float runs[apus_maximum_panel_width][run_length];
    if (is_integer) {
        find_scales(p, from, end, runs);
        for (int64_t c = end; c < to; c++) p->scales[c] = 0;
    }
    bool is_odd = false;
    for (int64_t index = 0; index < apus_depth_blocks(p->depth); index++) {
        const apus_block block = apus_depth_block(format, p->depth, index);
        const int64_t whole = block.steps * format->step;
        int32_t sums[apus_groups][apus_maximum_panel_width] = {{0}};
        for (int64_t k = 0; k < whole; k += run_length) {
            const int64_t count = whole - k < run_length ? whole - k : run_length;
            const int64_t there = block.depth - k < count ? block.depth - k : count;
            if (there < count || end < to) memset(runs, 0, sizeof runs);
            read_runs(p, from, end, block.start + k, there, runs);
            for (int64_t c = from; c < to; c++) {
                const float *run = runs[c - from], scale = is_integer ? p->scales[c] : 0;
                is_odd |= has_odd(run, there);
                const int64_t within = c % width, place = format->order ? format->order[within] : within;
                sums[k / apus_group_depth][within] += store_run(format, p->precision, run, k, count, panel + block.offset + format->header_bytes, place,
                                          scale > 0 ? 1 / scale : 0);
            }
        }
        for (int64_t g = 0; format->header_bytes > 0 && g < apus_groups; g++) {
            for (int64_t c = from; c < to; c++) ((int32_t *)(panel + block.offset))[g * width + c % width] = sums[g][c % width];
        }
    }
    if (is_odd) *plan->is_odd = true;
}

static void pack_panels(void *context, int64_t group, int64_t first, int64_t last, apus_worker *worker) {
    (void)group, (void)worker;
    const plan *plan = context;
    const apus_packing *p = plan->packing;
    const int64_t width = plan->format->panel_width;
    for (int64_t i = first; i < last; i++) {
        const int64_t number = p->first_column / width + i, start = number * width;
        pack_columns(plan, (char *)p->packed + number * plan->panel_bytes,
                     start > p->first_column ? start : p->first_column, start + width);
    }
}

bool apus_pack(const apus_kernels *kernels, const apus_packing *packing) {
    if (packing->depth <= 0 || packing->columns <= 0) return true;
    const apus_format *format = kernels->formats[packing->precision];
    _Atomic bool is_odd = false;
    plan plan = {
        .kernels = kernels, .packing = packing, .format = format, .panel_bytes = apus_panel_bytes(format, packing->depth), .is_odd = &is_odd,
    };
    const int64_t width = format->panel_width, last = packing->first_column + packing->columns;
    apus_parallel(1, (last + width - 1) / width - packing->first_column / width, 1, pack_panels, &plan);
    return !is_odd;
}
