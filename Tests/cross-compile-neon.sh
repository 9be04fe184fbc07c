#!/bin/sh
# Compiles the kernels for 64-bit Arm with every warning an error, and, where an emulator and a C library for it are
# installed (Debian: qemu-user, libc6-dev-arm64-cross, gcc-aarch64-linux-gnu), runs them against their scalar twins.
# CLANG names the compiler.
set -eu
cd "$(dirname "$0")/.."
clang=${CLANG:-clang}
flags="--target=aarch64-linux-gnu -std=c17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -ISources/CKernels/include"
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

if ! echo '#include <pthread.h>' | $clang $flags -x c -fsyntax-only - 2>/dev/null; then
    # Without a C library for Arm: the file that is written for it needs a few names of two headers alone.
    if ! echo '#include <arm_neon.h>' | $clang $flags -ffreestanding -x c -fsyntax-only - 2>/dev/null; then
        echo "skipped: $clang has no headers for 64-bit Arm" >&2
        exit 0
    fi
    echo 'float sqrtf(float); float expf(float); float logf(float);' >"$build/math.h"
    echo 'float fabsf(float); long lrintf(float);' >>"$build/math.h"
    printf '#define INFINITY __builtin_inff()\n#define NAN __builtin_nanf("")\n' >>"$build/math.h"
    echo 'typedef __SIZE_TYPE__ size_t; void *memcpy(void *, const void *, size_t); void *memset(void *, int, size_t);' >"$build/string.h"
    $clang $flags -ffreestanding -I"$build" -c Sources/CKernels/kernels_neon.c -o "$build/kernels_neon.o"
    echo "the NEON kernels compile; the rest needs libc6-dev-arm64-cross"
    exit 0
fi

for file in Sources/CKernels/*.c; do $clang $flags -c "$file" -o "$build/$(basename "$file" .c).o"; done
echo "the kernels compile for 64-bit Arm"

if ! command -v qemu-aarch64 >/dev/null || ! command -v aarch64-linux-gnu-gcc >/dev/null; then
    echo "not run: qemu-aarch64 and aarch64-linux-gnu-gcc are needed for that"
    exit 0
fi
$clang $flags -c Tests/KernelEmulation/compare.c -o "$build/compare.o"
aarch64-linux-gnu-gcc -static "$build"/*.o -lm -lpthread -o "$build/compare"
# With products of matrices in 8 bits, with dot products, and with neither.
for processor in max cortex-a76 cortex-a53; do
    echo "$processor:"
    qemu-aarch64 -cpu "$processor" "$build/compare" neon
done
