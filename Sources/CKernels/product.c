// The matrix product on packed weights: which tiles are computed where, when, and by whom.
//
// Rows are cut into groups whose part of the left operand fits a second-level cache. A worker copies that part once
// into its scratch memory, in blocks of depth with the row stride that tiles need, and then takes panels of the right
// operand, each of which it reads once for all tiles of the group.
#include <stdatomic.h>

#include "CKernels.h"
#include "blocks.h"
#include "transpose.h"

enum {
    tiles_in_group = 8,             // at most
    scratch_bytes = 3 << 19,        // and at most this much of the left operand: 1.5 MiB
    large_matrix_bytes = 1 << 23,   // a right operand of this size comes from memory and not from a cache;
    large_scratch_bytes = 1 << 19,  // rows that share its way then fill most of a second-level cache
};

typedef struct {
    const apus_kernels *kernels;
    const apus_format *format;
    const apus_product *product;
    int64_t groups, blocks, panels, panel_bytes;
    bool is_transposed;
} plan;

typedef struct {
    int64_t start, count;
} range;

// Part `index` of `parts` as equal as can be.
static range part(int64_t total, int64_t parts, int64_t index) {
    const int64_t start = total * index / parts;
    return (range){start, total * (index + 1) / parts - start};
}

static int64_t at_least_one(int64_t x) { return x < 1 ? 1 : x; }

int64_t apus_depth_blocks(int64_t depth) { return at_least_one((depth + apus_tile_depth - 1) / apus_tile_depth); }

apus_block apus_depth_block(const apus_format *format, int64_t depth, int64_t index) {
    const int64_t steps = (depth + format->step - 1) / format->step;
    const range block = part(steps, apus_depth_blocks(depth), index);
    const int64_t start = block.start * format->step, end = start + block.count * format->step;
    return (apus_block){
        .start = start, .depth = (end < depth ? end : depth) - start, .steps = block.count,
        .offset = index * format->header_bytes + block.start * format->step_bytes,
        .bytes = format->header_bytes + block.count * format->step_bytes,
    };
}

int64_t apus_panel_bytes(const apus_format *format, int64_t depth) {
    const apus_block last = apus_depth_block(format, depth, apus_depth_blocks(depth) - 1);
    return last.offset + last.bytes;
}

// One block of depth of a left operand that stands turned.
static void prepare_columns(const plan *plan, range rows, apus_block block, char *left) {
    const apus_product *product = plan->product;
    const float *from = product->a + block.start * product->a_stride + rows.start;
    if (product->precision == apus_precision_float32) {
        apus_transpose(from, product->a_stride, block.depth, rows.count, (float *)left, apus_tile_stride);
        return;
    }
    float turned[apus_maximum_tile_rows * apus_tile_stride];
    for (int64_t r = 0; r < rows.count; r += apus_maximum_tile_rows) {
        const int64_t count = rows.count - r < apus_maximum_tile_rows ? rows.count - r : apus_maximum_tile_rows;
        apus_transpose(from + r, product->a_stride, block.depth, count, turned, apus_tile_stride);
        plan->format->prepare(count, block.depth, block.steps, turned, apus_tile_stride, left + r * plan->format->left_bytes);
    }
}

// Blocks of depth follow one another, each with all its rows.
static void prepare_rows(const plan *plan, range rows, char *scratch) {
    const apus_product *product = plan->product;
    if (plan->is_transposed) {
        for (int64_t index = 0; index < plan->blocks; index++) {
            const apus_block block = apus_depth_block(plan->format, product->depth, index);
            prepare_columns(plan, rows, block, scratch + index * rows.count * plan->format->left_bytes);
        }
        return;
    }
    for (int64_t index = 0; index < plan->blocks; index++) {
        const apus_block block = apus_depth_block(plan->format, product->depth, index);
        plan->format->prepare(rows.count, block.depth, block.steps, product->a + rows.start * product->a_stride + block.start,
                              product->a_stride, scratch + index * rows.count * plan->format->left_bytes);
    }
}

// Has a part of a matrix on its way into the cache before it is needed.
static void fetch(const float *start, int64_t stride, int64_t rows, int64_t columns) {
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t c = 0; c < columns; c += 16) __builtin_prefetch(start + r * stride + c);
    }
}

