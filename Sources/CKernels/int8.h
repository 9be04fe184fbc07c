// What the products in 8-bit integers of all instruction sets share.
//
// A weight is an integer from −127 to 127 times its column's scale; an element of the left operand is an integer times the
// scale of its row in this block of depth, which stands behind the row's last place.
#pragma once

#include <math.h>
#include <string.h>

#include "CKernels.h"

extern const apus_format apus_int8_scalar;
#if defined(__x86_64__)
extern const apus_format apus_int8_avx2;        // the left operand in 16 bits
extern const apus_format apus_int8_vnni;        // in 8 bits
extern const apus_format apus_bfloat16_avx512;  // both operands in bfloat16
#elif defined(__aarch64__)
extern const apus_format apus_int8_dotprod;     // in 8 bits
extern const apus_format apus_int8_i8mm;        // in 8 bits, of two rows and two columns at a time
#endif

// The scale that makes the largest of a row `most`; 0 for a row of zeros, NaN for one that is not finite.
static inline float apus_row_scale(float largest, float most) { return largest <= 0x1.fffffep127f ? largest / most : NAN; }

// What a row is multiplied by to become integers.
static inline float apus_row_factor(float scale) { return scale > 0 ? 1 / scale : 0; }
