// Fused attention: scores of one tile of queries by one block of keys at a time, never of the whole sequence.
//
// A worker lays the keys and values of one head out in panels, once, in its scratch memory, and then takes tiles of
// queries: scores by the tile product, running softmax, and the values' weighted sum by the tile product again
// (Milakov and Gimelshein, 2018, arXiv:1805.02867; Rabe and Staats, 2021, arXiv:2112.05682).
#include <math.h>
#include <string.h>

#include "CKernels.h"

typedef struct {
    const apus_kernels *kernels;
    const apus_attention *attention;
    int64_t tiles;
    // Keys in a block, a multiple of the panel width, and panels of a head's values.
    int64_t block, value_panels;
} plan;

// The parts of a worker's scratch memory.
typedef struct {
    float *keys;        // panels of keys: [keys / width][key_width][width]
    float *values;      // by block, panels of values: [value_panels][keys in block][width]
    float *queries;     // a tile of scaled queries, by block of depth
    float *scores;      // [tile_rows][apus_tile_stride]
    float *sums;        // [tile_rows][value_panels · width]
    float *part;        // the same for one block of keys
    float *maxima, *totals;
} scratch;

static const float *row_of(const apus_attention *a, const float *rows, int64_t batch_stride, int64_t row_stride, int64_t b,
                           int64_t k) {
    const int64_t sequence = a->key_sequences ? a->key_sequences[b * a->key_sequences_stride + k] : b;
    return rows + sequence * batch_stride + k * row_stride;
}

static int64_t rounded_up(int64_t x, int64_t step) { return (x + step - 1) / step * step; }

static int64_t depth_blocks(const apus_attention *a) { return (a->key_width + apus_tile_depth - 1) / apus_tile_depth; }

static scratch scratch_of(const plan *plan, apus_worker *worker) {
    const apus_attention *a = plan->attention;
    const int64_t width = plan->kernels->panel_width, rows = plan->kernels->tile_rows;
    const int64_t keys = rounded_up(a->keys, width) * a->key_width;
    const int64_t values = rounded_up(a->keys * plan->value_panels * width, 16);
    const int64_t queries = depth_blocks(a) * rows * apus_tile_stride;
    const int64_t sums = rows * plan->value_panels * width;
    const int64_t total = keys + values + queries + rows * apus_tile_stride + 2 * sums + 2 * apus_maximum_tile_rows;
    float *start = apus_worker_scratch(worker, (size_t)(total + 64) * sizeof(float));
    scratch s;
    s.queries = start;
    s.scores = s.queries + queries;
    s.sums = s.scores + rows * apus_tile_stride;
    s.part = s.sums + sums;
    s.maxima = s.part + sums;
    s.totals = s.maxima + apus_maximum_tile_rows;
    s.keys = start + rounded_up(s.totals + apus_maximum_tile_rows - start, 16);
    s.values = s.keys + keys;
    return s;
}

static void pack_keys(const plan *plan, int64_t b, const float *key, float *panels) {
    const apus_attention *a = plan->attention;
    const int64_t width = plan->kernels->panel_width;
    for (int64_t k = 0; k < a->keys; k++) {
        const float *from = row_of(a, key, a->key_batch_stride, a->key_row_stride, b, k);
        float *to = panels + k / width * width * a->key_width + k % width;
        for (int64_t d = 0; d < a->key_width; d++) to[d * width] = from[d];
    }
    const int64_t used = a->keys % width;
    if (used == 0) return;
    float *last = panels + a->keys / width * width * a->key_width;
    for (int64_t d = 0; d < a->key_width; d++) memset(last + d * width + used, 0, (size_t)(width - used) * sizeof(float));
}

static void pack_values(const plan *plan, int64_t b, const float *value, float *panels) {
    const apus_attention *a = plan->attention;
    const int64_t width = plan->kernels->panel_width;
    for (int64_t k0 = 0; k0 < a->keys; k0 += plan->block) {
        const int64_t count = a->keys - k0 < plan->block ? a->keys - k0 : plan->block;
        for (int64_t p = 0; p < plan->value_panels; p++) {
            const int64_t used = a->value_width - p * width < width ? a->value_width - p * width : width;
            for (int64_t k = 0; k < count; k++, panels += width) {
                const float *row = row_of(a, value, a->value_batch_stride, a->value_row_stride, b, k0 + k);
                memcpy(panels, row + p * width, (size_t)used * sizeof(float));
                if (used < width) memset(panels + used, 0, (size_t)(width - used) * sizeof(float));
            }
        }
    }
}

