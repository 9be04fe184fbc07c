// Products in bfloat16 by the tiles of processors that have AMX: sixteen rows of the left operand by sixteen columns at a time.
//
// Panels and rows lie as those of AVX-512 do. Even a single row is faster here than by its instructions.
#if defined(__x86_64__)
#include "brains_x86.h"

#if defined(__linux__)
#include <cpuid.h>
#include <immintrin.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "int8.h"

enum {
    width = 32,
    rows_of_tile = 32,
    steps_of_tile = 16,     // of a tile of the processor: 64 bytes of a row
    step_bytes = 4 * width,
};

// MARK: Whether there are tiles

// Asks the system for the memory that tiles are kept in (ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA).
static bool may_use_tiles(void) { return syscall(SYS_arch_prctl, 0x1023, 18) == 0; }

bool apus_has_tiles(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & 1u << 27)) return false;
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & 3u << 17) != 3u << 17) return false;
    // AMX-BF16, AMX-TILE and AMX-INT8.
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & (7u << 22 & ~(1u << 23))) != (7u << 22 & ~(1u << 23))) return false;
    return may_use_tiles();
}

#define INLINE static inline __attribute__((always_inline))

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,amx-tile,amx-bf16"))), \
                             apply_to = function)

// Tiles 0 to 3 are sums, 4 and 5 of the left operand, 6 and 7 of the right one; all of full size.
static _Thread_local bool is_configured;

void apus_configure_tiles(void) {
    if (is_configured) return;
    struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } how = {.palette = 1};
    for (int i = 0; i < 8; i++) how.row_bytes[i] = 64, how.rows[i] = 16;
    _tile_loadconfig(&how);
    is_configured = true;
}

void apus_release_tiles(void) {
    if (!is_configured) return;
    _tile_release();
    is_configured = false;
}

// MARK: bfloat16

static void prepare_brains(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left) {
    const int64_t filled = (steps + steps_of_tile - 1) / steps_of_tile * 2 * steps_of_tile;
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

// One step of the loop: what 64 bytes of each row add to the sums.
INLINE void add_brains(const bool has_second, const char *left, const char *panel) {
    _tile_loadd(6, panel, step_bytes);
    _tile_loadd(4, left, apus_brain_stride * 2);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, panel + 64, step_bytes);
    _tile_dpbf16ps(1, 4, 7);
    if (!has_second) return;
    _tile_loadd(5, left + 16 * apus_brain_stride * 2, apus_brain_stride * 2);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
}

INLINE void tile_brains_of(const bool has_second, int64_t steps, const char *left, const char *panel, const char *ahead) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    int64_t k = 0;
    for (; k + steps_of_tile <= steps; k += steps_of_tile) {
        for (int line = 0; line < steps_of_tile * step_bytes / 4; line += 64) {
            __builtin_prefetch(ahead + k * step_bytes / 4 + line, 0, 2);
        }
        add_brains(has_second, left + 4 * k, panel + k * step_bytes);
    }
    if (k == steps) return;
    // What stands behind the panel may be no numbers.
    _Alignas(64) char rest[steps_of_tile * step_bytes];
    memcpy(rest, panel + k * step_bytes, (size_t)((steps - k) * step_bytes));
    memset(rest + (steps - k) * step_bytes, 0, (size_t)((steps_of_tile - steps + k) * step_bytes));
    add_brains(has_second, left + 4 * k, rest);
}

// Puts the sums where they belong; of a tile that is not full the rows that count.
INLINE void store_floats(int32_t rows, float *out, int64_t out_stride) {
    if (rows == rows_of_tile) {
        _tile_stored(0, out, out_stride * 4);
        _tile_stored(1, out + 16, out_stride * 4);
        _tile_stored(2, out + 16 * out_stride, out_stride * 4);
        _tile_stored(3, out + 16 * out_stride + 16, out_stride * 4);
        return;
    }
    _Alignas(64) float all[rows_of_tile * width];
    _tile_stored(0, all, width * 4);
    _tile_stored(1, all + 16, width * 4);
    if (rows > 16) {
        _tile_stored(2, all + 16 * width, width * 4);
        _tile_stored(3, all + 16 * width + 16, width * 4);
    }
    for (int32_t r = 0; r < rows; r++) {
        _mm512_storeu_ps(out + r * out_stride, _mm512_load_ps(all + r * width));
        _mm512_storeu_ps(out + r * out_stride + 16, _mm512_load_ps(all + r * width + 16));
    }
}

static void tile_brains(int32_t rows, int64_t steps, const void *left, const void *panel, const float *scales,
                        const void *ahead, float *out, int64_t out_stride) {
    (void)scales;
    apus_configure_tiles();
    if (rows > 16) {
        tile_brains_of(true, steps, left, panel, ahead);
    } else {
        tile_brains_of(false, steps, left, panel, ahead);
    }
    store_floats(rows, out, out_stride);
}

const apus_format apus_bfloat16_amx = {
    .panel_width = width,
    .tile_rows = rows_of_tile,
    .step = 2,
    .step_bytes = step_bytes,
    .left_bytes = apus_brain_stride * 2,
    .prepare = prepare_brains,
    .tile = tile_brains,
};
#pragma clang attribute pop
#else
bool apus_has_tiles(void) { return false; }
void apus_release_tiles(void) {}
const apus_format apus_bfloat16_amx;
#endif
#endif
