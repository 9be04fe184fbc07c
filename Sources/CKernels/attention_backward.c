// Attention's gradients: weights are computed again from queries, keys and each row's statistic, a block of queries by a block of
// keys at a time (Dao, 2023, arXiv:2307.08691).
//
// Scores stand in panels, as the right operand of the products for keys and values has them: so those products need no copy of
// the weights, and their sums stand turned until a head is done.
#include <math.h>
#include <string.h>

#include "blocks.h"
#include "CKernels.h"
#include "transpose.h"

enum { tiles_in_block = 8 };

typedef struct {
    const apus_kernels *kernels;
    const apus_format *format;
    const apus_attention *attention;
    const apus_attention_gradient *gradient;
    int64_t block;                      // queries that are looked at together, at most
    int64_t keys_stride;                // whole panels of keys
    int64_t key_panels, value_panels, key_rows;   // floats of each packed operand
} plan;

// The memory of a worker, in floats. A left operand has rows apus_tile_stride apart, and blocks of depth one after the other.
typedef struct {
    float *key_panels, *value_panels;   // right operands for scores and for gradients of weights: columns are keys
    float *key_rows;                    // right operand for gradients of queries, by block of keys: columns are channels
    float *key_sums, *value_sums;       // [channels][keys_stride]
    float *scores, *gradients;          // [panels][queries][panel width]
    float *query, *out;                 // left operands: scaled queries, and gradients of the result
    float *query_turned, *out_turned;   // the same, rows being channels
    float *weights;                     // left operand: a tile of gradients of scores
    float *scaled;                      // [queries][key_width]
    float *statistics, *deltas;         // [queries]
    int64_t count;
} scratch;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t rounded_up(int64_t x, int64_t step) { return (x + step - 1) / step * step; }

static int64_t packed_floats(const plan *plan, int64_t depth, int64_t columns) {
    return apus_packed_bytes(plan->kernels, apus_precision_float32, depth, columns) / (int64_t)sizeof(float);
}

static float *place(float *start, int64_t *count, int64_t floats) {
    float *here = start ? start + *count : NULL;
    *count += rounded_up(floats, 16);
    return here;
}

// Lays the parts out from `start` on; NULL only counts.
static scratch scratch_at(const plan *plan, float *start) {
    const apus_attention *a = plan->attention;
    const int64_t panels = least(rounded_up(apus_tile_depth, plan->format->panel_width), plan->keys_stride);
    const int64_t key_left = apus_depth_blocks(a->key_width) * plan->block, value_left = apus_depth_blocks(a->value_width) * plan->block;
    scratch s = {.count = 0};
    s.key_panels = place(start, &s.count, plan->key_panels);
    s.value_panels = place(start, &s.count, plan->value_panels);
    s.key_rows = place(start, &s.count, plan->key_rows);
    s.key_sums = place(start, &s.count, a->key_width * plan->keys_stride);
    s.value_sums = place(start, &s.count, a->value_width * plan->keys_stride);
    s.scores = place(start, &s.count, panels * plan->block);
    s.gradients = place(start, &s.count, panels * plan->block);
    s.query = place(start, &s.count, key_left * apus_tile_stride);
    s.out = place(start, &s.count, value_left * apus_tile_stride);
    s.query_turned = place(start, &s.count, a->key_width * apus_tile_stride);
    s.out_turned = place(start, &s.count, a->value_width * apus_tile_stride);
    s.weights = place(start, &s.count, plan->format->tile_rows * apus_tile_stride);
    s.scaled = place(start, &s.count, plan->block * a->key_width);
    s.statistics = place(start, &s.count, plan->block);
    s.deltas = place(start, &s.count, plan->block);
    return s;
}

// MARK: Products

