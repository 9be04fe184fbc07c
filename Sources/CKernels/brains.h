// bfloat16: the upper half of a float.
#pragma once

#include <stdint.h>
#include <string.h>

#include "CKernels.h"

static inline float apus_from_brain(uint16_t bits) {
    const uint32_t word = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &word, 4);
    return value;
}

// To the nearest, of two as near the even one.
static inline uint16_t apus_to_brain(float value) {
    uint32_t word;
    memcpy(&word, &value, 4);
    const uint32_t rounded = (word + 0x7FFF + (word >> 16 & 1)) >> 16, odd = word >> 16 | 0x40;
    return (uint16_t)((word & 0x7FFFFFFF) > 0x7F800000 ? odd : rounded);
}

#if defined(__x86_64__)
enum {
    // From row to row of a left operand in bfloat16, in elements: whole cache lines, and an odd number of them, so that rows lie in
    // different sets of a first-level cache.
    apus_brain_stride = apus_tile_depth + 32,
};

// To bfloat16 by AVX-512's instructions for it; what is too small for a normal number becomes zero.
void apus_to_brains_avx512(const float *x, uint16_t *y, int64_t count);
#endif