// scores[r][k] = query r · key k0 + k for all panels of the block; sums over blocks of depth where there are several.
static void score(const plan *plan, const scratch *s, int32_t rows, int64_t k0, int64_t keys) {
    const apus_kernels *kernels = plan->kernels;
    const apus_attention *a = plan->attention;
    const int64_t width = kernels->panel_width, blocks = depth_blocks(a);
    _Alignas(64) float sums[apus_maximum_tile_rows * apus_maximum_panel_width];
    for (int64_t k = 0; k < keys; k += width) {
        const float *panel = s->keys + (k0 + k) * a->key_width;
        if (blocks == 1) {
            kernels->tile(rows, a->key_width, s->queries, panel, panel, s->scores + k, apus_tile_stride);
            continue;
        }
        for (int64_t block = 0; block < blocks; block++) {
            const int64_t start = block * apus_tile_depth;
            const int64_t depth = a->key_width - start < apus_tile_depth ? a->key_width - start : apus_tile_depth;
            const apus_finish how = {.accumulate = block > 0};
            kernels->tile(rows, depth, s->queries + block * kernels->tile_rows * apus_tile_stride, panel + start * width,
                          panel, sums, width);
            kernels->finish(rows, (int32_t)width, sums, width, s->scores + k, apus_tile_stride, &how);
        }
    }
}

static void attend_tile(const plan *plan, const scratch *s, int64_t b, int64_t h, int64_t first, int32_t rows) {
    const apus_kernels *kernels = plan->kernels;
    const apus_attention *a = plan->attention;
    const int64_t row_width = plan->value_panels * kernels->panel_width;

    const float *query = a->query + b * a->query_batch_stride + first * a->query_row_stride + h * a->key_width;
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t d = 0, block = 0; d < a->key_width; d += apus_tile_depth, block++) {
            const int64_t depth = a->key_width - d < apus_tile_depth ? a->key_width - d : apus_tile_depth;
            kernels->scale(query + r * a->query_row_stride + d, a->scale,
                           s->queries + (block * kernels->tile_rows + r) * apus_tile_stride, depth);
        }
        s->maxima[r] = -INFINITY;
        s->totals[r] = 0;
    }
    memset(s->sums, 0, (size_t)(rows * row_width) * sizeof(float));

    // Query q sees keys before q + ahead.
    const int64_t ahead = a->keys - a->queries + 1;
    const int64_t visible = a->causal ? first + rows - 1 + ahead : a->keys;
    const int64_t last = visible < a->keys ? visible : a->keys;
    const float *values = s->values;
    for (int64_t k0 = 0; k0 < last; k0 += plan->block) {
        const int64_t block = a->keys - k0 < plan->block ? a->keys - k0 : plan->block;
        const int64_t keys = last - k0 < block ? last - k0 : block;
        score(plan, s, rows, k0, keys);
        for (int64_t r = 0; r < rows; r++) {
            float *row = s->scores + r * apus_tile_stride;
            int64_t seen = keys;
            if (a->causal && first + r + ahead - k0 < seen) seen = first + r + ahead - k0;
            if (seen < 0) seen = 0;
            if (a->bias) kernels->add(row, a->bias + (h * a->queries + first + r) * a->keys + k0, row, seen);
            if (a->key_mask) kernels->add(row, a->key_mask + b * a->keys + k0, row, seen);
            if (seen < keys) memset(row + seen, 0, (size_t)(keys - seen) * sizeof(float));
            if (seen == 0) continue;
            const float correction = kernels->softmax_step(row, seen, &s->maxima[r], &s->totals[r]);
            if (correction != 1) kernels->scale(s->sums + r * row_width, correction, s->sums + r * row_width, row_width);
        }
        for (int64_t p = 0; p < plan->value_panels; p++) {
            const float *panel = values + p * block * kernels->panel_width;
            kernels->tile(rows, keys, s->scores, panel, panel, s->part + p * kernels->panel_width, row_width);
        }
        kernels->add(s->sums, s->part, s->sums, rows * row_width);
        values += plan->value_panels * block * kernels->panel_width;
    }
    float *out = a->out + b * a->out_batch_stride + first * a->out_row_stride + h * a->value_width;
    for (int64_t r = 0; r < rows; r++) {
        // A query that sees no key at all gets zeros.
        const float factor = s->totals[r] > 0 || isnan(s->totals[r]) ? 1 / s->totals[r] : 0;
        kernels->scale(s->sums + r * row_width, factor, out + r * a->out_row_stride, a->value_width);
    }
}

