// The tile product of one instruction set, with weights as floats and in bfloat16. A part of kernels_template.h.

// A vector of columns at depth k of a panel, of floats or of bfloat16 numbers, which are the upper halves of floats: columns
// of both vectors alternate, so that a mask and a shift take them apart.
INLINE vector panel_vector(const bool is_brain, const void *panel, int64_t k, int32_t v) {
    if (!is_brain) return v_load((const float *)panel + k * PANEL_WIDTH + v * VECTOR_WIDTH);
    const uint16_t *pairs = (const uint16_t *)panel + k * PANEL_WIDTH;
    return v == 0 ? v_lower_brains(pairs) : v_upper_brains(pairs);
}

// The accumulators must stay in registers: `rows` is a constant wherever this is called.
INLINE void tile_of(const int32_t rows, const bool is_brain, int64_t depth, const float *a, const void *panel,
                    const void *ahead, float *out, int64_t out_stride) {
    vector sums[TILE_ROWS][PANEL_VECTORS];
    UNROLL for (int32_t r = 0; r < rows; r++) {
        UNROLL for (int32_t v = 0; v < PANEL_VECTORS; v++) sums[r][v] = v_set(0);
    }
    // Two depths a turn, so that wherever the loop comes to stand in memory, decoding it is never what takes longest.
    _Pragma("clang loop unroll_count(2)") for (int64_t k = 0; k < depth; k++) {
        __builtin_prefetch((const char *)ahead + (is_brain ? 8 : 16) * k, 0, 2);
        // A panel of floats is larger than a first-level cache, and the next tile of it reads it again.
        if (!is_brain) {
            UNROLL for (int32_t c = 0; c < PANEL_WIDTH; c += 16) {
                __builtin_prefetch((const float *)panel + (k + 24) * PANEL_WIDTH + c, 0, 3);
            }
        }
        vector b[PANEL_VECTORS];
        UNROLL for (int32_t v = 0; v < PANEL_VECTORS; v++) b[v] = panel_vector(is_brain, panel, k, v);
        UNROLL for (int32_t r = 0; r < rows; r++) {
            const vector x = v_set(a[r * apus_tile_stride + k]);
            UNROLL for (int32_t v = 0; v < PANEL_VECTORS; v++) sums[r][v] = v_fma(x, b[v], sums[r][v]);
        }
    }
    UNROLL for (int32_t r = 0; r < rows; r++) {
        UNROLL for (int32_t v = 0; v < PANEL_VECTORS; v++) v_store(out + r * out_stride + v * VECTOR_WIDTH, sums[r][v]);
    }
}

// Each depth has sums of its own, because the next product into the same sum must wait for the last.
INLINE void tile_of_one(const bool is_brain, int64_t depth, const float *a, const void *panel, float *out) {
    vector sums[4][PANEL_VECTORS];
    UNROLL for (int32_t u = 0; u < 4; u++) {
        UNROLL for (int32_t v = 0; v < PANEL_VECTORS; v++) sums[u][v] = v_set(0);
    }
    int64_t k = 0;
    for (; k + 4 <= depth; k += 4) {
        UNROLL for (int32_t u = 0; u < 4; u++) {
            const vector x = v_set(a[k + u]);
            UNROLL for (int32_t v = 0; v < PANEL_VECTORS; v++) {
                sums[u][v] = v_fma(x, panel_vector(is_brain, panel, k + u, v), sums[u][v]);
            }
        }
    }
    for (; k < depth; k++) {
        UNROLL for (int32_t v = 0; v < PANEL_VECTORS; v++) {
            sums[0][v] = v_fma(v_set(a[k]), panel_vector(is_brain, panel, k, v), sums[0][v]);
        }
    }
    UNROLL for (int32_t v = 0; v < PANEL_VECTORS; v++) {
        v_store(out + v * VECTOR_WIDTH, v_add(v_add(sums[0][v], sums[1][v]), v_add(sums[2][v], sums[3][v])));
    }
}

INLINE void tile_of_any(const bool is_brain, int32_t rows, int64_t depth, const float *a, const void *panel,
                        const void *ahead, float *out, int64_t out_stride) {
#define ROWS(n) \
    case n: tile_of(n <= TILE_ROWS ? n : 1, is_brain, depth, a, panel, ahead, out, out_stride); return;
    switch (rows) {
    case 1: tile_of_one(is_brain, depth, a, panel, out); return;
    ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6)
#if TILE_ROWS > 6
    ROWS(7) ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12)
#endif
#if TILE_ROWS > 12
    ROWS(13) ROWS(14)
#endif
    }
#undef ROWS
}

static void tile_float32(int32_t rows, int64_t steps, const void *left, const void *panel, const float *scales,
                         const void *ahead, float *out, int64_t out_stride) {
    (void)scales;
    tile_of_any(false, rows, steps, left, panel, ahead, out, out_stride);
}

static void tile_bfloat16(int32_t rows, int64_t steps, const void *left, const void *panel, const float *scales,
                          const void *ahead, float *out, int64_t out_stride) {
    (void)scales;
    tile_of_any(true, rows, steps, left, panel, ahead, out, out_stride);
}

static void prepare_floats(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left) {
    (void)steps;
    for (int64_t r = 0; r < rows; r++) {
        memcpy((float *)left + r * apus_tile_stride, a + r * a_stride, (size_t)depth * sizeof(float));
    }
}

static const apus_format float32_format = {
    .panel_width = PANEL_WIDTH,
    .tile_rows = TILE_ROWS,
    .step = 1,
    .step_bytes = 4 * PANEL_WIDTH,
    .left_bytes = apus_tile_stride * 4,
    .prepare = prepare_floats,
    .tile = tile_float32,
};

// Kept in bfloat16, multiplied as floats.
#if VECTOR_WIDTH == 16
static const uint8_t brain_order[] = {0,  2,  4,  6,  8,  10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30,
                                      1,  3,  5,  7,  9,  11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31};
#elif VECTOR_WIDTH == 8
static const uint8_t brain_order[] = {0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15};
#else
static const uint8_t brain_order[] = {0, 2, 4, 6, 1, 3, 5, 7};
#endif
static const apus_format bfloat16_format = {
    .panel_width = PANEL_WIDTH,
    .tile_rows = TILE_ROWS,
    .step = 1,
    .step_bytes = 2 * PANEL_WIDTH,
    .left_bytes = apus_tile_stride * 4,
    .order = brain_order,
    .prepare = prepare_floats,
    .tile = tile_bfloat16,
};
