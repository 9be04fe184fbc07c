#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <stdint.h>

#include "int4.h"
#include "int8.h"

#define KERNELS_NAME "avx2"
#define KERNELS_TABLE apus_kernels_avx2
#define INT8_FORMAT apus_int8_avx2
#define INT4_FORMAT apus_int4_avx2

// Only these functions use the instructions; the rest of the program runs anywhere.
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "vector_avx2.h"
#include "kernels_template.h"
#pragma clang attribute pop
#endif