// out[r][c] = Σ_k left[r][k] · (column c of the panels), or that added to it, over one block of depth.
static void multiply(const plan *plan, int64_t rows, int64_t depth, const float *left, const float *panels, int64_t panel_stride,
                     int64_t columns, float *out, int64_t out_stride, bool accumulates) {
    const apus_format *format = plan->format;
    const int64_t width = format->panel_width, tiles = (rows + format->tile_rows - 1) / format->tile_rows;
    const apus_finish how = {.accumulate = accumulates};
    _Alignas(64) float sums[apus_maximum_tile_rows * apus_maximum_panel_width];
    for (int64_t c = 0; c < columns; c += width, panels += panel_stride) {
        for (int64_t t = 0; t < tiles; t++) {
            const int64_t r = rows * t / tiles;
            const int32_t count = (int32_t)(rows * (t + 1) / tiles - r);
            format->tile(count, depth, left + r * apus_tile_stride, panels, NULL, panels + panel_stride, sums, width);
            plan->kernels->finish(count, (int32_t)least(width, columns - c), sums, width, out + r * out_stride + c, out_stride, &how);
        }
    }
}

// Puts products of rows with panels of keys, from `panels` on, into [panels][rows][panel width].
static void multiply_into_panels(const plan *plan, int64_t rows, int64_t depth, const float *left, const float *panels,
                                 int64_t count, float *out) {
    const apus_format *format = plan->format;
    const int64_t width = format->panel_width, stride = depth * width;
    for (int64_t index = 0; index < apus_depth_blocks(depth); index++) {
        const apus_block block = apus_depth_block(format, depth, index);
        const float *block_left = left + index * plan->block * apus_tile_stride;
        for (int64_t p = 0; p < count; p++) {
            multiply(plan, rows, block.depth, block_left, panels + p * stride + block.start * width, stride, width,
                     out + p * rows * width, width, index > 0);
        }
    }
}

static void pack(const plan *plan, const float *source, int64_t column_stride, int64_t depth_stride, int64_t depth,
                 int64_t columns, float *packed) {
    const apus_packing packing = {
        .precision = apus_precision_float32, .element = apus_element_float32, .source = source, .column_stride = column_stride,
        .depth_stride = depth_stride, .depth = depth, .columns = columns, .packed = packed,
    };
    apus_pack(plan->kernels, &packing);
}

// MARK: Heads

// A left operand, and the same turned, of rows `stride` apart.
static void prepare(const plan *plan, const float *from, int64_t stride, int64_t rows, int64_t width, float *left, float *turned) {
    for (int64_t index = 0; index < apus_depth_blocks(width); index++) {
        const apus_block block = apus_depth_block(plan->format, width, index);
        float *to = left + index * plan->block * apus_tile_stride;
        for (int64_t r = 0; r < rows; r++) {
            memcpy(to + r * apus_tile_stride, from + r * stride + block.start, (size_t)block.depth * sizeof(float));
        }
    }
    apus_transpose(from, stride, rows, width, turned, apus_tile_stride);
}

// Scores of queries q up to q + rows by keys k0 up to k0 + count become weights, and gradients of weights those of scores.
static void differentiate(const plan *plan, const scratch *s, int64_t b, int64_t h, int64_t q, int64_t rows, int64_t k0,
                          int64_t count) {
    const apus_attention *a = plan->attention;
    const int64_t width = plan->format->panel_width;
    for (int64_t k = 0; k < count; k += width) {
        float *scores = s->scores + k * rows, *gradients = s->gradients + k * rows;
        for (int64_t r = 0; r < rows; r++, scores += width, gradients += width) {
            const int64_t end = a->causal ? least(k0 + count, q + r + a->keys - a->queries + 1) : k0 + count;
            int64_t seen = least(width, end - k0 - k);
            // Of a query whose keys are all hidden nothing is learnt.
            if (seen < 0 || s->statistics[r] < -1e29f) seen = 0;
            const int64_t row = (h * a->queries + q + r) * a->keys + k0 + k;
            if (seen > 0) {
                plan->kernels->attention_backward(scores, gradients, a->key_mask ? a->key_mask + b * a->keys + k0 + k : NULL,
                                                  a->bias ? a->bias + row : NULL, s->statistics[r], s->deltas[r], seen);
                if (plan->gradient->bias) {
                    plan->kernels->add(plan->gradient->bias + row, gradients, plan->gradient->bias + row, seen);
                }
            }
            if (seen < width) {
                memset(scores + seen, 0, (size_t)(width - seen) * sizeof(float));
                memset(gradients + seen, 0, (size_t)(width - seen) * sizeof(float));
            }
        }
    }
}

