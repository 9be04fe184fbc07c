// What is for bfloat16 alone on x86: AVX-512's instructions and the tiles of AMX.
#pragma once

#include "CKernels.h"

enum {
    // From row to row of a left operand in bfloat16, in elements: whole cache lines, and an odd number of them, so that rows lie in
    // different sets of a first-level cache.
    apus_brain_stride = apus_tile_depth + 32,
};

extern const apus_format apus_bfloat16_amx;

// To bfloat16 by the instructions for it; what is too small for a normal number becomes zero.
void apus_to_brains_avx512(const float *x, uint16_t *y, int64_t count);

// Whether the processor has them, and the system lets this program use them.
bool apus_has_tiles(void);
// Sets this thread's up, once in a task: eight of 16 rows by 64 bytes.
void apus_configure_tiles(void);
// Gives this thread's up, where it has any: at the end of a task, since other libraries may set up theirs before the next, and
// the system keeps 8 KiB of a thread as long as they are in use.
void apus_release_tiles(void);
