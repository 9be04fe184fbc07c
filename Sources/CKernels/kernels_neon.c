#if defined(__aarch64__)
#include <math.h>
#include <stdint.h>

#include "int4.h"
#include "int8.h"

#define KERNELS_NAME "neon"
#define KERNELS_TABLE apus_kernels_neon
#define INT8_FORMAT apus_int8_scalar
#define INT4_FORMAT apus_int4_scalar

#include "vector_neon.h"
#include "kernels_template.h"
#endif