static void add_query_gradients(const plan *plan, const scratch *s, int64_t rows, int64_t k0, int64_t count, float *out) {
    const apus_attention *a = plan->attention;
    const int64_t width = plan->format->panel_width, tiles = (rows + plan->format->tile_rows - 1) / plan->format->tile_rows;
    const float *panels = s->key_rows + k0 * rounded_up(a->key_width, width);
    for (int64_t t = 0; t < tiles; t++) {
        const int64_t r = rows * t / tiles, end = rows * (t + 1) / tiles;
        for (int64_t k = 0; k < count; k += width) {
            for (int64_t i = r; i < end; i++) {
                memcpy(s->weights + (i - r) * apus_tile_stride + k, s->gradients + k * rows + i * width,
                       (size_t)least(width, count - k) * sizeof(float));
            }
        }
        multiply(plan, end - r, count, s->weights, panels, least(apus_tile_depth, a->keys - k0) * width, a->key_width,
                 out + r * a->query_row_stride, a->query_row_stride, k0 > 0);
    }
}

static void queries_backward(const plan *plan, const scratch *s, int64_t b, int64_t h, int64_t q, int64_t rows) {
    const apus_attention *a = plan->attention;
    const apus_attention_gradient *gradient = plan->gradient;
    const int64_t width = plan->format->panel_width;
    const int64_t query = b * a->query_batch_stride + q * a->query_row_stride + h * a->key_width;
    const int64_t out = b * a->out_batch_stride + q * a->out_row_stride + h * a->value_width;
    for (int64_t r = 0; r < rows; r++) {
        const int64_t none = 0;
        plan->kernels->scale(a->query + query + r * a->query_row_stride, a->scale, s->scaled + r * a->key_width, a->key_width);
        plan->kernels->dots(gradient->out + out + r * a->out_row_stride, 1, apus_element_float32,
                            a->out + out + r * a->out_row_stride, &none, 1, a->value_width, s->deltas + r);
        s->statistics[r] = gradient->statistics[(b * a->heads + h) * a->queries + q + r];
    }
    prepare(plan, s->scaled, a->key_width, rows, a->key_width, s->query, s->query_turned);
    prepare(plan, gradient->out + out, a->out_row_stride, rows, a->value_width, s->out, s->out_turned);

    const int64_t last = a->causal ? least(a->keys, q + rows + a->keys - a->queries) : a->keys;
    if (last <= 0) {
        for (int64_t r = 0; r < rows; r++) {
            memset(gradient->query + query + r * a->query_row_stride, 0, (size_t)a->key_width * sizeof(float));
        }
    }
    for (int64_t k0 = 0; k0 < last; k0 += apus_tile_depth) {
        const int64_t count = least(apus_tile_depth, last - k0), panels = (count + width - 1) / width;
        multiply_into_panels(plan, rows, a->key_width, s->query, s->key_panels + k0 * a->key_width, panels, s->scores);
        multiply_into_panels(plan, rows, a->value_width, s->out, s->value_panels + k0 * a->value_width, panels, s->gradients);
        differentiate(plan, s, b, h, q, rows, k0, count);
        multiply(plan, a->value_width, rows, s->out_turned, s->scores, rows * width, panels * width, s->value_sums + k0,
                 plan->keys_stride, true);
        multiply(plan, a->key_width, rows, s->query_turned, s->gradients, rows * width, panels * width, s->key_sums + k0,
                 plan->keys_stride, true);
        add_query_gradients(plan, s, rows, k0, count, gradient->query + query);
    }
}

