// Attention to keys and values that were laid out once, as the cross-attention of a decoder has it: every step reads them all,
// in one piece, and multiplies as many queries as there are at once.
#include <math.h>
#include <string.h>

#include "CKernels.h"
#include "blocks.h"

typedef struct {
    const apus_kernels *kernels;
    const apus_memory *memory;
    const apus_format *format;
    // Of one head: panels of keys, then by block of keys the panels of values.
    int64_t key_bytes, head_bytes;
    // Of packing.
    const float *keys, *values;
    int64_t row_stride;
    // Of attending.
    const apus_memory_attention *attention;
    int64_t tiles, head;
} plan;

static int64_t rounded_up(int64_t x, int64_t step) { return (x + step - 1) / step * step; }

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t key_bytes(const apus_kernels *kernels, int64_t keys, int64_t width, apus_precision precision) {
    return rounded_up(apus_packed_bytes(kernels, precision, width, keys), 64);
}

static int64_t value_bytes(const apus_kernels *kernels, int64_t keys, int64_t width, apus_precision precision) {
    int64_t bytes = 0;
    for (int64_t k = 0; k < keys; k += apus_tile_depth) {
        bytes += rounded_up(apus_packed_bytes(kernels, precision, least(keys - k, apus_tile_depth), width), 64);
    }
    return bytes;
}

int64_t apus_memory_bytes(const apus_kernels *kernels, int64_t batch, int64_t key_value_heads, int64_t keys, int64_t key_width,
                          int64_t value_width, apus_precision precision) {
    return batch * key_value_heads *
           (key_bytes(kernels, keys, key_width, precision) + value_bytes(kernels, keys, value_width, precision));
}

static plan plan_of(const apus_kernels *kernels, const apus_memory *memory) {
    plan plan = {.kernels = kernels, .memory = memory, .format = kernels->formats[memory->precision]};
    plan.key_bytes = key_bytes(kernels, memory->keys, memory->key_width, memory->precision);
    plan.head_bytes = plan.key_bytes + value_bytes(kernels, memory->keys, memory->value_width, memory->precision);
    return plan;
}

static void pack_heads(void *context, int64_t b, int64_t first, int64_t last, apus_worker *worker) {
    (void)worker;
    const plan *plan = context;
    const apus_memory *m = plan->memory;
    for (int64_t h = first; h < last; h++) {
        char *panels = (char *)m->panels + (b * m->key_value_heads + h) * plan->head_bytes;
        const float *values = plan->values + b * m->keys * plan->row_stride + h * m->value_width;
        apus_packing packing = {
            .precision = m->precision, .element = apus_element_float32,
            .source = plan->keys + b * m->keys * plan->row_stride + h * m->key_width, .column_stride = plan->row_stride,
            .depth_stride = 1, .depth = m->key_width, .columns = m->keys, .packed = panels,
        };
        apus_pack(plan->kernels, &packing);
        panels += plan->key_bytes;
        for (int64_t k = 0; k < m->keys; k += apus_tile_depth) {
            const int64_t keys = least(m->keys - k, apus_tile_depth);
            packing.source = values + k * plan->row_stride;
            packing.column_stride = 1;
            packing.depth_stride = plan->row_stride;
            packing.depth = keys;
            packing.columns = m->value_width;
            packing.packed = panels;
            apus_pack(plan->kernels, &packing);
            panels += value_bytes(plan->kernels, keys, m->value_width, m->precision);
        }
    }
}

void apus_pack_memory(const apus_kernels *kernels, const apus_memory *memory, const float *keys, const float *values,
                      int64_t row_stride) {
    plan plan = plan_of(kernels, memory);
    plan.keys = keys;
    plan.values = values;
    plan.row_stride = row_stride;
    apus_parallel(memory->batch, memory->key_value_heads, 1, pack_heads, &plan);
}

// The parts of a worker's scratch memory.
typedef struct {
    char *queries;      // a tile of them, by block of depth, as the format has its left operand
    char *weights;      // a tile of one block of weights, likewise
    float *scores;      // [tile_rows][apus_tile_stride]
    float *sums;        // [tile_rows][values, whole panels]
    float *scaled;      // one query
    int64_t sums_stride;
} scratch;

