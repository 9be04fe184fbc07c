// The tiles of processors that have AMX, on systems that let a program use them.
//
// Tiles 0 to 3 are sums, 4 and 5 of the left operand, 6 and 7 of the right one, each 16 rows of 64 bytes. Panels and rows lie as
// those of AVX-512 do.
#pragma once

#if defined(__x86_64__) && defined(__linux__)
#define APUS_AMX
#include <immintrin.h>
#include <string.h>

#include "CKernels.h"

extern const apus_format apus_bfloat16_amx, apus_int8_amx;

// Whether the processor has them, and the system lets this program use them.
bool apus_has_tiles(void);
// Sets this thread's up, once in a task.
void apus_configure_tiles(void);
// Gives this thread's up, where it has any: at the end of a task, since other libraries may set up theirs before the next, and
// the system keeps 8 KiB of a thread as long as they are in use.
void apus_release_tiles(void);

// MARK: Sums

// What functions that use tiles are compiled for.
#define APUS_TILES \
    __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx512vnni,amx-tile,amx-bf16,amx-int8")))
#define APUS_TILES_INLINE static inline __attribute__((always_inline)) APUS_TILES

enum {
    apus_amx_width = 32,
    apus_amx_rows = 32,
    apus_amx_steps = 16,                        // of a tile: 64 bytes of a row
    apus_amx_step_bytes = 4 * apus_amx_width,
};

typedef enum { apus_amx_brains, apus_amx_bytes } apus_amx_kind;

// What 64 bytes of each row add to the sums.
APUS_TILES_INLINE void apus_add_tiles(const apus_amx_kind kind, const bool has_second, const char *left, const int64_t left_bytes,
                                      const char *panel) {
    _tile_loadd(6, panel, apus_amx_step_bytes);
    _tile_loadd(4, left, left_bytes);
    if (kind == apus_amx_brains) _tile_dpbf16ps(0, 4, 6); else _tile_dpbusd(0, 4, 6);
    _tile_loadd(7, panel + 64, apus_amx_step_bytes);
    if (kind == apus_amx_brains) _tile_dpbf16ps(1, 4, 7); else _tile_dpbusd(1, 4, 7);
    if (!has_second) return;
    _tile_loadd(5, left + 16 * left_bytes, left_bytes);
    if (kind == apus_amx_brains) _tile_dpbf16ps(2, 5, 6); else _tile_dpbusd(2, 5, 6);
    if (kind == apus_amx_brains) _tile_dpbf16ps(3, 5, 7); else _tile_dpbusd(3, 5, 7);
}

// The sums of the steps from `first` up to `end`, of 16 rows or of 32. Rows are read to the end of a tile, where what stands there
// meets zeros; for bfloat16 it must be numbers.
APUS_TILES_INLINE void apus_sum_tiles(const apus_amx_kind kind, const bool has_second, int64_t first, int64_t end, const char *left,
                                      const int64_t left_bytes, const char *panel, const char *ahead) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    int64_t k = first;
    for (; k + apus_amx_steps <= end; k += apus_amx_steps) {
        for (int line = 0; line < apus_amx_steps * apus_amx_step_bytes / 4; line += 64) {
            __builtin_prefetch(ahead + k * apus_amx_step_bytes / 4 + line, 0, 2);
        }
        apus_add_tiles(kind, has_second, left + 4 * k, left_bytes, panel + k * apus_amx_step_bytes);
    }
    if (k == end) return;
    // What stands behind the panel may be no numbers.
    _Alignas(64) char rest[apus_amx_steps * apus_amx_step_bytes] = {0};
    memcpy(rest, panel + k * apus_amx_step_bytes, (size_t)((end - k) * apus_amx_step_bytes));
    apus_add_tiles(kind, has_second, left + 4 * k, left_bytes, rest);
}

// Moves the sums to `out`, whose rows are `stride` numbers of four bytes apart.
APUS_TILES_INLINE void apus_store_tiles(const bool has_second, void *out, int64_t stride) {
    char *to = out;
    _tile_stored(0, to, stride * 4);
    _tile_stored(1, to + 64, stride * 4);
    if (!has_second) return;
    _tile_stored(2, to + 16 * stride * 4, stride * 4);
    _tile_stored(3, to + 16 * stride * 4 + 64, stride * 4);
}
#endif
