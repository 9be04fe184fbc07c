// Products in bfloat16 by the tiles of processors that have AMX. Even a single row is faster here than by AVX-512's instructions.
#include "amx.h"

#ifdef APUS_AMX
#include "brains.h"

APUS_TILES static void prepare_brains(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left) {
    const int64_t filled = (steps + apus_amx_steps - 1) / apus_amx_steps * 2 * apus_amx_steps;
    for (int64_t r = 0; r < rows; r++) {
        const float *from = a + r * a_stride;
        uint16_t *to = (uint16_t *)left + r * apus_brain_stride;
        int64_t k = 0;
        for (; k + 32 <= depth; k += 32) {
            const __m512 low = _mm512_loadu_ps(from + k), high = _mm512_loadu_ps(from + k + 16);
            _mm512_storeu_si512(to + k, (__m512i)_mm512_cvtne2ps_pbh(high, low));
        }
        for (; k < filled; k += 16) {
            const int64_t n = depth - k;
            const __mmask16 used = (__mmask16)(n >= 16 ? 0xFFFF : n <= 0 ? 0 : (1u << n) - 1);
            _mm256_storeu_si256((__m256i *)(to + k), (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(used, from + k)));
        }
    }
}

APUS_TILES_INLINE void tile_brains_of(const bool has_second, int32_t rows, int64_t steps, const void *left, const void *panel,
                                      const void *ahead, float *out, int64_t out_stride) {
    apus_sum_tiles(apus_amx_brains, has_second, 0, steps, left, apus_brain_stride * 2, panel, ahead);
    if (rows == apus_amx_rows) {
        apus_store_tiles(true, out, out_stride);
        return;
    }
    // Of a tile that is not full the rows that count.
    _Alignas(64) float all[apus_amx_rows * apus_amx_width];
    apus_store_tiles(has_second, all, apus_amx_width);
    for (int32_t r = 0; r < rows; r++) memcpy(out + r * out_stride, all + r * apus_amx_width, apus_amx_width * sizeof *out);
}

APUS_TILES static void tile_brains(int32_t rows, int64_t steps, const void *left, const void *panel, const float *scales,
                                   const void *ahead, float *out, int64_t out_stride) {
    (void)scales;
    apus_configure_tiles();
    if (rows > 16) {
        tile_brains_of(true, rows, steps, left, panel, ahead, out, out_stride);
    } else {
        tile_brains_of(false, rows, steps, left, panel, ahead, out, out_stride);
    }
}

const apus_format apus_bfloat16_amx = {
    .panel_width = apus_amx_width,
    .tile_rows = apus_amx_rows,
    .step = 2,
    .step_bytes = apus_amx_step_bytes,
    .left_bytes = apus_brain_stride * 2,
    .prepare = prepare_brains,
    .tile = tile_brains,
};
#endif
