// Turning small matrices: to[c][r] = from[r][c].
#pragma once

#include <stdint.h>
#include <string.h>

typedef float apus_four __attribute__((vector_size(16)));

static inline apus_four apus_load_four(const float *from) {
    apus_four x;
    memcpy(&x, from, sizeof x);
    return x;
}

static inline void apus_transpose(const float *from, int64_t from_stride, int64_t rows, int64_t columns, float *to,
                                  int64_t to_stride) {
    const int64_t whole_rows = rows & ~(int64_t)3, whole_columns = columns & ~(int64_t)3;
    for (int64_t r = 0; r < whole_rows; r += 4) {
        for (int64_t c = 0; c < whole_columns; c += 4) {
            const float *start = from + r * from_stride + c;
            const apus_four a = apus_load_four(start), b = apus_load_four(start + from_stride);
            const apus_four d = apus_load_four(start + 2 * from_stride), e = apus_load_four(start + 3 * from_stride);
            const apus_four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), de = __builtin_shufflevector(d, e, 0, 4, 1, 5);
            const apus_four ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7), de2 = __builtin_shufflevector(d, e, 2, 6, 3, 7);
            const apus_four turned[4] = {
                __builtin_shufflevector(ab, de, 0, 1, 4, 5), __builtin_shufflevector(ab, de, 2, 3, 6, 7),
                __builtin_shufflevector(ab2, de2, 0, 1, 4, 5), __builtin_shufflevector(ab2, de2, 2, 3, 6, 7),
            };
            for (int64_t i = 0; i < 4; i++) memcpy(to + (c + i) * to_stride + r, &turned[i], sizeof turned[i]);
        }
        for (int64_t c = whole_columns; c < columns; c++) {
            for (int64_t i = 0; i < 4; i++) to[c * to_stride + r + i] = from[(r + i) * from_stride + c];
        }
    }
    for (int64_t r = whole_rows; r < rows; r++) {
        for (int64_t c = 0; c < columns; c++) to[c * to_stride + r] = from[r * from_stride + c];
    }
}
