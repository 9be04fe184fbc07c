// bfloat16: the upper half of a float.
#pragma once

#include <stdint.h>
#include <string.h>

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
