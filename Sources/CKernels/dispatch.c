// Chooses the kernels once, by what the processor has and what APUS_ISA asks for.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

int32_t apus_kernels_available(const apus_kernels **list, int32_t capacity) {
    const apus_kernels *found[3];
    int32_t count = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("fma")) {
        found[count++] = &apus_kernels_avx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found[count++] = &apus_kernels_avx2;
#elif defined(__aarch64__)
    found[count++] = &apus_kernels_neon;
#endif
    found[count++] = &apus_kernels_scalar;
    for (int32_t i = 0; i < count && i < capacity; i++) list[i] = found[i];
    return count < capacity ? count : capacity;
}

static const apus_kernels *current;
static bool override_valid = true;
static pthread_once_t chosen = PTHREAD_ONCE_INIT;

static void choose(void) {
    const apus_kernels *list[3];
    const int32_t count = apus_kernels_available(list, 3);
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
