// Compares every vector kernel of the machine it runs on with the scalar twin: the way to try the kernels of a processor
// that is not at hand, under an emulator, and to run them under clang's sanitizers. A table's name as its argument leaves
// the others out. Exits 1 where two disagree.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

static int failures;
static const char *table_name;

static void fail(const char *what, int64_t a, int64_t b, int64_t c, float found, float expected) {
    if (failures++ < 20) {
        printf("%s: %s %lld %lld %lld: %g, not %g\n", table_name, what, (long long)a, (long long)b, (long long)c, found, expected);
    }
}

// MARK: Memory of exactly the size asked for, so that a sanitizer sees every access beyond it

static uint64_t seed = 1;

static float draw(float limit) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return ((float)(seed >> 40) * 0x1p-23f - 1) * limit;
}

static float *drawn(int64_t count, float limit) {
    float *memory = malloc((size_t)(count > 0 ? count : 1) * sizeof(float));
    for (int64_t i = 0; i < count; i++) memory[i] = draw(limit);
    return memory;
}

static float *copied(const float *from, int64_t count) {
    float *memory = malloc((size_t)(count > 0 ? count : 1) * sizeof(float));
    return memcpy(memory, from, (size_t)count * sizeof(float));
}

static bool differ(float found, float expected, float tolerance) {
    if (isnan(found) || isnan(expected)) return isnan(found) != isnan(expected);
    return found != expected && !(fabsf(found - expected) <= tolerance);
}

// Frees both.
static void compare(const char *what, int64_t a, int64_t b, int64_t c, float *found, float *expected, int64_t count,
                    float tolerance) {
    for (int64_t i = 0; i < count; i++) {
        if (!differ(found[i], expected[i], tolerance)) continue;
        fail(what, a, b, c, found[i], expected[i]);
        break;
    }
    free(found);
    free(expected);
}

// MARK: Operations

static void pack(const apus_kernels *kernels, apus_packing packing) {
    if (!apus_pack(kernels, &packing)) fail("finite weights", 0, 0, 0, NAN, 0);
}

// Packs a matrix in two parts.
static void *packed(const apus_kernels *kernels, apus_precision precision, const float *b, int64_t depth, int64_t columns,
                    float *scales) {
    void *result = malloc((size_t)apus_packed_bytes(kernels, precision, depth, columns));
    const int64_t part = columns / 3;
    apus_packing packing = {
        .precision = precision, .element = apus_element_float32, .source = b, .column_stride = depth, .depth_stride = 1,
        .depth = depth, .columns = part, .packed = result, .scales = scales,
    };
    pack(kernels, packing);
    packing.source = b + part * depth, packing.first_column = part, packing.columns = columns - part;
    pack(kernels, packing);
    return result;
}

static float *product_of(const apus_kernels *kernels, apus_product product, const float *b) {
    const int64_t count = product.rows * product.out_stride - (product.out_stride - product.columns);
    const int64_t width = kernels->formats[product.precision]->panel_width;
    float *scales = malloc((size_t)((product.columns + width - 1) / width * width) * sizeof(float));
    void *panels = packed(kernels, product.precision, b, product.depth, product.columns, scales);
    product.packed = panels;
    product.scales = scales;
    product.out = calloc((size_t)count, sizeof(float));
    apus_multiply(kernels, &product);
    free(panels), free(scales);
    return product.out;
}

// Both quantise weights alike, but not the left operand: a row's step is at most a 127th of its largest element.
static void check_precision(const apus_kernels *kernels, apus_precision precision, int64_t rows, int64_t depth,
                            int64_t columns) {
    const int64_t which = rows + 2 * columns + depth;
    float *a = drawn(rows * depth, 1), *b = drawn(columns * depth, 1), *residual = drawn(rows * columns, 1);
    const apus_product product = {
        .precision = precision, .rows = rows, .depth = depth, .columns = columns, .a = a, .a_stride = depth,
        .residual = which % 3 ? residual : NULL, .residual_stride = columns, .out_stride = columns + which % 4,
    };
    static const char *const names[] = {"", "product in bfloat16", "product in int8", "product in int4"};
    const float step = precision == apus_precision_bfloat16 ? 1.0f / 256 : 1.0f / 127;
    compare(names[precision], rows, depth, columns,
            product_of(kernels, product, b), product_of(&apus_kernels_scalar, product, b),
            (rows - 1) * product.out_stride + columns, 2e-5f * (float)(depth + 2) + step * 2.5f * sqrtf((float)depth));
    free(a), free(b), free(residual);
}

