// The matrix product on packed weights: which tiles are computed where, when, and by whom.
//
// Rows are cut into groups whose part of the left operand fits a second-level cache. A worker copies that part once
// into its scratch memory, in blocks of depth with the row stride that tiles need, and then takes panels of the right
// operand, each of which it reads once for all tiles of the group.
#include <string.h>

#include "CKernels.h"

enum {
    tiles_in_group = 8,             // at most
    scratch_floats = 3 << 17,       // and at most this much of the left operand: 1.5 MiB
    large_matrix_floats = 1 << 21,  // a right operand of this size, 8 MiB, comes from memory and not from a cache;
    large_scratch_floats = 1 << 17, // rows that share its way then fill most of a second-level cache
};

typedef struct {
    const apus_kernels *kernels;
    const apus_product *product;
    int64_t groups, blocks, panels;
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

// Blocks of depth follow one another, each rows × apus_tile_stride.
static void copy_rows(const plan *plan, range rows, float *scratch) {
    const apus_product *product = plan->product;
    for (int64_t block = 0; block < plan->blocks; block++) {
        const range depth = part(product->depth, plan->blocks, block);
        for (int64_t r = 0; r < rows.count; r++) {
            memcpy(scratch + (block * rows.count + r) * apus_tile_stride,
                   product->a + (rows.start + r) * product->a_stride + depth.start, (size_t)depth.count * sizeof(float));
        }
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
    const int64_t width = kernels->panel_width;
    const range rows = part(product->rows, plan->groups, group);

    // A single row needs no copy: its product takes any depth.
    const float *left = product->a + rows.start * product->a_stride;
    if (rows.count > 1) {
        float *scratch = apus_worker_scratch(worker, (size_t)(plan->blocks * rows.count) * apus_tile_stride * sizeof(float));
        if (*apus_worker_prepared(worker) != group) {
            copy_rows(plan, rows, scratch);
            *apus_worker_prepared(worker) = group;
        }
        left = scratch;
    }
    const int64_t tiles = (rows.count + kernels->tile_rows - 1) / kernels->tile_rows;
    const int64_t blocks = rows.count > 1 ? plan->blocks : 1;
    _Alignas(64) float sums[apus_maximum_tile_rows * apus_maximum_panel_width];

    for (int64_t block = 0; block < blocks; block++) {
        const range depth = part(product->depth, blocks, block);
        for (int64_t p = first; p < last; p++) {
            const int64_t column = p * width;
            const int64_t columns = product->columns - column < width ? product->columns - column : width;
            const float *panel = product->packed + column * product->depth + depth.start * width;
            apus_finish how = {
                .accumulate = block > 0,
                .last = block == blocks - 1,
                .bias = product->bias ? product->bias + column : NULL,
                .activation = product->activation,
                .residual_stride = product->residual_stride,
            };
            for (int64_t t = 0; t < tiles; t++) {
                const range tile = part(rows.count, tiles, t);
                const int64_t row = rows.start + tile.start;
                fetch(product->out + row * product->out_stride + column, product->out_stride, tile.count, columns);
                how.residual = product->residual ? product->residual + row * product->residual_stride + column : NULL;
                if (how.residual && how.last) fetch(how.residual, product->residual_stride, tile.count, columns);
                // The tiles of this panel together fetch the next one.
                kernels->tile((int32_t)tile.count, depth.count,
                              left + (block * rows.count + tile.start) * apus_tile_stride, panel,
                              panel + product->depth * width + t * 4 * depth.count, sums, width);
                kernels->finish((int32_t)tile.count, (int32_t)columns, sums, product->out + row * product->out_stride + column,
                                product->out_stride, &how);
            }
        }
    }
}

void apus_multiply(const apus_kernels *kernels, const apus_product *product) {
    if (product->rows <= 0 || product->columns <= 0) return;
    plan plan = {.kernels = kernels, .product = product};
    plan.blocks = at_least_one((product->depth + apus_tile_depth - 1) / apus_tile_depth);
    plan.panels = (product->columns + kernels->panel_width - 1) / kernels->panel_width;

    int64_t most_rows = tiles_in_group * kernels->tile_rows;
    if (most_rows * plan.blocks * apus_tile_stride > scratch_floats) {
        most_rows = at_least_one(scratch_floats / (plan.blocks * apus_tile_stride) / kernels->tile_rows) * kernels->tile_rows;
    }
    const int64_t large_rows = large_scratch_floats / (plan.blocks * apus_tile_stride) / kernels->tile_rows * kernels->tile_rows;
    const bool is_large = product->depth * product->columns >= large_matrix_floats && product->rows <= large_rows;
    if (is_large) most_rows = large_rows;
    plan.groups = (product->rows + most_rows - 1) / most_rows;
    // Threads share the rows where there are enough tiles for each and the panels are in a cache, else the panels.
    const int64_t threads = apus_thread_count(), tiles = product->rows / kernels->tile_rows;
    if (!is_large && tiles >= 4 * threads && plan.groups % threads != 0) plan.groups += threads - plan.groups % threads;

    const int64_t work = product->rows / plan.groups * product->depth * kernels->panel_width;
    const int64_t grain = at_least_one((1 << 15) / at_least_one(work));
    apus_parallel(plan.groups, plan.panels, grain, multiply_panels, &plan);
}
