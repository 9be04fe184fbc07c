// Large blocks for packed weights.
#include <stdlib.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "CKernels.h"

void *apus_allocate(size_t bytes) {
    const size_t large_page = (size_t)2 << 20;
    const size_t alignment = bytes >= large_page ? large_page : 64;
    if (bytes > SIZE_MAX - alignment) return NULL;
    const size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    void *memory = NULL;
    if (posix_memalign(&memory, alignment, rounded == 0 ? alignment : rounded) != 0) return NULL;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (alignment == large_page) madvise(memory, rounded, MADV_HUGEPAGE);
#endif
    return memory;
}

void apus_deallocate(void *memory) { free(memory); }
