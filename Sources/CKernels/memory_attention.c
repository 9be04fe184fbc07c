// Attention to keys and values that were laid out once, as the cross-attention of a decoder has it: every step reads them all,
// in one piece, and multiplies as many queries as there are at once.
#include <string.h>

#include "attention_head.h"

typedef struct {
    const apus_memory *memory;
    apus_head head;
    // Of packing.
    const float *keys, *values;
    int64_t row_stride;
    // Of attending.
    const apus_memory_attention *attention;
    int64_t tiles, scored_head;
} plan;

static plan plan_of(const apus_kernels *kernels, const apus_memory *m) {
    return (plan){.memory = m, .head = apus_head_of(kernels, m->precision, m->keys, m->key_width, m->value_width)};
}

int64_t apus_memory_bytes(const apus_kernels *kernels, int64_t batch, int64_t key_value_heads, int64_t keys, int64_t key_width,
                          int64_t value_width, apus_precision precision) {
    return batch * key_value_heads * apus_head_of(kernels, precision, keys, key_width, value_width).bytes;
}

static void pack_heads(void *context, int64_t b, int64_t first, int64_t last, apus_worker *worker) {
    (void)worker;
    const plan *plan = context;
    const apus_memory *m = plan->memory;
    for (int64_t h = first; h < last; h++) {
        const apus_head_rows rows = {
            .keys = plan->keys + b * m->keys * plan->row_stride + h * m->key_width, .key_stride = plan->row_stride,
            .values = plan->values + b * m->keys * plan->row_stride + h * m->value_width, .value_stride = plan->row_stride,
        };
        apus_pack_head(&plan->head, &rows, (char *)m->panels + (b * m->key_value_heads + h) * plan->head.bytes);
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

static const char *panels_of(const plan *plan, int64_t group, int64_t head) {
    const apus_memory *m = plan->memory;
    const int64_t sequence = plan->attention->sequences[group];
    return (const char *)m->panels + (sequence * m->key_value_heads + head * m->key_value_heads / m->heads) * plan->head.bytes;
}

// Tile t of the queries of a head of a group.
static apus_head_queries queries_of(const plan *plan, int64_t group, int64_t head, int64_t t) {
    const apus_memory *m = plan->memory;
    const apus_memory_attention *a = plan->attention;
    const int64_t first = a->queries * t / plan->tiles, end = a->queries * (t + 1) / plan->tiles;
    return (apus_head_queries){
        .rows = (int32_t)(end - first), .scale = a->scale,
        .query = a->query + ((group * a->queries + first) * m->heads + head) * m->key_width,
        .query_stride = m->heads * m->key_width, .mask = a->key_mask ? a->key_mask + group * m->keys : NULL, .seen = m->keys,
        .out = a->out + ((group * a->queries + first) * m->heads + head) * m->value_width,
        .out_stride = m->heads * m->value_width,
    };
}

static apus_head_scratch scratch_of(const plan *plan, apus_worker *worker) {
    return apus_head_scratch_at(&plan->head, apus_worker_scratch(worker, (size_t)apus_head_scratch_bytes(&plan->head)));
}

static void attend_heads(void *context, int64_t group, int64_t first, int64_t last, apus_worker *worker) {
    const plan *plan = context;
    const apus_head_scratch scratch = scratch_of(plan, worker);
    for (int64_t item = first; item < last; item++) {
        const int64_t head = item / plan->tiles;
        const apus_head_queries queries = queries_of(plan, group, head, item % plan->tiles);
        apus_attend_head(&plan->head, &scratch, panels_of(plan, group, head), &queries);
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
    plan.tiles = (attention->queries + plan.head.format->tile_rows - 1) / plan.head.format->tile_rows;
    const int64_t work = attention->queries / plan.tiles * m->keys * (m->key_width + m->value_width);
    apus_parallel(attention->groups, m->heads * plan.tiles, (1 << 16) / (work < 1 ? 1 : work) + 1, attend_heads, &plan);
}

static void score_tiles(void *context, int64_t group, int64_t first, int64_t last, apus_worker *worker) {
    const plan *plan = context;
    const apus_head_scratch scratch = scratch_of(plan, worker);
    for (int64_t t = first; t < last; t++) {
        apus_head_queries queries = queries_of(plan, group, plan->scored_head, t);
        queries.out = plan->attention->out + plan->attention->queries * t / plan->tiles * plan->memory->keys;
        queries.out_stride = plan->memory->keys;
        apus_score_head(&plan->head, &scratch, panels_of(plan, group, plan->scored_head), &queries);
    }
}

void apus_memory_scores(const apus_kernels *kernels, const apus_memory_attention *attention, int64_t head) {
    if (attention->queries <= 0 || attention->memory->keys <= 0) return;
    plan plan = plan_of(kernels, attention->memory);
    plan.attention = attention;
    plan.scored_head = head;
    plan.tiles = (attention->queries + plan.head.format->tile_rows - 1) / plan.head.format->tile_rows;
    apus_parallel(1, plan.tiles, 1, score_tiles, &plan);
}