// All query heads that share one head of keys and values.
static void head_backward(const plan *plan, const scratch *s, int64_t b, int64_t head) {
    const apus_attention *a = plan->attention;
    const int64_t key = b * a->key_batch_stride + head * a->key_head_stride;
    const int64_t value = b * a->value_batch_stride + head * a->value_head_stride;
    const float *keys = (const float *)a->key + key, *values = (const float *)a->value + value;
    pack(plan, keys, a->key_row_stride, 1, a->key_width, a->keys, s->key_panels);
    pack(plan, values, a->value_row_stride, 1, a->value_width, a->keys, s->value_panels);
    const int64_t columns = rounded_up(a->key_width, plan->format->panel_width);
    for (int64_t k = 0; k < a->keys; k += apus_tile_depth) {
        const int64_t count = least(apus_tile_depth, a->keys - k);
        pack(plan, keys + k * a->key_row_stride, 1, a->key_row_stride, count, a->key_width, s->key_rows + k * columns);
    }
    plan->kernels->scale(s->key_rows, a->scale, s->key_rows, a->keys * columns);
    memset(s->key_sums, 0, (size_t)(a->key_width * plan->keys_stride) * sizeof(float));
    memset(s->value_sums, 0, (size_t)(a->value_width * plan->keys_stride) * sizeof(float));

    const int64_t sharing = a->heads / a->key_value_heads, blocks = (a->queries + plan->block - 1) / plan->block;
    for (int64_t h = head * sharing; h < (head + 1) * sharing; h++) {
        for (int64_t i = 0; i < blocks; i++) {
            const int64_t q = a->queries * i / blocks;
            queries_backward(plan, s, b, h, q, a->queries * (i + 1) / blocks - q);
        }
    }
    apus_transpose(s->key_sums, plan->keys_stride, a->key_width, a->keys, plan->gradient->key + key, a->key_row_stride);
    apus_transpose(s->value_sums, plan->keys_stride, a->value_width, a->keys, plan->gradient->value + value, a->value_row_stride);
}

static void heads_backward(void *context, int64_t group, int64_t first, int64_t last, apus_worker *worker) {
    (void)group;
    const plan *plan = context;
    const int64_t heads = plan->attention->key_value_heads;
    const int64_t count = scratch_at(plan, NULL).count;
    const scratch s = scratch_at(plan, apus_worker_scratch(worker, (size_t)count * sizeof(float)));
    for (int64_t i = first; i < last; i++) {
        if (plan->gradient->bias == NULL) {
            head_backward(plan, &s, i / heads, i % heads);
            continue;
        }
        // One worker alone adds to the gradient of a head's bias.
        for (int64_t b = 0; b < plan->attention->batch; b++) head_backward(plan, &s, b, i);
    }
}

void apus_attend_backward(const apus_kernels *kernels, const apus_attention_gradient *gradient) {
    const apus_attention *a = gradient->attention;
    if (a->batch <= 0 || a->heads <= 0 || a->queries <= 0 || a->keys <= 0) return;
    plan plan = {.kernels = kernels, .format = kernels->formats[apus_precision_float32], .attention = a, .gradient = gradient};
    const int64_t width = plan.format->panel_width;
    plan.block = least(a->queries, tiles_in_block * plan.format->tile_rows);
    plan.keys_stride = rounded_up(a->keys, width);
    plan.key_panels = packed_floats(&plan, a->key_width, a->keys);
    plan.value_panels = packed_floats(&plan, a->value_width, a->keys);
    plan.key_rows = a->keys * rounded_up(a->key_width, width);
    apus_parallel(1, gradient->bias ? a->key_value_heads : a->batch * a->key_value_heads, 1, heads_backward, &plan);
}