static void check_product(const apus_kernels *kernels, int64_t rows, int64_t depth, int64_t columns) {
    check_precision(kernels, apus_precision_bfloat16, rows, depth, columns);
    check_precision(kernels, apus_precision_int8, rows, depth, columns);
    check_precision(kernels, apus_precision_int4, rows, depth, columns);
    const int64_t which = rows + 2 * columns + depth;
    float *a = drawn(rows * depth, 1), *b = drawn(columns * depth, 1);
    float *bias = drawn(columns, 1), *residual = drawn(rows * columns, 1);
    const apus_product product = {
        .rows = rows, .depth = depth, .columns = columns, .a = a, .a_stride = depth,
        .bias = which % 2 ? bias : NULL, .activation = (apus_activation)(which % 8),
        .residual = which % 3 ? residual : NULL, .residual_stride = columns, .out_stride = columns + which % 4,
    };
    compare("product", rows, depth, columns, product_of(kernels, product, b), product_of(&apus_kernels_scalar, product, b),
            (rows - 1) * product.out_stride + columns, 2e-5f * (float)(depth + 2));
    free(a), free(b), free(bias), free(residual);
}

static void check_packing(const apus_kernels *kernels) {
    enum { depth = 1 << 16 };
    static uint16_t bits[depth];
    for (int32_t i = 0; i < depth; i++) bits[i] = (uint16_t)i;
    for (int type = apus_element_float16; type <= apus_element_bfloat16; type++) {
        float *ours = malloc((size_t)apus_packed_bytes(kernels, apus_precision_float32, depth, 1));
        float *scalars = malloc((size_t)apus_packed_bytes(&apus_kernels_scalar, apus_precision_float32, depth, 1));
        apus_packing packing = {
            .element = (apus_element)type, .source = bits, .column_stride = depth, .depth_stride = 1, .depth = depth,
            .columns = 1, .packed = ours,
        };
        // Some of them are infinite or not numbers.
        if (apus_pack(kernels, &packing)) fail("odd weights", type, 0, 0, 0, NAN);
        packing.packed = scalars;
        apus_pack(&apus_kernels_scalar, &packing);
        for (int32_t i = 0; i < depth; i++) {
            const float x = ours[(int64_t)i * kernels->formats[0]->panel_width], y = scalars[(int64_t)i * apus_kernels_scalar.formats[0]->panel_width];
            if (differ(x, y, 0)) fail("packing", type, i, 0, x, y);
        }
        free(ours), free(scalars);
    }
}

static void check_rows(const apus_kernels *kernels, int64_t count) {
    const apus_kernels *scalar = &apus_kernels_scalar;
    float *x = drawn(count, 6), *weight = drawn(count, 1), *bias = drawn(count, 1);
    if (count > 2) x[count / 2] = count % 5 == 0 ? NAN : count % 7 == 0 ? INFINITY : count % 11 == 0 ? -INFINITY : x[0];
#define BOTH(what, detail, tolerance, CALL)                                                      \
    do {                                                                                         \
        float *found = copied(x, count), *expected = copied(x, count), *y = found;               \
        const apus_kernels *k = kernels;                                                         \
        CALL;                                                                                    \
        y = expected, k = scalar;                                                                \
        CALL;                                                                                    \
        compare(what, count, detail, 0, found, expected, count, tolerance);                      \
    } while (0)
    for (int a = apus_activation_none; a <= apus_activation_sigmoid; a++) {
        BOTH("activation", a, 3e-6f, k->activate((apus_activation)a, x, y, count));
    }
    BOTH("sum", 0, 0, k->add(x, bias, y, count));
    BOTH("multiple", 0, 0, k->scale(x, 0.3f, y, count));
    BOTH("product of elements", 0, 0, k->multiply(x, weight, y, count));
    const float tolerance = count == 1 ? 1e-3f : 2e-5f;
    BOTH("layer norm", 0, tolerance, k->layer_norm(x, weight, bias, 1e-5f, y, count));
    BOTH("layer norm, bare", 0, tolerance, k->layer_norm(x, NULL, NULL, 1e-5f, y, count));
    BOTH("root mean square norm", 0, tolerance, k->rms_norm(x, weight, 1e-6f, y, count));
    BOTH("softmax", 0, 2e-6f, k->softmax(y, count));
    float maximum = 0, sum = 0;
    BOTH("step of softmax", 0, 2e-6f, {
        maximum = -3;
        sum = 2;
        const float correction = k->softmax_step(y, count, &maximum, &sum);
        if (count > 2) y[0] += correction + sum / (float)count;
        // With NaN in the sum no weight means anything.
        for (int64_t i = 0; i < count; i++) y[i] += 0 * sum;
    });
    for (int64_t i = 0; i < count; i++) x[i] = -INFINITY;
    BOTH("step of softmax of nothing", 0, 0, {
        maximum = -INFINITY;
        sum = 0;
        y[0] += k->softmax_step(y, count, &maximum, &sum) + sum;
    });
    float *slope = drawn(count, 1), *more = calloc((size_t)count, sizeof(float));
    for (int64_t i = 0; i < count; i++) x[i] = 2 * bias[i];
    for (int a = apus_activation_none; a <= apus_activation_sigmoid; a++) {
        BOTH("slope of an activation", a, 1e-5f, k->activate_backward((apus_activation)a, x, slope, y, count));
    }
    BOTH("layer norm, backward", 0, 1e-4f, k->layer_norm_backward(x, weight, slope, 1e-1f, y, more, more, count));
    BOTH("root mean square norm, backward", 0, 1e-4f, k->rms_norm_backward(x, weight, slope, 1e-1f, y, more, count));
    BOTH("softmax, backward", 0, 1e-5f, k->softmax_backward(weight, slope, y, count));
    BOTH("exponentials", 0, 1e-5f, {
        k->shifted_exp(x, 1, 0.1f, 0.5f, y, count);
        y[0] += k->log_sum_exp(x, count) + k->total(x, count) / (float)count;
    });
    free(slope), free(more);
    free(x), free(weight), free(bias);
}

