// How the depth of a packed matrix is cut into blocks: what packing and multiplying must agree on.
#pragma once

#include "CKernels.h"

typedef struct {
    int64_t start, depth;   // the depths it has
    int64_t steps;
    int64_t offset, bytes;  // in a panel, its header included
} apus_block;

int64_t apus_depth_blocks(int64_t depth);
apus_block apus_depth_block(const apus_format *format, int64_t depth, int64_t index);
int64_t apus_panel_bytes(const apus_format *format, int64_t depth);
