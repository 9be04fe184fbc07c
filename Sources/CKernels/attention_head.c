#include "attention_head.h"

#include <math.h>
#include <string.h>

#include "blocks.h"

static int64_t rounded_up(int64_t x, int64_t step) { return (x + step - 1) / step * step; }

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t packed_bytes(const apus_head *head, int64_t depth, int64_t columns) {
    return rounded_up(apus_packed_bytes(head->kernels, head->precision, depth, columns), 64);
}

apus_head apus_head_of(const apus_kernels *kernels, apus_precision precision, int64_t keys, int64_t key_width,
                       int64_t value_width) {
    apus_head head = {
        .kernels = kernels, .format = kernels->formats[precision], .precision = precision, .keys = keys,
        .key_width = key_width, .value_width = value_width,
    };
    head.key_bytes = packed_bytes(&head, key_width, keys);
    head.bytes = head.key_bytes;
    for (int64_t k = 0; k < keys; k += apus_tile_depth) {
        head.bytes += packed_bytes(&head, least(keys - k, apus_tile_depth), value_width);
    }
    return head;
}

void apus_pack_head(const apus_head *head, const apus_head_rows *rows, char *panels) {
    apus_packing packing = {
        .precision = head->precision, .element = rows->element, .source = rows->keys, .column_stride = rows->key_stride,
        .depth_stride = 1, .depth = head->key_width, .columns = head->keys, .packed = panels,
    };
    apus_pack(head->kernels, &packing);
    panels += head->key_bytes;
    const int64_t value_row = rows->value_stride * (rows->element == apus_element_float32 ? 4 : 2);
    for (int64_t k = 0; k < head->keys; k += apus_tile_depth) {
        const int64_t count = least(head->keys - k, apus_tile_depth);
        packing.source = (const char *)rows->values + k * value_row;
        packing.column_stride = 1;
        packing.depth_stride = rows->value_stride;
        packing.depth = count;
        packing.columns = head->value_width;
        packing.packed = panels;
        apus_pack(head->kernels, &packing);
        panels += packed_bytes(head, count, head->value_width);
    }
}

// MARK: Scratch memory

static int64_t left_bytes(const apus_head *head) {
    return rounded_up(head->format->tile_rows * head->format->left_bytes, 64);
}

static int64_t sums_stride(const apus_head *head) { return rounded_up(head->value_width, head->format->panel_width); }

int64_t apus_head_scratch_bytes(const apus_head *head) {
    const int64_t rows = head->format->tile_rows;
    const int64_t floats = rows * apus_tile_stride + 2 * rows * sums_stride(head) + rows * head->key_width;
    return (apus_depth_blocks(head->key_width) + 1) * left_bytes(head) + rounded_up(floats * (int64_t)sizeof(float), 64);
}

apus_head_scratch apus_head_scratch_at(const apus_head *head, char *start) {
    const int64_t rows = head->format->tile_rows;
    apus_head_scratch s = {.queries = start, .sums_stride = sums_stride(head)};
    s.weights = s.queries + apus_depth_blocks(head->key_width) * left_bytes(head);
    s.scores = (float *)(s.weights + left_bytes(head));
    s.sums = s.scores + rows * apus_tile_stride;
    s.part = s.sums + rows * s.sums_stride;
    s.scaled = s.part + rows * s.sums_stride;
    return s;
}

// MARK: Tiles

// Puts scaled queries where tiles read them.
static void prepare_queries(const apus_head *head, const apus_head_scratch *s, const apus_head_queries *q) {
    for (int64_t r = 0; r < q->rows; r++) {
        head->kernels->scale(q->query + r * q->query_stride, q->scale, s->scaled + r * head->key_width, head->key_width);
    }
    for (int64_t index = 0; index < apus_depth_blocks(head->key_width); index++) {
        const apus_block block = apus_depth_block(head->format, head->key_width, index);
        head->format->prepare(q->rows, block.depth, block.steps, s->scaled + block.start, head->key_width,
                              s->queries + index * left_bytes(head));
    }
}

