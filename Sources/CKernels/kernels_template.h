// The kernels of one instruction set, written over the vector type that the including file has defined:
// `vector`, `v_…`, VECTOR_WIDTH, TILE_ROWS, and over INT8_FORMAT and INT4_FORMAT. KERNELS_NAME and KERNELS_TABLE name the result.
#include <math.h>
#include <string.h>

#include "CKernels.h"
#include "brains.h"

#define PANEL_VECTORS 2
#define PANEL_WIDTH (PANEL_VECTORS * VECTOR_WIDTH)
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

// MARK: Functions of a vector

// e^x to about one unit in the last place: x = n ln 2 + r, e^r by a polynomial fitted on |r| ≤ ln 2 / 2.
// Below −87.3 it is 0, above 88.3 infinite.
INLINE vector v_exp(vector x) {
    const vector bounded = v_max(v_set(-87.33654f), v_min(v_set(89.0f), x));
    const vector n = v_round(v_mul(bounded, v_set(1.44269504f)));
    vector r = v_fma(n, v_set(-0.693359375f), bounded);
    r = v_fma(n, v_set(2.12194440e-4f), r);
    vector p = v_set(0.00137512793f);
    p = v_fma(p, r, v_set(0.0083689522f));
    p = v_fma(p, r, v_set(0.0416695401f));
    p = v_fma(p, r, v_set(0.166665182f));
    p = v_fma(p, r, v_set(0.499999881f));
    p = v_fma(p, v_mul(r, r), v_add(r, v_set(1)));
    return v_where_less(x, v_set(-87.33654f), v_set(0), v_mul(p, v_power_of_two(n)));
}

INLINE vector v_sigmoid(vector x) { return v_div(v_set(1), v_add(v_set(1), v_exp(v_sub(v_set(0), x)))); }

INLINE vector v_tanh(vector x) {
    return v_fma(v_set(2), v_sigmoid(v_mul(v_set(2), x)), v_set(-1));
}

// erf to 3.3e-7: a ratio of polynomials in x², fitted on |x| ≤ 4, where it reaches 1.
INLINE vector v_erf(vector x) {
    const vector bounded = v_max(v_set(-4), v_min(v_set(4), x));
    const vector square = v_mul(bounded, bounded);
    vector p = v_set(1.92172394e-8f);
    p = v_fma(p, square, v_set(-1.99031615e-6f));
    p = v_fma(p, square, v_set(1.55535367e-4f));
    p = v_fma(p, square, v_set(0.00429299194f));
    p = v_fma(p, square, v_set(0.0524332747f));
    p = v_fma(p, square, v_set(0.213943273f));
    p = v_fma(p, square, v_set(1.12837863f));
    vector q = v_set(0.00109802338f);
    q = v_fma(q, square, v_set(0.0155509664f));
    q = v_fma(q, square, v_set(0.120799027f));
    q = v_fma(q, square, v_set(0.522929966f));
    q = v_fma(q, square, v_set(1));
    return v_max(v_set(-1), v_min(v_set(1), v_div(v_mul(bounded, p), q)));
}

INLINE vector v_activate(apus_activation activation, vector x) {
    switch (activation) {
    case apus_activation_none: return x;
    case apus_activation_relu: return v_max(v_set(0), x);
    case apus_activation_gelu: {
        const vector half = v_mul(v_set(0.5f), x);
        return v_fma(half, v_erf(v_mul(x, v_set(0.707106781f))), half);
    }
    case apus_activation_gelu_tanh: {
        const vector inner = v_mul(x, v_fma(v_mul(v_set(0.044715f), x), x, v_set(1)));
        return v_mul(x, v_sigmoid(v_mul(v_set(1.59576912f), inner)));
    }
    case apus_activation_quick_gelu: return v_mul(x, v_sigmoid(v_mul(v_set(1.702f), x)));
    case apus_activation_silu: return v_mul(x, v_sigmoid(x));
    case apus_activation_tanh: return v_tanh(x);
    case apus_activation_sigmoid: return v_sigmoid(x);
    }
    return x;
}