static void check_attention(const apus_kernels *kernels, int64_t queries, int64_t keys, int64_t width, bool causal) {
    const int64_t heads = 4, shared = 2, batch = 2;
    float *query = drawn(batch * queries * heads * width, 1), *key = drawn(batch * keys * shared * width, 1);
    float *value = drawn(batch * keys * shared * width, 1), *bias = drawn(heads * queries * keys, 1);
    float *mask = calloc((size_t)(batch * keys), sizeof(float));
    for (int64_t k = keys + keys / 2; k < 2 * keys; k++) mask[k] = causal ? -INFINITY : -1e30f;
    apus_attention attention = {
        .batch = batch, .heads = heads, .key_value_heads = shared, .queries = queries, .keys = keys, .key_width = width,
        .value_width = width, .query = query, .key = key, .value = value,
        .query_batch_stride = queries * heads * width, .query_row_stride = heads * width,
        .key_batch_stride = keys * shared * width, .key_row_stride = shared * width,
        .value_batch_stride = keys * shared * width, .value_row_stride = shared * width,
        .out_batch_stride = queries * heads * width, .out_row_stride = heads * width,
        .scale = 1 / sqrtf((float)width), .causal = causal, .key_mask = mask, .bias = bias,
    };
    const int64_t count = batch * queries * heads * width;
    float *found = calloc((size_t)count, sizeof(float)), *expected = calloc((size_t)count, sizeof(float));
    attention.out = found;
    apus_attend(kernels, &attention);
    attention.out = expected;
    apus_attend(&apus_kernels_scalar, &attention);
    compare("attention", queries, keys, width, found, expected, count, 1e-5f);
    free(query), free(key), free(value), free(bias), free(mask);
}

int main(int argument_count, char **arguments) {
    const apus_kernels *tables[5];
    int32_t count = apus_kernels_available(tables, 4);
#ifdef EMULATE_AVX512
    // The table of AVX2, with formats that are written in plain C for this.
    extern const apus_format apus_bfloat16_avx512, apus_int8_vnni, apus_int4_vnni;
    apus_kernels emulated = *tables[count - 2];
    emulated.name = "emulated";
    emulated.formats[apus_precision_bfloat16] = &apus_bfloat16_avx512;
    emulated.formats[apus_precision_int8] = &apus_int8_vnni;
    emulated.formats[apus_precision_int4] = &apus_int4_vnni;
    tables[count++] = &emulated;
#endif
    for (int32_t t = 0; t < count; t++) {
        const apus_kernels *kernels = tables[t];
        if (argument_count > 1 && strcmp(arguments[1], kernels->name) != 0) continue;
        table_name = kernels->name;
        const int before = failures;
        for (int64_t rows = 1; rows <= 67; rows++) {
            for (int64_t columns = 1; columns <= 67; columns++) {
                check_product(kernels, rows, 1 + (rows * 5 + columns) % 67, columns);
            }
        }
        const int64_t depths[] = {767, 768, 769, 1536, 3073};
        for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
            for (int64_t rows = 1; rows < 40; rows += 12) check_product(kernels, rows, depths[i], 70);
        }
        check_product(kernels, 300, 65, 1000);
        check_packing(kernels);
        for (int64_t n = 1; n <= 67; n++) check_rows(kernels, n);
        check_rows(kernels, 769);
        check_rows(kernels, 4099);
        const int64_t lengths[] = {1, 2, 7, 14, 15, 31, 33, 67};
        for (int i = 0; i < 8; i++) {
            for (int j = 0; j < 8; j++) check_attention(kernels, lengths[i], lengths[j], 9, (i + j) % 2);
        }
        const int64_t widths[] = {1, 7, 32, 33, 64, 80, 128, 800};
        for (int i = 0; i < 8; i++) check_attention(kernels, 13, 37, widths[i], i % 2);
        const int64_t keys[] = {767, 768, 769, 1500};
        for (int i = 0; i < 4; i++) check_attention(kernels, 15, keys[i], 8, i % 2);
        printf("%s: %s\n", table_name, failures == before ? "agrees with the scalar twin" : "differs");
    }
    return failures > 0;
}