static scratch scratch_of(const plan *plan, apus_worker *worker) {
    const apus_memory *m = plan->memory;
    const apus_format *format = plan->format;
    const int64_t rows = format->tile_rows;
    scratch s = {.sums_stride = rounded_up(m->value_width, format->panel_width)};
    const int64_t left = rounded_up(rows * format->left_bytes, 64), blocks = apus_depth_blocks(m->key_width);
    const int64_t floats = rows * apus_tile_stride + rows * s.sums_stride + rows * m->key_width;
    s.queries = apus_worker_scratch(worker, (size_t)((blocks + 1) * left) + (size_t)floats * sizeof(float));
    s.weights = s.queries + blocks * left;
    s.scores = (float *)(s.weights + left);
    s.sums = s.scores + rows * apus_tile_stride;
    s.scaled = s.sums + rows * s.sums_stride;
    return s;
}

// Puts scaled queries `first` to `first + rows` of a head of a group where tiles read them.
static void prepare_queries(const plan *plan, const scratch *s, int64_t group, int64_t head, int64_t first, int64_t rows) {
    const apus_memory *m = plan->memory;
    const apus_memory_attention *a = plan->attention;
    const float *query = a->query + ((group * a->queries + first) * m->heads + head) * m->key_width;
    for (int64_t r = 0; r < rows; r++) {
        plan->kernels->scale(query + r * m->heads * m->key_width, a->scale, s->scaled + r * m->key_width, m->key_width);
    }
    for (int64_t index = 0; index < apus_depth_blocks(m->key_width); index++) {
        const apus_block block = apus_depth_block(plan->format, m->key_width, index);
        plan->format->prepare(rows, block.depth, block.steps, s->scaled + block.start, m->key_width,
                              s->queries + index * rounded_up(plan->format->tile_rows * plan->format->left_bytes, 64));
    }
}

// scores[r][k] = query r · key k0 + k for all keys of a block; k0 is a multiple of the panel width.
static void score(const plan *plan, const scratch *s, const char *panels, int32_t rows, int64_t k0, int64_t keys, float *scores,
                  int64_t stride) {
    const int64_t depth = plan->memory->key_width;
    const apus_format *format = plan->format;
    const int64_t width = format->panel_width, panel_bytes = apus_panel_bytes(format, depth);
    _Alignas(64) float sums[apus_maximum_tile_rows * apus_maximum_panel_width];
    for (int64_t k = 0; k < keys; k += width) {
        const char *panel = panels + (k0 + k) / width * panel_bytes;
        for (int64_t index = 0; index < apus_depth_blocks(depth); index++) {
            const apus_block block = apus_depth_block(format, depth, index);
            const apus_finish how = {.accumulate = index > 0};
            format->tile(rows, block.steps, s->queries + index * rounded_up(format->tile_rows * format->left_bytes, 64),
                         panel + block.offset, NULL, panel + panel_bytes, sums);
            plan->kernels->finish(rows, (int32_t)least(keys - k, width), sums, width, scores + k, stride, &how);
        }
    }
}

static const char *panels_of(const plan *plan, int64_t group, int64_t head) {
    const apus_memory *m = plan->memory;
    const int64_t sequence = plan->attention->sequences[group];
    return (const char *)m->panels + (sequence * m->key_value_heads + head * m->key_value_heads / m->heads) * plan->head_bytes;
}