// Runs BODY for each vector of `count` elements at `i`, `n` of whose lanes are used.
#define FOR_VECTORS(count, BODY)                              \
    do {                                                      \
        int64_t i = 0;                                        \
        for (; i + VECTOR_WIDTH <= (count); i += VECTOR_WIDTH) { \
            const int64_t n = VECTOR_WIDTH;                   \
            BODY                                              \
        }                                                     \
        if (i < (count)) {                                    \
            const int64_t n = (count) - i;                    \
            BODY                                              \
        }                                                     \
    } while (0)

INLINE vector load(const float *p, int64_t n) { return n == VECTOR_WIDTH ? v_load(p) : v_load_part(p, n); }
INLINE void store(float *p, int64_t n, vector x) {
    if (n == VECTOR_WIDTH) v_store(p, x);
    else v_store_part(p, n, x);
}

// MARK: Products

#include "tile_template.h"

INLINE void finish_with(const apus_activation activation, int32_t rows, int32_t columns, const float *tile,
                        int64_t tile_stride, float *out, int64_t out_stride, const apus_finish *how) {
    for (int32_t r = 0; r < rows; r++) {
        const float *from = tile + r * tile_stride;
        float *to = out + r * out_stride;
        const float *residual = how->residual ? how->residual + r * how->residual_stride : NULL;
        FOR_VECTORS(columns, {
            vector x = v_load(from + i);
            if (how->accumulate) x = v_add(x, load(to + i, n));
            if (how->last) {
                if (how->bias) x = v_add(x, load(how->bias + i, n));
                x = v_activate(activation, x);
                if (residual) x = v_add(x, load(residual + i, n));
            }
            store(to + i, n, x);
        });
    }
}

// Calls CALL(activation) with a constant.
#define WITH_ACTIVATION(activation, CALL)                                                  \
    switch (activation) {                                                                  \
    case apus_activation_none: CALL(apus_activation_none); break;                          \
    case apus_activation_relu: CALL(apus_activation_relu); break;                          \
    case apus_activation_gelu: CALL(apus_activation_gelu); break;                          \
    case apus_activation_gelu_tanh: CALL(apus_activation_gelu_tanh); break;                \
    case apus_activation_quick_gelu: CALL(apus_activation_quick_gelu); break;              \
    case apus_activation_silu: CALL(apus_activation_silu); break;                          \
    case apus_activation_tanh: CALL(apus_activation_tanh); break;                          \
    case apus_activation_sigmoid: CALL(apus_activation_sigmoid); break;                    \
    }

static void finish(int32_t rows, int32_t columns, const float *tile, int64_t tile_stride, float *out, int64_t out_stride,
                   const apus_finish *how) {
    const apus_activation activation = how->last ? how->activation : apus_activation_none;
#define CALL(a) finish_with(a, rows, columns, tile, tile_stride, out, out_stride, how)
    WITH_ACTIVATION(activation, CALL)
#undef CALL
}

// MARK: Rows

INLINE void activate_with(const apus_activation activation, const float *x, float *y, int64_t count) {
    FOR_VECTORS(count, { store(y + i, n, v_activate(activation, load(x + i, n))); });
}

static void activate(apus_activation activation, const float *x, float *y, int64_t count) {
#define CALL(a) activate_with(a, x, y, count)
    WITH_ACTIVATION(activation, CALL)
#undef CALL
}

static void add(const float *a, const float *b, float *y, int64_t count) {
    FOR_VECTORS(count, { store(y + i, n, v_add(load(a + i, n), load(b + i, n))); });
}

static void multiply(const float *a, const float *b, float *y, int64_t count) {
    FOR_VECTORS(count, { store(y + i, n, v_mul(load(a + i, n), load(b + i, n))); });
}

static void scale(const float *x, float factor, float *y, int64_t count) {
    FOR_VECTORS(count, { store(y + i, n, v_mul(load(x + i, n), v_set(factor))); });
}

static void layer_norm(const float *x, const float *weight, const float *bias, float epsilon, float *y,
                       int64_t count) {
    vector sums = v_set(0);
    FOR_VECTORS(count, { sums = v_add(sums, load(x + i, n)); });
    const float mean = v_sum(sums) / (float)count;
    sums = v_set(0);
    const int64_t whole = count / VECTOR_WIDTH * VECTOR_WIDTH;
    for (int64_t i = 0; i < whole; i += VECTOR_WIDTH) {
        const vector d = v_sub(v_load(x + i), v_set(mean));
        sums = v_fma(d, d, sums);
    }
    float squares = v_sum(sums);
    for (int64_t i = whole; i < count; i++) squares += (x[i] - mean) * (x[i] - mean);
    const float factor = 1 / sqrtf(squares / (float)count + epsilon);
    FOR_VECTORS(count, {
        vector z = v_mul(v_sub(load(x + i, n), v_set(mean)), v_set(factor));
        if (weight) z = v_mul(z, load(weight + i, n));
        if (bias) z = v_add(z, load(bias + i, n));
        store(y + i, n, z);
    });
}

