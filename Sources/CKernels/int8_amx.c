// Products in 8-bit integers by the tiles of processors that have AMX.
//
// Sums are finished as for AVX-512: the results are the same to the last bit.
#include "amx.h"

#ifdef APUS_AMX
#include "int8.h"

enum {
    steps_of_group = apus_group_depth / 4,
    offset = 128,       // the left operand is moved up by it, as for AVX-512
    few_rows = 6,       // up to so many take longer by tiles
};
_Static_assert(steps_of_group % apus_amx_steps == 0, "only a block's end may fill no tile");

// Makes floats of a group's sums and multiplies what is then in `out` by `scales`.
APUS_TILES_INLINE void finish_group(int32_t rows, int64_t first, const char *left, const char *panel, const int32_t *sums,
                                    const __m512 scales[2], float *out, int64_t out_stride) {
    const int64_t index = first / steps_of_group;
    const char *header = panel + index * apus_amx_step_bytes, *start = panel + apus_groups * apus_amx_step_bytes;
    const __m512i weights_sum[2] = {_mm512_loadu_si512(header), _mm512_loadu_si512(header + 64)};
    for (int32_t r = 0; r < rows; r++) {
        const apus_group group = apus_group_at(left + r * apus_byte_stride, index);
        const char *weights = start + (first + group.place / 4) * apus_amx_step_bytes;
        const __m512i zero = _mm512_set1_epi32(group.zero + offset), shift = _mm512_set1_epi32(24 - 8 * (group.place % 4));
        const __m512 scale = _mm512_set1_ps(group.scale), outlier = _mm512_set1_ps(group.outlier);
        for (int v = 0; v < 2; v++) {
            const __m512i all = _mm512_load_si512(sums + r * apus_amx_width + 16 * v);
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

APUS_TILES_INLINE void tile_bytes_of(const bool has_second, int32_t rows, int64_t steps, const char *left, const char *panel,
                                     const float *scales, const char *ahead, float *out, int64_t out_stride) {
    _Alignas(64) int32_t sums[apus_amx_rows * apus_amx_width];
    const char *start = panel + apus_groups * apus_amx_step_bytes;
    const __m512 ones[2] = {_mm512_set1_ps(1), _mm512_set1_ps(1)};
    const __m512 last[2] = {_mm512_loadu_ps(scales), _mm512_loadu_ps(scales + 16)};
    int64_t first = 0;
    do {
        const bool is_last = first + steps_of_group >= steps;
        apus_sum_tiles(apus_amx_bytes, has_second, first, is_last ? steps : first + steps_of_group, left, apus_byte_stride, start,
                       ahead);
        apus_store_tiles(has_second, sums, apus_amx_width);
        finish_group(rows, first, left, panel, sums, is_last ? last : ones, out, out_stride);
        first += steps_of_group;
    } while (first < steps);
}

APUS_TILES static void tile_bytes(int32_t rows, int64_t steps, const void *left, const void *panel, const float *scales,
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
    .panel_width = apus_amx_width,
    .tile_rows = apus_amx_rows,
    .step = 4,
    .step_bytes = apus_amx_step_bytes,
    .header_bytes = apus_groups * apus_amx_step_bytes,
    .left_bytes = apus_byte_stride,
    .left_most = 127,
    .prepare = apus_prepare_bytes,
    .tile = tile_bytes,
};
#endif
