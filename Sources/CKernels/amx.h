// The tiles of processors that have AMX.
#pragma once

#include "CKernels.h"

enum {
    // From row to row of a left operand in bfloat16, in elements: whole cache lines, and an odd number of them, so that rows lie in
    // different sets of a first-level cache.
    apus_brain_stride = apus_tile_depth + 32,
};

extern const apus_format apus_bfloat16_amx;

// Whether the processor has them, and the system lets this program use them.
bool apus_has_tiles(void);