static void attend_tile(const plan *plan, const scratch *s, int64_t group, int64_t head, int64_t first, int32_t rows) {
    const apus_kernels *kernels = plan->kernels;
    const apus_memory *m = plan->memory;
    const apus_memory_attention *a = plan->attention;
    const apus_format *format = plan->format;
    const int64_t width = format->panel_width;
    const char *keys = panels_of(plan, group, head), *values = keys + plan->key_bytes;
    float maxima[apus_maximum_tile_rows], totals[apus_maximum_tile_rows];
    for (int64_t r = 0; r < rows; r++) maxima[r] = -INFINITY, totals[r] = 0;
    prepare_queries(plan, s, group, head, first, rows);
    _Alignas(64) float part[apus_maximum_tile_rows * apus_maximum_panel_width];

    for (int64_t k0 = 0; k0 < m->keys; k0 += apus_tile_depth) {
        const int64_t count = least(m->keys - k0, apus_tile_depth);
        score(plan, s, keys, rows, k0, count, s->scores, apus_tile_stride);
        for (int64_t r = 0; r < rows; r++) {
            float *row = s->scores + r * apus_tile_stride;
            if (a->key_mask) kernels->add(row, a->key_mask + group * m->keys + k0, row, count);
            const float correction = kernels->softmax_step(row, count, &maxima[r], &totals[r]);
            if (correction != 1 && k0 > 0) {
                kernels->scale(s->sums + r * s->sums_stride, correction, s->sums + r * s->sums_stride, s->sums_stride);
            }
        }
        const apus_block block = apus_depth_block(format, count, 0);
        format->prepare(rows, count, block.steps, s->scores, apus_tile_stride, s->weights);
        const apus_finish how = {.accumulate = k0 > 0};
        for (int64_t p = 0; p < s->sums_stride / width; p++) {
            const char *panel = values + p * block.bytes;
            format->tile(rows, block.steps, s->weights, panel, NULL, panel + block.bytes, part);
            kernels->finish(rows, (int32_t)width, part, width, s->sums + p * width, s->sums_stride, &how);
        }
        values += value_bytes(kernels, count, m->value_width, m->precision);
    }
    float *out = a->out + ((group * a->queries + first) * m->heads + head) * m->value_width;
    for (int64_t r = 0; r < rows; r++) {
        // A query that sees no key at all gets zeros.
        const float factor = totals[r] > 0 || isnan(totals[r]) ? 1 / totals[r] : 0;
        kernels->scale(s->sums + r * s->sums_stride, factor, out + r * m->heads * m->value_width, m->value_width);
    }
}

static void attend_heads(void *context, int64_t group, int64_t first, int64_t last, apus_worker *worker) {
    const plan *plan = context;
    const int64_t queries = plan->attention->queries;
    const scratch s = scratch_of(plan, worker);
    for (int64_t item = first; item < last; item++) {
        const int64_t head = item / plan->tiles, t = item % plan->tiles;
        const int64_t start = queries * t / plan->tiles, end = queries * (t + 1) / plan->tiles;
        attend_tile(plan, &s, group, head, start, (int32_t)(end - start));
    }
}

void apus_attend_memory(const apus_kernels *kernels, const apus_memory_attention *attention) {
    const apus_memory *m = attention->memory;
    if (attention->groups <= 0 || attention->queries <= 0 || m->heads <= 0) return;
    if (m->keys <= 0) {
        memset(attention->out, 0, (size_t)(attention->groups * attention->queries * m->heads * m->value_width) * sizeof(float));
        return;
    }
    plan plan = plan_of(kernels, m);
    plan.attention = attention;
    plan.tiles = (attention->queries + plan.format->tile_rows - 1) / plan.format->tile_rows;
    const int64_t work = attention->queries / plan.tiles * m->keys * (m->key_width + m->value_width);
    apus_parallel(attention->groups, m->heads * plan.tiles, (1 << 16) / (work < 1 ? 1 : work) + 1, attend_heads, &plan);
}

static void score_tiles(void *context, int64_t group, int64_t first, int64_t last, apus_worker *worker) {
    (void)group;
    const plan *plan = context;
    const apus_memory_attention *a = plan->attention;
    const scratch s = scratch_of(plan, worker);
    for (int64_t t = first; t < last; t++) {
        const int64_t start = a->queries * t / plan->tiles, rows = a->queries * (t + 1) / plan->tiles - start;
        prepare_queries(plan, &s, 0, plan->head, start, rows);
        score(plan, &s, panels_of(plan, 0, plan->head), (int32_t)rows, 0, plan->memory->keys,
              a->out + start * plan->memory->keys, plan->memory->keys);
    }
}

void apus_memory_scores(const apus_kernels *kernels, const apus_memory_attention *attention, int64_t head) {
    if (attention->queries <= 0 || attention->memory->keys <= 0) return;
    plan plan = plan_of(kernels, attention->memory);
    plan.attention = attention;
    plan.head = head;
    plan.tiles = (attention->queries + plan.format->tile_rows - 1) / plan.format->tile_rows;
    apus_parallel(1, plan.tiles, 1, score_tiles, &plan);
}
