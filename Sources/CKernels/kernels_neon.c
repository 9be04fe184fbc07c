#if defined(__aarch64__)
#include <math.h>
#include <stdint.h>

#define KERNELS_NAME "neon"
#define KERNELS_TABLE apus_kernels_neon

#include "vector_neon.h"
#include "kernels_template.h"
#endif
