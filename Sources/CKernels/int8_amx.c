// Products in 8-bit integers by the tiles of processors that have AMX.
//
// Panels and rows lie as those of AVX-512 do, and sums are finished as there: the results are the same to the last bit.
#if defined(__x86_64__)
#include "brains_x86.h"
#include "int8.h"

#if defined(__linux__)
#include <immintrin.h>

enum {
    width = 32,
    rows_of_tile = 32,
    steps_of_tile = 16,                 // of a tile of the processor: 64 bytes of a row
    step_bytes = 4 * width,
    steps_of_group = apus_group_depth / 4,
    offset = 128,                       // the left operand is moved up by it, as for AVX-512
    few_rows = 6,                       // up to so many take longer by tiles
};
_Static_assert(steps_of_group % steps_of_tile == 0, "only a block's end may fill no tile");

#define INLINE static inline __attribute__((always_inline))

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512vnni,amx-tile,amx-int8"))), \
                             apply_to = function)

INLINE void add_bytes(const bool has_second, const char *left, const char *panel) {
    _tile_loadd(6, panel, step_bytes);
    _tile_loadd(4, left, apus_byte_stride);
    _tile_dpbusd(0, 4, 6);
    _tile_loadd(7, panel + 64, step_bytes);
    _tile_dpbusd(1, 4, 7);
    if (!has_second) return;
    _tile_loadd(5, left + 16 * apus_byte_stride, apus_byte_stride);
    _tile_dpbusd(2, 5, 6);
    _tile_dpbusd(3, 5, 7);
}

// The sums of the steps from `first` up to `end`. Rows are read to the end of a tile: what stands there meets zeros.
INLINE void sum_group(const bool has_second, int64_t first, int64_t end, const char *left, const char *start, const char *ahead,
                      int32_t *sums) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    int64_t k = first;
    for (; k + steps_of_tile <= end; k += steps_of_tile) {
        for (int line = 0; line < steps_of_tile * step_bytes / 4; line += 64) {
            __builtin_prefetch(ahead + k * step_bytes / 4 + line, 0, 2);
        }
        add_bytes(has_second, left + 4 * k, start + k * step_bytes);
    }
    if (k < end) {
        _Alignas(64) char rest[steps_of_tile * step_bytes];
        memcpy(rest, start + k * step_bytes, (size_t)((end - k) * step_bytes));
        memset(rest + (end - k) * step_bytes, 0, (size_t)((steps_of_tile - end + k) * step_bytes));
        add_bytes(has_second, left + 4 * k, rest);
    }
    _tile_stored(0, sums, width * 4);
    _tile_stored(1, sums + 16, width * 4);
    if (!has_second) return;
    _tile_stored(2, sums + 16 * width, width * 4);
    _tile_stored(3, sums + 16 * width + 16, width * 4);
}

// Makes floats of a group's sums and multiplies what is then in `out` by `scales`.
INLINE void finish_group(int32_t rows, int64_t first, const char *left, const char *panel, const int32_t *sums,
                         const __m512 scales[2], float *out, int64_t out_stride) {
    const int64_t index = first / steps_of_group;
    const char *header = panel + index * 4 * width, *start = panel + apus_groups * 4 * width;
    const __m512i weights_sum[2] = {_mm512_loadu_si512(header), _mm512_loadu_si512(header + 64)};
    for (int32_t r = 0; r < rows; r++) {
        const apus_group group = apus_group_at(left + r * apus_byte_stride, index);
        const char *weights = start + (first + group.place / 4) * step_bytes;
        const __m512i zero = _mm512_set1_epi32(group.zero + offset), shift = _mm512_set1_epi32(24 - 8 * (group.place % 4));
        const __m512 scale = _mm512_set1_ps(group.scale), outlier = _mm512_set1_ps(group.outlier);
        for (int v = 0; v < 2; v++) {
            const __m512i all = _mm512_load_si512(sums + r * width + 16 * v);
            const __m512i sum = _mm512_sub_epi32(all, _mm512_mullo_epi32(zero, weights_sum[v]));
            const __m512i weight = _mm512_srai_epi32(_mm512_sllv_epi32(_mm512_loadu_si512(weights + 64 * v), shift), 24);
            float *to = out + r * out_stride + 16 * v;
            __m512 total = first == 0 ? _mm512_setzero_ps() : _mm512_loadu_ps(to);
            total = _mm512_fmadd_ps(outlier, _mm512_cvtepi32_ps(weight), total);
            total = _mm512_fmadd_ps(scale, _mm512_cvtepi32_ps(sum), total);
            _mm512_storeu_ps(to, _mm512_mul_ps(total, scales[v]));
        }
    }
}

INLINE void tile_bytes_of(const bool has_second, int32_t rows, int64_t steps, const char *left, const char *panel,
                          const float *scales, const char *ahead, float *out, int64_t out_stride) {
    _Alignas(64) int32_t sums[rows_of_tile * width];
    const char *start = panel + apus_groups * 4 * width;
    const __m512 ones[2] = {_mm512_set1_ps(1), _mm512_set1_ps(1)};
    const __m512 last[2] = {_mm512_loadu_ps(scales), _mm512_loadu_ps(scales + 16)};
    int64_t first = 0;
    do {
        const bool is_last = first + steps_of_group >= steps;
        sum_group(has_second, first, is_last ? steps : first + steps_of_group, left, start, ahead, sums);
        finish_group(rows, first, left, panel, sums, is_last ? last : ones, out, out_stride);
        first += steps_of_group;
    } while (first < steps);
}

static void tile_bytes(int32_t rows, int64_t steps, const void *left, const void *panel, const float *scales,
                       const void *ahead, float *out, int64_t out_stride) {
    if (rows <= few_rows) {
        apus_int8_vnni.tile(rows, steps, left, panel, scales, ahead, out, out_stride);
        return;
    }
    apus_configure_tiles();
    if (rows > 16) {
        tile_bytes_of(true, rows, steps, left, panel, scales, ahead, out, out_stride);
    } else {
        tile_bytes_of(false, rows, steps, left, panel, scales, ahead, out, out_stride);
    }
}

const apus_format apus_int8_amx = {
    .panel_width = width,
    .tile_rows = rows_of_tile,
    .step = 4,
    .step_bytes = step_bytes,
    .header_bytes = apus_groups * 4 * width,
    .left_bytes = apus_byte_stride,
    .left_most = 127,
    .prepare = apus_prepare_bytes,
    .tile = tile_bytes,
};
#pragma clang attribute pop
#else
const apus_format apus_int8_amx;
#endif
#endif