static void rms_norm(const float *x, const float *weight, float epsilon, float *y, int64_t count) {
    vector sums = v_set(0);
    FOR_VECTORS(count, {
        const vector z = load(x + i, n);
        sums = v_fma(z, z, sums);
    });
    const float factor = 1 / sqrtf(v_sum(sums) / (float)count + epsilon);
    FOR_VECTORS(count, {
        vector z = v_mul(load(x + i, n), v_set(factor));
        if (weight) z = v_mul(z, load(weight + i, n));
        store(y + i, n, z);
    });
}

INLINE float largest_of(const float *row, int64_t count) {
    vector most = v_set(-INFINITY);
    const int64_t whole = count / VECTOR_WIDTH * VECTOR_WIDTH;
    for (int64_t i = 0; i < whole; i += VECTOR_WIDTH) most = v_max(most, v_load(row + i));
    float largest = v_largest(most);
    for (int64_t i = whole; i < count; i++) largest = row[i] > largest ? row[i] : largest;
    return largest;
}

// row = exp(row − maximum) in place; returns the sum.
INLINE float exponentiate(float *row, int64_t count, float maximum) {
    vector sums = v_set(0);
    const int64_t whole = count / VECTOR_WIDTH * VECTOR_WIDTH;
    for (int64_t i = 0; i < whole; i += VECTOR_WIDTH) {
        const vector e = v_exp(v_sub(v_load(row + i), v_set(maximum)));
        v_store(row + i, e);
        sums = v_add(sums, e);
    }
    float sum = v_sum(sums);
    if (whole < count) {
        v_store_part(row + whole, count - whole,
                     v_exp(v_sub(v_load_part(row + whole, count - whole), v_set(maximum))));
        for (int64_t i = whole; i < count; i++) sum += row[i];
    }
    return sum;
}

static void softmax(float *row, int64_t count) {
    const float sum = exponentiate(row, count, largest_of(row, count));
    scale(row, 1 / sum, row, count);
}

static float softmax_step(float *row, int64_t count, float *maximum, float *sum) {
    const float before = *maximum;
    const float largest = largest_of(row, count);
    const float now = largest > before ? largest : before;
    const float correction = before == now ? 1 : expf(before - now);
    // Where all scores so far are −∞, none counts.
    *sum = *sum * correction + exponentiate(row, count, now == -INFINITY ? 0 : now);
    *maximum = now;
    return correction;
}

static void log_softmax(const float *x, float *y, int64_t count) {
    const float largest = largest_of(x, count);
    vector sums = v_set(0);
    const int64_t whole = count / VECTOR_WIDTH * VECTOR_WIDTH;
    for (int64_t i = 0; i < whole; i += VECTOR_WIDTH) sums = v_add(sums, v_exp(v_sub(v_load(x + i), v_set(largest))));
    float sum = v_sum(sums);
    for (int64_t i = whole; i < count; i++) sum += expf(x[i] - largest);
    const float logarithm = logf(sum);
    FOR_VECTORS(count, { store(y + i, n, v_sub(v_sub(load(x + i, n), v_set(largest)), v_set(logarithm))); });
}

static float largest(const float *row, int64_t count) { return largest_of(row, count); }

// MARK: Rows that lie apart

// `n` elements from place `at` on.
INLINE vector load_any(const bool is_brain, const void *rows, int64_t at, int64_t n) {
    if (!is_brain) return load((const float *)rows + at, n);
    const uint16_t *brains = (const uint16_t *)rows + at;
    if (n == VECTOR_WIDTH) return v_load_brains(brains);
    uint16_t part[VECTOR_WIDTH] = {0};
    memcpy(part, brains, (size_t)n * sizeof *brains);
    return v_load_brains(part);
}

