// What the machine can do at most: products whose operands stay in the first-level cache, and reading memory in one piece.
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "CKernels.h"
#include "blocks.h"

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

typedef struct {
    const apus_kernels *kernels;
    apus_precision precision;
    double duration;
    const float *memory;
    int64_t count;
    _Atomic int64_t done;
    _Atomic int64_t sink;
} measurement;

enum { peak_depth = 256 };

static void multiply_on(void *context, int64_t group, int64_t first, int64_t last, apus_worker *worker) {
    (void)group;
    measurement *m = context;
    const apus_format *format = m->kernels->formats[m->precision];
    const apus_block block = apus_depth_block(format, peak_depth, 0);
    _Alignas(64) float sums[apus_maximum_tile_rows * apus_maximum_panel_width], scales[apus_maximum_panel_width] = {0};
    char *left = apus_worker_scratch(worker, (size_t)(format->tile_rows * format->left_bytes + block.bytes));
    memset(left, 0, (size_t)(format->tile_rows * format->left_bytes + block.bytes));
    const char *panel = left + format->tile_rows * format->left_bytes;
    for (int64_t i = first; i < last; i++) {
        const double start = seconds();
        int64_t turns = 0;
        while (seconds() - start < m->duration) {
            for (int t = 0; t < 100; t++) format->tile(format->tile_rows, block.steps, left, panel, scales, panel, sums, format->panel_width);
            turns += 100;
        }
        atomic_fetch_add(&m->done, turns * 2 * format->tile_rows * format->panel_width * peak_depth);
    }
}

double apus_peak_operations(const apus_kernels *kernels, apus_precision precision, double duration) {
    measurement m = {.kernels = kernels, .precision = precision, .duration = duration};
    const double start = seconds();
    apus_parallel(1, apus_thread_count(), 1, multiply_on, &m);
    return (double)m.done / (seconds() - start);
}

static void read_on(void *context, int64_t group, int64_t first, int64_t last, apus_worker *worker) {
    (void)group, (void)worker;
    measurement *m = context;
    float largest = 0;
    for (int64_t i = first; i < last; i++) {
        const int64_t start = m->count * i / 64, end = m->count * (i + 1) / 64;
        if (end > start) largest += m->kernels->largest(m->memory + start, end - start);
    }
    atomic_fetch_add(&m->sink, (int64_t)largest);
}

double apus_peak_bytes(const apus_kernels *kernels, double duration) {
    measurement m = {.kernels = kernels, .count = 32 << 20};
    float *memory = apus_allocate((size_t)m.count * sizeof(float));
    if (memory == NULL) return 0;
    memset(memory, 0, (size_t)m.count * sizeof(float));
    m.memory = memory;
    double best = 0;
    const double start = seconds();
    do {
        const double before = seconds();
        apus_parallel(1, 64, 1, read_on, &m);
        const double rate = (double)m.count * sizeof(float) / (seconds() - before);
        if (rate > best) best = rate;
    } while (seconds() - start < duration);
    apus_deallocate(memory);
    return best;
}
