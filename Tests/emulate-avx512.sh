#!/bin/sh
# Runs the products that only some AVX-512 processors have instructions for, these written in plain C, against their scalar
# twins, on any x86-64 processor with AVX2. CLANG names the compiler.
set -eu
cd "$(dirname "$0")/.."
clang=${CLANG:-clang}
if [ "$(uname -m)" != x86_64 ]; then
    echo "skipped: not an x86-64 machine"
    exit 0
fi
flags="-std=c17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -ISources/CKernels/include -ISources/CKernels"
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

for file in Sources/CKernels/*.c Tests/KernelEmulation/compare.c; do
    case $file in
    */formats_avx512.c | */int4_avx512.c)
        # Without its targets: the compiler must not use the instructions for anything else either.
        grep -v 'pragma clang attribute' "$file" >"$build/emulated.c"
        $clang $flags -Wno-psabi -mavx2 -mfma -ITests/KernelEmulation/avx512 -c "$build/emulated.c" -o "$build/$(basename "$file" .c).o"
        ;;
    *) $clang $flags -DEMULATE_AVX512 -c "$file" -o "$build/$(basename "$file" .c).o" ;;
    esac
done
$clang "$build"/*.o -lm -lpthread -o "$build/compare"
"$build/compare" emulated