INLINE void dots_with(const bool is_brain, const float *query, float factor, const void *rows, const int64_t *starts,
                      int64_t count, int64_t width, float *scores) {
    int64_t k = 0;
    // Four at a time, because the next product into the same sum must wait for the last.
    for (; k + 4 <= count; k += 4) {
        vector sums[4];
        UNROLL for (int32_t u = 0; u < 4; u++) sums[u] = v_set(0);
        FOR_VECTORS(width, {
            const vector q = load(query + i, n);
            UNROLL for (int32_t u = 0; u < 4; u++) sums[u] = v_fma(q, load_any(is_brain, rows, starts[k + u] + i, n), sums[u]);
        });
        UNROLL for (int32_t u = 0; u < 4; u++) scores[k + u] = factor * v_sum(sums[u]);
    }
    for (; k < count; k++) {
        vector sums = v_set(0);
        FOR_VECTORS(width, { sums = v_fma(load(query + i, n), load_any(is_brain, rows, starts[k] + i, n), sums); });
        scores[k] = factor * v_sum(sums);
    }
}

static void dots(const float *query, float factor, apus_element element, const void *rows, const int64_t *starts, int64_t count,
                 int64_t width, float *scores) {
    if (element == apus_element_bfloat16) dots_with(true, query, factor, rows, starts, count, width, scores);
    else dots_with(false, query, factor, rows, starts, count, width, scores);
}

INLINE void weighted_sum_with(const bool is_brain, const float *weights, float factor, const void *rows, const int64_t *starts,
                              int64_t count, int64_t width, float *sum) {
    int64_t d = 0;
    for (; d + 4 * VECTOR_WIDTH <= width; d += 4 * VECTOR_WIDTH) {
        vector sums[4];
        UNROLL for (int32_t u = 0; u < 4; u++) sums[u] = v_set(0);
        for (int64_t k = 0; k < count; k++) {
            const vector w = v_set(weights[k]);
            UNROLL for (int32_t u = 0; u < 4; u++) {
                sums[u] = v_fma(w, load_any(is_brain, rows, starts[k] + d + u * VECTOR_WIDTH, VECTOR_WIDTH), sums[u]);
            }
        }
        UNROLL for (int32_t u = 0; u < 4; u++) v_store(sum + d + u * VECTOR_WIDTH, v_mul(v_set(factor), sums[u]));
    }
    const int64_t rest = d;
    FOR_VECTORS(width - rest, {
        vector part = v_set(0);
        for (int64_t k = 0; k < count; k++) {
            part = v_fma(v_set(weights[k]), load_any(is_brain, rows, starts[k] + rest + i, n), part);
        }
        store(sum + rest + i, n, v_mul(v_set(factor), part));
    });
}

static void weighted_sum(const float *weights, float factor, apus_element element, const void *rows, const int64_t *starts,
                         int64_t count, int64_t width, float *sum) {
    if (element == apus_element_bfloat16) weighted_sum_with(true, weights, factor, rows, starts, count, width, sum);
    else weighted_sum_with(false, weights, factor, rows, starts, count, width, sum);
}

static void to_brains(const float *x, uint16_t *y, int64_t count) {
    for (int64_t i = 0; i < count; i++) y[i] = apus_to_brain(x[i]);
}

// MARK: Gradients

#include "gradients_template.h"

const apus_kernels KERNELS_TABLE = {
    .name = KERNELS_NAME,
    .formats = {&float32_format, &bfloat16_format, &INT8_FORMAT, &INT4_FORMAT},
    .finish = finish,
    .activate = activate,
    .add = add,
    .multiply = multiply,
    .scale = scale,
    .layer_norm = layer_norm,
    .rms_norm = rms_norm,
    .softmax = softmax,
    .softmax_step = softmax_step,
    .log_softmax = log_softmax,
    .largest = largest,
    .dots = dots,
    .weighted_sum = weighted_sum,
    .to_brains = to_brains,
    .activate_backward = activate_backward,
    .layer_norm_backward = layer_norm_backward,
    .rms_norm_backward = rms_norm_backward,
    .softmax_backward = softmax_backward,
    .attention_backward = attention_backward,
    .log_sum_exp = log_sum_exp,
    .shifted_exp = shifted_exp,
    .total = total,
};
