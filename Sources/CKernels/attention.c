// Fused attention: scores of one tile of queries by one block of keys at a time, never of the whole sequence.
//
// A worker lays the keys and values of one head out in panels, once, in its scratch memory, and then takes tiles of queries.
#include <math.h>
#include <string.h>

#include "attention_head.h"

typedef struct {
    const apus_kernels *kernels;
    const apus_attention *attention;
    apus_head head;
    int64_t tiles;
    float *statistics;
} plan;

static int64_t element_bytes(const apus_attention *a) { return a->element == apus_element_float32 ? 4 : 2; }

// Where key or value k of sequence b starts, in elements.
static int64_t start_of(const apus_attention *a, int64_t batch_stride, int64_t row_stride, int64_t b, int64_t k) {
    const int64_t sequence = a->key_sequences ? a->key_sequences[b * a->key_sequences_stride + k] : b;
    return sequence * batch_stride + k * row_stride;
}

// MARK: Many queries

// Copies the rows of a head that stand in several sequences next to one another.
static const void *gathered(const apus_attention *a, const char *rows, int64_t batch_stride, int64_t row_stride, int64_t b,
                            int64_t width, char *to) {
    const int64_t bytes = element_bytes(a), row_bytes = width * bytes;
    for (int64_t k = 0; k < a->keys; k++) {
        memcpy(to + k * row_bytes, rows + start_of(a, batch_stride, row_stride, b, k) * bytes, (size_t)row_bytes);
    }
    return to;
}

static void pack_head(const plan *plan, int64_t b, int64_t key_head, char *panels, char *room) {
    const apus_attention *a = plan->attention;
    const int64_t bytes = element_bytes(a);
    const char *keys = (const char *)a->key + key_head * a->key_head_stride * bytes;
    const char *values = (const char *)a->value + key_head * a->value_head_stride * bytes;
    apus_head_rows rows = {
        .element = a->element, .keys = keys + b * a->key_batch_stride * bytes, .key_stride = a->key_row_stride,
        .values = values + b * a->value_batch_stride * bytes, .value_stride = a->value_row_stride,
    };
    if (a->key_sequences) {
        rows.keys = gathered(a, keys, a->key_batch_stride, a->key_row_stride, b, a->key_width, room);
        rows.key_stride = a->key_width;
        room += a->keys * a->key_width * bytes;
        rows.values = gathered(a, values, a->value_batch_stride, a->value_row_stride, b, a->value_width, room);
        rows.value_stride = a->value_width;
    }
    apus_pack_head(&plan->head, &rows, panels);
}

static void attend_tiles(void *context, int64_t group, int64_t first, int64_t last, apus_worker *worker) {
    const plan *plan = context;
    const apus_attention *a = plan->attention;
    const int64_t b = group / a->heads, h = group % a->heads, own = apus_head_scratch_bytes(&plan->head);
    const int64_t room = a->key_sequences ? a->keys * (a->key_width + a->value_width) * element_bytes(a) : 0;
    char *start = apus_worker_scratch(worker, (size_t)(own + plan->head.bytes + room));
    const apus_head_scratch scratch = apus_head_scratch_at(&plan->head, start);
    char *panels = start + own;
    if (*apus_worker_prepared(worker) != group) {
        pack_head(plan, b, h * a->key_value_heads / a->heads, panels, panels + plan->head.bytes);
        *apus_worker_prepared(worker) = group;
    }
    for (int64_t t = first; t < last; t++) {
        const int64_t q = a->queries * t / plan->tiles, end = a->queries * (t + 1) / plan->tiles;
        const apus_head_queries queries = {
            .rows = (int32_t)(end - q), .scale = a->scale,
            .query = a->query + b * a->query_batch_stride + q * a->query_row_stride + h * a->key_width,
            .query_stride = a->query_row_stride,
            .mask = a->key_mask ? a->key_mask + b * a->keys : NULL,
            .bias = a->bias ? a->bias + (h * a->queries + q) * a->keys : NULL, .bias_stride = a->keys,
            .seen = a->causal ? q + a->keys - a->queries + 1 : a->keys, .seen_more = a->causal,
            .out = a->out + b * a->out_batch_stride + q * a->out_row_stride + h * a->value_width,
            .out_stride = a->out_row_stride,
            .statistics = plan->statistics ? plan->statistics + group * a->queries + q : NULL,
        };
        apus_attend_head(&plan->head, &scratch, panels, &queries);
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
            starts[k] = start_of(a, a->key_batch_stride, a->key_row_stride, b, k);
            value_starts[k] = start_of(a, a->value_batch_stride, a->value_row_stride, b, k);
        }
        *apus_worker_prepared(worker) = b;
    }
    const int64_t sharing = a->heads / a->key_value_heads;
    for (int64_t h = first * sharing; h < last * sharing; h++) {
        const char *key = (const char *)a->key + h / sharing * a->key_head_stride * element_bytes(a);
        const char *value = (const char *)a->value + h / sharing * a->value_head_stride * element_bytes(a);
        for (int64_t q = 0; q < a->queries; q++) {
            int64_t seen = a->causal ? q + a->keys - a->queries + 1 : a->keys;
            if (seen < 0) seen = 0;
            const float *query = a->query + b * a->query_batch_stride + q * a->query_row_stride + h * a->key_width;
            kernels->dots(query, a->scale, a->element, key, starts, seen, a->key_width, scores);
            if (a->bias) kernels->add(scores, a->bias + (h * a->queries + q) * a->keys, scores, seen);
            if (a->key_mask) kernels->add(scores, a->key_mask + b * a->keys, scores, seen);
            float maximum = -INFINITY, total = 0;
            kernels->softmax_step(scores, seen, &maximum, &total);
            // A query that sees no key at all gets zeros.
            const float factor = total > 0 || isnan(total) ? 1 / total : 0;
            if (plan->statistics) {
                plan->statistics[(b * a->heads + h) * a->queries + q] = total > 0 ? maximum + logf(total) : INFINITY;
            }
            kernels->weighted_sum(scores, factor, a->element, value, value_starts, seen, a->value_width,
                                  a->out + b * a->out_batch_stride + q * a->out_row_stride + h * a->value_width);
        }
    }
}

static void attend(const apus_kernels *kernels, const apus_attention *attention, float *statistics) {
    if (attention->batch <= 0 || attention->heads <= 0 || attention->queries <= 0) return;
    plan plan = {.kernels = kernels, .attention = attention, .statistics = statistics};
    if (attention->queries * attention->heads <= few_queries * attention->key_value_heads) {
        apus_parallel(attention->batch, attention->key_value_heads, heads_in_bite(attention), attend_few, &plan);
        return;
    }
    plan.head = apus_head_of(kernels, attention->precision, attention->keys, attention->key_width, attention->value_width);
    plan.tiles = (attention->queries + plan.head.format->tile_rows - 1) / plan.head.format->tile_rows;
    apus_parallel(attention->batch * attention->heads, plan.tiles, 1, attend_tiles, &plan);
}

void apus_attend(const apus_kernels *kernels, const apus_attention *attention) { attend(kernels, attention, NULL); }

void apus_attend_for_gradient(const apus_kernels *kernels, const apus_attention *attention, float *statistics) {
    attend(kernels, attention, statistics);
}