static void attend_tiles(void *context, int64_t group, int64_t first, int64_t last, apus_worker *worker) {
    const plan *plan = context;
    const apus_attention *a = plan->attention;
    const int64_t b = group / a->heads, h = group % a->heads;
    const int64_t shared = h * a->key_value_heads / a->heads;
    const scratch s = scratch_of(plan, worker);
    if (*apus_worker_prepared(worker) != group) {
        pack_keys(plan, b, a->key + shared * a->key_head_stride, s.keys);
        pack_values(plan, b, a->value + shared * a->value_head_stride, s.values);
        *apus_worker_prepared(worker) = group;
    }
    for (int64_t t = first; t < last; t++) {
        const int64_t start = a->queries * t / plan->tiles, end = a->queries * (t + 1) / plan->tiles;
        attend_tile(plan, &s, b, h, start, (int32_t)(end - start));
    }
}

// MARK: Few queries

// Up to this many queries of one key/value head, laying keys out in panels costs more than it saves.
enum { few_queries = 8 };

static int64_t heads_in_bite(const apus_attention *a) {
    const int64_t work = a->queries * a->heads / a->key_value_heads * a->keys * (a->key_width + a->value_width);
    return (1 << 15) / (work < 1 ? 1 : work) + 1;
}

// All queries of key/value heads `first` to `last` of sequence b, reading keys and values where they stand.
static void attend_few(void *context, int64_t b, int64_t first, int64_t last, apus_worker *worker) {
    const plan *plan = context;
    const apus_kernels *kernels = plan->kernels;
    const apus_attention *a = plan->attention;
    int64_t *starts = apus_worker_scratch(worker, (size_t)a->keys * (2 * sizeof(int64_t) + sizeof(float)));
    int64_t *value_starts = starts + a->keys;
    float *scores = (float *)(value_starts + a->keys);
    if (*apus_worker_prepared(worker) != b) {
        for (int64_t k = 0; k < a->keys; k++) {
            starts[k] = row_of(a, a->key, a->key_batch_stride, a->key_row_stride, b, k) - a->key;
            value_starts[k] = row_of(a, a->value, a->value_batch_stride, a->value_row_stride, b, k) - a->value;
        }
        *apus_worker_prepared(worker) = b;
    }
    const int64_t sharing = a->heads / a->key_value_heads;
    for (int64_t h = first * sharing; h < last * sharing; h++) {
        const float *key = a->key + h / sharing * a->key_head_stride, *value = a->value + h / sharing * a->value_head_stride;
        for (int64_t q = 0; q < a->queries; q++) {
            int64_t seen = a->causal ? q + a->keys - a->queries + 1 : a->keys;
            if (seen < 0) seen = 0;
            const float *query = a->query + b * a->query_batch_stride + q * a->query_row_stride + h * a->key_width;
            kernels->dots(query, a->scale, key, starts, seen, a->key_width, scores);
            if (a->bias) kernels->add(scores, a->bias + (h * a->queries + q) * a->keys, scores, seen);
            if (a->key_mask) kernels->add(scores, a->key_mask + b * a->keys, scores, seen);
            float maximum = -INFINITY, total = 0;
            kernels->softmax_step(scores, seen, &maximum, &total);
            // A query that sees no key at all gets zeros.
            const float factor = total > 0 || isnan(total) ? 1 / total : 0;
            kernels->weighted_sum(scores, factor, value, value_starts, seen, a->value_width,
                                  a->out + b * a->out_batch_stride + q * a->out_row_stride + h * a->value_width);
        }
    }
}

void apus_attend(const apus_kernels *kernels, const apus_attention *attention) {
    if (attention->batch <= 0 || attention->heads <= 0 || attention->queries <= 0) return;
    plan plan = {.kernels = kernels, .attention = attention};
    if (attention->queries * attention->heads <= few_queries * attention->key_value_heads) {
        apus_parallel(attention->batch, attention->key_value_heads, heads_in_bite(attention), attend_few, &plan);
        return;
    }
    plan.tiles = (attention->queries + kernels->tile_rows - 1) / kernels->tile_rows;
    plan.block = apus_tile_depth / kernels->panel_width * kernels->panel_width;
    plan.value_panels = (attention->value_width + kernels->panel_width - 1) / kernels->panel_width;
    apus_parallel(attention->batch * attention->heads, plan.tiles, 1, attend_tiles, &plan);
}
