// Chooses the kernels once, by what the processor has and what APUS_ISA asks for.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"
#include "amx.h"
#include "brains.h"
#include "int4.h"
#include "int8.h"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
// The bits that the kernel reports these two by (HWCAP_ASIMDDP, HWCAP2_I8MM).
static bool has_dot_products(void) { return getauxval(AT_HWCAP) & 1ul << 20; }
static bool has_matrix_products(void) { return getauxval(AT_HWCAP2) & 1ul << 13; }
#elif defined(__aarch64__)
#include <sys/sysctl.h>
// Every Mac with an Arm processor has them; matrix products came with the second of these processors.
static bool has_dot_products(void) { return true; }
static bool has_matrix_products(void) {
    int found = 0;
    size_t size = sizeof found;
    return sysctlbyname("hw.optional.arm.FEAT_I8MM", &found, &size, NULL, 0) == 0 && found != 0;
}
#endif

// The tables of this processor, those that have them with the formats that only some processors of their kind can run.
static apus_kernels own[4];
static int32_t own_count;
static pthread_once_t gathered = PTHREAD_ONCE_INIT;

static void gather(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("fma")) {
        apus_kernels *wide = &own[own_count++];
        *wide = apus_kernels_avx512;
        if (__builtin_cpu_supports("avx512bf16")) {
            wide->formats[apus_precision_bfloat16] = &apus_bfloat16_avx512;
            wide->to_brains = apus_to_brains_avx512;
        }
        if (__builtin_cpu_supports("avx512vnni")) {
            wide->formats[apus_precision_int8] = &apus_int8_vnni;
            wide->formats[apus_precision_int4] = &apus_int4_vnni;
        }
#ifdef APUS_AMX
        if (__builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vnni") && apus_has_tiles()) {
            // The fastest stands first.
            own[own_count++] = *wide;
            wide->name = "amx";
            wide->formats[apus_precision_bfloat16] = &apus_bfloat16_amx;
            wide->formats[apus_precision_int8] = &apus_int8_amx;
        }
#endif
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) own[own_count++] = apus_kernels_avx2;
#elif defined(__aarch64__)
    apus_kernels *neon = &own[own_count++];
    *neon = apus_kernels_neon;
    if (has_dot_products()) {
        neon->formats[apus_precision_int8] = &apus_int8_dotprod;
        neon->formats[apus_precision_int4] = &apus_int4_dotprod;
    }
    if (has_matrix_products()) neon->formats[apus_precision_int8] = &apus_int8_i8mm;
#endif
    own[own_count++] = apus_kernels_scalar;
}

int32_t apus_kernels_available(const apus_kernels **list, int32_t capacity) {
    pthread_once(&gathered, gather);
    for (int32_t i = 0; i < own_count && i < capacity; i++) list[i] = &own[i];
    return own_count < capacity ? own_count : capacity;
}

bool apus_multiplies_bfloat16(const apus_kernels *kernels) {
    // They take pairs; what multiplies floats takes one at a time.
    return kernels->formats[apus_precision_bfloat16]->step == 2;
}

static const apus_kernels *current;
static bool override_valid = true;
static pthread_once_t chosen = PTHREAD_ONCE_INIT;

static void choose(void) {
    const apus_kernels *list[4];
    const int32_t count = apus_kernels_available(list, 4);
    current = list[0];
    const char *wanted = getenv("APUS_ISA");
    if (wanted == NULL || *wanted == 0) return;
    for (int32_t i = 0; i < count; i++) {
        if (strcmp(list[i]->name, wanted) == 0) {
            current = list[i];
            return;
        }
    }
    override_valid = false;
}

const apus_kernels *apus_kernels_current(void) {
    pthread_once(&chosen, choose);
    return current;
}

bool apus_kernels_override_valid(void) {
    pthread_once(&chosen, choose);
    return override_valid;
}