static void multiply_panels(void *context, int64_t group, int64_t first, int64_t last, apus_worker *worker) {
    const plan *plan = context;
    const apus_product *product = plan->product;
    const apus_kernels *kernels = plan->kernels;
    const apus_format *format = plan->format;
    const int64_t width = format->panel_width;
    const range rows = part(product->rows, plan->groups, group);

    // A tile that is not full may be read whole.
    char *left = apus_worker_scratch(worker, (size_t)((plan->blocks * rows.count + format->tile_rows) * format->left_bytes));
    if (*apus_worker_prepared(worker) != group) {
        prepare_rows(plan, rows, left);
        *apus_worker_prepared(worker) = group;
    }
    const int64_t tiles = (rows.count + format->tile_rows - 1) / format->tile_rows;
    _Alignas(64) float sums[apus_maximum_tile_rows * apus_maximum_panel_width];

    for (int64_t index = 0; index < plan->blocks; index++) {
        const apus_block block = apus_depth_block(format, product->depth, index);
        for (int64_t p = first; p < last; p++) {
            const int64_t column = p * width;
            const int64_t columns = product->columns - column < width ? product->columns - column : width;
            const char *panel = (const char *)product->packed + p * plan->panel_bytes + block.offset;
            apus_finish how = {
                .accumulate = index > 0,
                .last = index == plan->blocks - 1,
                .bias = product->bias ? product->bias + column : NULL,
                .activation = product->activation,
                .residual_stride = product->residual_stride,
            };
            // Sums that are the result go straight to where it stands.
            const bool is_bare = plan->blocks == 1 && columns == width && product->bias == NULL && product->residual == NULL &&
                                 product->activation == apus_activation_none;
            for (int64_t t = 0; t < tiles; t++) {
                const range tile = part(rows.count, tiles, t);
                const int64_t row = rows.start + tile.start;
                float *out = product->out + row * product->out_stride + column;
                // Rows that are only written need not be there.
                if (how.accumulate) fetch(out, product->out_stride, tile.count, columns);
                how.residual = product->residual ? product->residual + row * product->residual_stride + column : NULL;
                if (how.residual && how.last) fetch(how.residual, product->residual_stride, tile.count, columns);
                // The tiles of this panel together fetch the next one.
                format->tile((int32_t)tile.count, block.steps, left + (index * rows.count + tile.start) * format->left_bytes,
                             panel, product->scales ? product->scales + column : NULL,
                             panel + plan->panel_bytes + t * (block.bytes / 4), is_bare ? out : sums,
                             is_bare ? product->out_stride : width);
                if (is_bare) continue;
                kernels->finish((int32_t)tile.count, (int32_t)columns, sums, width, out, product->out_stride, &how);
            }
        }
    }
}

static _Atomic int64_t operation_count;

int64_t apus_operation_count(void) { return atomic_load_explicit(&operation_count, memory_order_relaxed); }

static void multiply(const apus_kernels *kernels, const apus_product *product, bool is_transposed) {
    if (product->rows <= 0 || product->columns <= 0) return;
    atomic_fetch_add_explicit(&operation_count, 2 * product->rows * product->depth * product->columns, memory_order_relaxed);
    const apus_format *format = kernels->formats[product->precision];
    plan plan = {.kernels = kernels, .format = format, .product = product, .is_transposed = is_transposed};
    plan.blocks = apus_depth_blocks(product->depth);
    plan.panels = (product->columns + format->panel_width - 1) / format->panel_width;
    plan.panel_bytes = apus_panel_bytes(format, product->depth);

    const int64_t row_bytes = plan.blocks * format->left_bytes, tile_rows = format->tile_rows;
    int64_t most_rows = tiles_in_group * tile_rows;
    if (most_rows * row_bytes > scratch_bytes) most_rows = at_least_one(scratch_bytes / row_bytes / tile_rows) * tile_rows;
    const int64_t large_rows = large_scratch_bytes / row_bytes / tile_rows * tile_rows;
    const bool is_large = plan.panels * plan.panel_bytes >= large_matrix_bytes && product->rows <= large_rows;
    if (is_large) most_rows = large_rows;
    plan.groups = (product->rows + most_rows - 1) / most_rows;
    // Threads share the rows where there are enough tiles for each and the panels are in a cache, else the panels.
    const int64_t threads = apus_thread_count(), tiles = product->rows / tile_rows;
    if (!is_large && tiles >= 4 * threads && plan.groups % threads != 0) plan.groups += threads - plan.groups % threads;

    const int64_t work = product->rows / plan.groups * product->depth * format->panel_width;
    const int64_t grain = at_least_one((1 << 15) / at_least_one(work));
    apus_parallel(plan.groups, plan.panels, grain, multiply_panels, &plan);
}

void apus_multiply(const apus_kernels *kernels, const apus_product *product) { multiply(kernels, product, false); }

void apus_multiply_transposed(const apus_kernels *kernels, const apus_product *product) { multiply(kernels, product, true); }