// scores[r][k] = query r · key k0 + k for all panels of a block of keys; k0 is a multiple of the panel width.
static void score(const apus_head *head, const apus_head_scratch *s, const char *panels, int32_t rows, int64_t k0, int64_t keys) {
    const apus_format *format = head->format;
    const int64_t width = format->panel_width, panel_bytes = apus_panel_bytes(format, head->key_width);
    const int64_t blocks = apus_depth_blocks(head->key_width);
    _Alignas(64) float sums[apus_maximum_tile_rows * apus_maximum_panel_width];
    for (int64_t k = 0; k < keys; k += width) {
        const char *panel = panels + (k0 + k) / width * panel_bytes;
        for (int64_t index = 0; index < blocks; index++) {
            const apus_block block = apus_depth_block(format, head->key_width, index);
            const char *left = s->queries + index * left_bytes(head), *part = panel + block.offset;
            if (index == 0) {
                format->tile(rows, block.steps, left, part, NULL, panel + panel_bytes, s->scores + k, apus_tile_stride);
                continue;
            }
            const apus_finish how = {.accumulate = true};
            format->tile(rows, block.steps, left, part, NULL, panel + panel_bytes, sums, width);
            head->kernels->finish(rows, (int32_t)width, sums, width, s->scores + k, apus_tile_stride, &how);
        }
    }
}

void apus_attend_head(const apus_head *head, const apus_head_scratch *s, const char *panels, const apus_head_queries *q) {
    const apus_kernels *kernels = head->kernels;
    const apus_format *format = head->format;
    const int64_t width = format->panel_width;
    float maxima[apus_maximum_tile_rows], totals[apus_maximum_tile_rows];
    for (int32_t r = 0; r < q->rows; r++) maxima[r] = -INFINITY, totals[r] = 0;
    prepare_queries(head, s, q);

    const char *values = panels + head->key_bytes;
    const int64_t visible = q->seen + (q->rows - 1) * q->seen_more, last = least(visible, head->keys);
    if (last <= 0) memset(s->sums, 0, (size_t)(q->rows * s->sums_stride) * sizeof(float));
    for (int64_t k0 = 0; k0 < last; k0 += apus_tile_depth) {
        const int64_t count = least(head->keys - k0, apus_tile_depth), keys = least(last - k0, count);
        score(head, s, panels, q->rows, k0, keys);
        for (int32_t r = 0; r < q->rows; r++) {
            float *row = s->scores + r * apus_tile_stride;
            int64_t seen = least(q->seen + r * q->seen_more - k0, keys);
            if (seen < 0) seen = 0;
            if (q->bias) kernels->add(row, q->bias + r * q->bias_stride + k0, row, seen);
            if (q->mask) kernels->add(row, q->mask + k0, row, seen);
            if (seen < keys) memset(row + seen, 0, (size_t)(keys - seen) * sizeof(float));
            if (seen == 0) continue;
            const float correction = kernels->softmax_step(row, seen, &maxima[r], &totals[r]);
            if (correction != 1 && k0 > 0) {
                kernels->scale(s->sums + r * s->sums_stride, correction, s->sums + r * s->sums_stride, s->sums_stride);
            }
        }
        const int64_t panel_bytes = apus_panel_bytes(format, count), steps = (keys + format->step - 1) / format->step;
        format->prepare(q->rows, keys, steps, s->scores, apus_tile_stride, s->weights);
        for (int64_t p = 0; p < s->sums_stride / width; p++) {
            const char *panel = values + p * panel_bytes;
            format->tile(q->rows, steps, s->weights, panel, NULL, panel + panel_bytes, (k0 > 0 ? s->part : s->sums) + p * width,
                         s->sums_stride);
        }
        if (k0 > 0) kernels->add(s->sums, s->part, s->sums, q->rows * s->sums_stride);
        values += packed_bytes(head, count, head->value_width);
    }
    for (int32_t r = 0; r < q->rows; r++) {
        // A query that sees no key at all gets zeros.
        const float factor = totals[r] > 0 || isnan(totals[r]) ? 1 / totals[r] : 0;
        if (q->statistics) q->statistics[r] = totals[r] > 0 ? maxima[r] + logf(totals[r]) : INFINITY;
        kernels->scale(s->sums + r * s->sums_stride, factor, q->out + r * q->out_stride, head->value_width);
    }
}

void apus_score_head(const apus_head *head, const apus_head_scratch *s, const char *panels, const apus_head_queries *q) {
    prepare_queries(head, s, q);
    for (int64_t k0 = 0; k0 < head->keys; k0 += apus_tile_depth) {
        const int64_t keys = least(head->keys - k0, apus_tile_depth);
        score(head, s, panels, q->rows, k0, keys);
        for (int32_t r = 0; r < q->rows; r++) {
            memcpy(q->out + r * q->out_stride + k0, s->scores + r * apus_tile_stride, (size_t)keys * sizeof(float));
        }
    }
}
