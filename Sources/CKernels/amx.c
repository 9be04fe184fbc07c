// Whether there are tiles, and their configuration.
#include "amx.h"

#ifdef APUS_AMX
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

bool apus_has_tiles(void) {
    unsigned a, b, c, d;
    // OSXSAVE, and the system's saving of both parts of the tiles' state.
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & 1u << 27)) return false;
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    const unsigned states = 3u << 17;
    if ((low & states) != states) return false;
    // AMX-BF16, AMX-TILE and AMX-INT8.
    const unsigned needed = 1u << 22 | 1u << 24 | 1u << 25;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & needed) != needed) return false;
    // Asks the system for the memory that tiles are kept in (ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA).
    return syscall(SYS_arch_prctl, 0x1023, 18) == 0;
}

static _Thread_local bool is_configured;

APUS_TILES void apus_configure_tiles(void) {
    if (is_configured) return;
    struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } how = {.palette = 1};
    for (int i = 0; i < 8; i++) how.row_bytes[i] = 64, how.rows[i] = 16;
    _tile_loadconfig(&how);
    is_configured = true;
}

APUS_TILES void apus_release_tiles(void) {
    if (!is_configured) return;
    _tile_release();
    is_configured = false;
}
#endif
