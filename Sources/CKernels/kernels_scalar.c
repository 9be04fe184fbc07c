// The plain twins: what every vector kernel must compute, in the simplest words. Also the fallback for any CPU.
#include <math.h>
#include <string.h>

#include "CKernels.h"
#include "brains.h"
#include "int4.h"
#include "int8.h"

enum { panel_width = 8, tile_rows = 4 };

// MARK: Formats

static void prepare_floats(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left) {
    (void)steps;
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t k = 0; k < depth; k++) ((float *)left)[r * apus_tile_stride + k] = a[r * a_stride + k];
    }
}

static void tile_float32(int32_t rows, int64_t steps, const void *left, const void *panel, const float *scales,
                         const void *ahead, float *out, int64_t out_stride) {
    (void)scales, (void)ahead;
    for (int32_t r = 0; r < rows; r++) {
        float sums[panel_width] = {0};
        for (int64_t k = 0; k < steps; k++) {
            const float x = ((const float *)left)[r * apus_tile_stride + k];
            for (int32_t c = 0; c < panel_width; c++) sums[c] += x * ((const float *)panel)[k * panel_width + c];
        }
        for (int32_t c = 0; c < panel_width; c++) out[r * out_stride + c] = sums[c];
    }
}

static const apus_format float32_format = {
    .panel_width = panel_width, .tile_rows = tile_rows, .step = 1, .step_bytes = 4 * panel_width,
    .left_bytes = apus_tile_stride * 4, .prepare = prepare_floats, .tile = tile_float32,
};

static void tile_bfloat16(int32_t rows, int64_t steps, const void *left, const void *panel, const float *scales,
                          const void *ahead, float *out, int64_t out_stride) {
    (void)scales, (void)ahead;
    for (int32_t r = 0; r < rows; r++) {
        for (int32_t c = 0; c < panel_width; c++) {
            float sum = 0;
            for (int64_t k = 0; k < steps; k++) {
                const float weight = apus_from_brain(((const uint16_t *)panel)[k * panel_width + c]);
                sum += ((const float *)left)[r * apus_tile_stride + k] * weight;
            }
            out[r * out_stride + c] = sum;
        }
    }
}

static const apus_format bfloat16_format = {
    .panel_width = panel_width, .tile_rows = tile_rows, .step = 1, .step_bytes = 2 * panel_width,
    .left_bytes = apus_tile_stride * 4, .prepare = prepare_floats, .tile = tile_bfloat16,
};

static apus_group prepare_group(int64_t depth, const float *from, int8_t *to) {
    apus_group group = {.place = 0};
    bool is_odd = false;
    for (int64_t k = 0; k < depth; k++) {
        is_odd |= from[k] != from[k];
        if (fabsf(from[k]) > fabsf(group.outlier)) group.outlier = from[k], group.place = (int32_t)k;
    }
    float least = 0, largest = 0;
    for (int64_t k = 0; k < depth; k++) {
        if (k == group.place) continue;
        least = from[k] < least ? from[k] : least;
        largest = from[k] > largest ? from[k] : largest;
    }
    apus_set_range(&group, least, is_odd ? NAN : largest);
    const float factor = apus_row_factor(group.scale);
    for (int64_t k = 0; k < depth; k++) {
        const int32_t q = factor > 0 && k != group.place ? (int32_t)lrintf(from[k] * factor) + group.zero : group.zero;
        to[k] = (int8_t)(q < 127 ? q : 127);
    }
    return group;
}

static void prepare_bytes(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left) {
    (void)steps;
    for (int64_t r = 0; r < rows; r++) {
        int8_t *to = (int8_t *)left + r * apus_byte_stride;
        for (int64_t first = 0; first < depth; first += apus_group_depth) {
            const int64_t count = depth - first < apus_group_depth ? depth - first : apus_group_depth;
            apus_set_group(to, first / apus_group_depth, prepare_group(count, a + r * a_stride + first, to + first));
        }
    }
}

static void tile_bytes(int32_t rows, int64_t steps, const void *left, const void *panel, const float *scales,
                       const void *ahead, float *out, int64_t out_stride) {
    (void)ahead;
    for (int32_t r = 0; r < rows; r++) {
        const int8_t *row = (const int8_t *)left + r * apus_byte_stride;
        for (int32_t c = 0; c < panel_width; c++) {
            const int8_t *column = (const int8_t *)panel + c;
            float total = 0;
            for (int64_t first = 0; first < steps; first += apus_group_depth) {
                const apus_group group = apus_group_at(row, first / apus_group_depth);
                const int64_t end = steps - first < apus_group_depth ? steps : first + apus_group_depth;
                int32_t sum = 0;
                for (int64_t k = first; k < end; k++) sum += (row[k] - group.zero) * column[k * panel_width];
                total += group.scale * (float)sum + group.outlier * (float)column[(first + group.place) * panel_width];
            }
            out[r * out_stride + c] = total * scales[c];
        }
    }
}

const apus_format apus_int8_scalar = {
    .panel_width = panel_width, .tile_rows = tile_rows, .step = 1, .step_bytes = panel_width,
    .left_bytes = apus_byte_stride, .left_most = 127, .prepare = prepare_bytes, .tile = tile_bytes,
};

// MARK: Activations

static float sigmoid(float x) { return 1 / (1 + expf(-x)); }

static float activated(apus_activation activation, float x) {
    switch (activation) {
    case apus_activation_none: return x;
    case apus_activation_relu: return x < 0 ? 0 : x;
    case apus_activation_gelu: return 0.5f * x * (1 + erff(x * 0.707106781f));
    case apus_activation_gelu_tanh: return 0.5f * x * (1 + tanhf(0.797884561f * (x + 0.044715f * x * x * x)));
    case apus_activation_quick_gelu: return x * sigmoid(1.702f * x);
    case apus_activation_silu: return x * sigmoid(x);
    case apus_activation_tanh: return tanhf(x);
    case apus_activation_sigmoid: return sigmoid(x);
    }
    return x;
}

static void finish(int32_t rows, int32_t columns, const float *tile, int64_t tile_stride, float *out, int64_t out_stride,
                   const apus_finish *how) {
    for (int32_t r = 0; r < rows; r++) {
        for (int32_t c = 0; c < columns; c++) {
            float x = tile[r * tile_stride + c];
            if (how->accumulate) x += out[r * out_stride + c];
            if (how->last) {
                if (how->bias) x += how->bias[c];
                x = activated(how->activation, x);
                if (how->residual) x += how->residual[r * how->residual_stride + c];
            }
            out[r * out_stride + c] = x;
        }
    }
}

static void activate(apus_activation activation, const float *x, float *y, int64_t count) {
    for (int64_t i = 0; i < count; i++) y[i] = activated(activation, x[i]);
}

static void add(const float *a, const float *b, float *y, int64_t count) {
    for (int64_t i = 0; i < count; i++) y[i] = a[i] + b[i];
}

static void multiply(const float *a, const float *b, float *y, int64_t count) {
    for (int64_t i = 0; i < count; i++) y[i] = a[i] * b[i];
}

static void scale(const float *x, float factor, float *y, int64_t count) {
    for (int64_t i = 0; i < count; i++) y[i] = x[i] * factor;
}

static void layer_norm(const float *x, const float *weight, const float *bias, float epsilon, float *y,
                       int64_t count) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < count; i++) sum += x[i];
    const double mean = sum / (double)count;
    for (int64_t i = 0; i < count; i++) squares += (x[i] - mean) * (x[i] - mean);
    const double factor = 1 / sqrt(squares / (double)count + epsilon);
    for (int64_t i = 0; i < count; i++) {
        y[i] = (float)((x[i] - mean) * factor) * (weight ? weight[i] : 1) + (bias ? bias[i] : 0);
    }
}

static void rms_norm(const float *x, const float *weight, float epsilon, float *y, int64_t count) {
    double squares = 0;
    for (int64_t i = 0; i < count; i++) squares += (double)x[i] * x[i];
    const double factor = 1 / sqrt(squares / (double)count + epsilon);
    for (int64_t i = 0; i < count; i++) y[i] = (float)(x[i] * factor) * (weight ? weight[i] : 1);
}

static float softmax_step(float *row, int64_t count, float *maximum, float *sum) {
    const float before = *maximum;
    for (int64_t i = 0; i < count; i++) *maximum = row[i] > *maximum ? row[i] : *maximum;
    const float correction = before == *maximum ? 1 : expf(before - *maximum);
    *sum *= correction;
    // Where all scores so far are −∞, none counts.
    const float subtracted = *maximum == -INFINITY ? 0 : *maximum;
    for (int64_t i = 0; i < count; i++) *sum += row[i] = expf(row[i] - subtracted);
    return correction;
}

static void softmax(float *row, int64_t count) {
    float maximum = -INFINITY, sum = 0;
    softmax_step(row, count, &maximum, &sum);
    scale(row, 1 / sum, row, count);
}

static float largest(const float *row, int64_t count) {
    float most = row[0];
    for (int64_t i = 1; i < count; i++) most = row[i] > most ? row[i] : most;
    return most;
}

static void log_softmax(const float *x, float *y, int64_t count) {
    const float most = largest(x, count);
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += expf(x[i] - most);
    const float logarithm = (float)log(sum);
    for (int64_t i = 0; i < count; i++) y[i] = x[i] - most - logarithm;
}

static float element_at(apus_element element, const void *rows, int64_t place) {
    return element == apus_element_bfloat16 ? apus_from_brain(((const uint16_t *)rows)[place]) : ((const float *)rows)[place];
}

static void dots(const float *query, float factor, apus_element element, const void *rows, const int64_t *starts, int64_t count,
                 int64_t width, float *scores) {
    for (int64_t k = 0; k < count; k++) {
        float sum = 0;
        for (int64_t d = 0; d < width; d++) sum += query[d] * element_at(element, rows, starts[k] + d);
        scores[k] = factor * sum;
    }
}

static void weighted_sum(const float *weights, float factor, apus_element element, const void *rows, const int64_t *starts,
                         int64_t count, int64_t width, float *sum) {
    for (int64_t d = 0; d < width; d++) {
        sum[d] = 0;
        for (int64_t k = 0; k < count; k++) sum[d] += weights[k] * element_at(element, rows, starts[k] + d);
        sum[d] *= factor;
    }
}

static void to_brains(const float *x, uint16_t *y, int64_t count) {
    for (int64_t i = 0; i < count; i++) y[i] = apus_to_brain(x[i]);
}

// MARK: Gradients

static float slope(apus_activation activation, float x) {
    const float s = sigmoid(activation == apus_activation_quick_gelu ? 1.702f * x : x);
    switch (activation) {
    case apus_activation_none: return 1;
    case apus_activation_relu: return x > 0 ? 1 : 0;
    case apus_activation_gelu: return 0.5f * (1 + erff(x * 0.707106781f)) + x * 0.398942280f * expf(-0.5f * x * x);
    case apus_activation_gelu_tanh: {
        const float t = tanhf(0.797884561f * (x + 0.044715f * x * x * x));
        return 0.5f * (1 + t) + 0.5f * x * (1 - t * t) * 0.797884561f * (1 + 3 * 0.044715f * x * x);
    }
    case apus_activation_quick_gelu: return s + 1.702f * x * s * (1 - s);
    case apus_activation_silu: return s + x * s * (1 - s);
    case apus_activation_tanh: return 1 - tanhf(x) * tanhf(x);
    case apus_activation_sigmoid: return s * (1 - s);
    }
    return 1;
}

static void activate_backward(apus_activation activation, const float *x, const float *dy, float *dx, int64_t count) {
    for (int64_t i = 0; i < count; i++) dx[i] = dy[i] * slope(activation, x[i]);
}

// dx = factor · (g − mean(g) − z · mean(g z)) with z the normalized row and g = dy · weight; a norm without a mean has no second
// term.
static void norm_backward(const float *x, const float *weight, const float *dy, double mean, double factor, bool is_centred,
                          float *dx, float *dweight, float *dbias, int64_t count) {
    double total = 0, product = 0;
    for (int64_t i = 0; i < count; i++) {
        const double z = (x[i] - mean) * factor, g = (double)dy[i] * (weight ? weight[i] : 1);
        total += g;
        product += g * z;
        if (dweight) dweight[i] += (float)(dy[i] * z);
        if (dbias) dbias[i] += dy[i];
    }
    if (!is_centred) total = 0;
    for (int64_t i = 0; i < count; i++) {
        const double z = (x[i] - mean) * factor, g = (double)dy[i] * (weight ? weight[i] : 1);
        dx[i] = (float)(factor * (g - total / (double)count - z * product / (double)count));
    }
}

static void layer_norm_backward(const float *x, const float *weight, const float *dy, float epsilon, float *dx,
                                float *dweight, float *dbias, int64_t count) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < count; i++) sum += x[i];
    const double mean = sum / (double)count;
    for (int64_t i = 0; i < count; i++) squares += (x[i] - mean) * (x[i] - mean);
    norm_backward(x, weight, dy, mean, 1 / sqrt(squares / (double)count + epsilon), true, dx, dweight, dbias, count);
}

static void rms_norm_backward(const float *x, const float *weight, const float *dy, float epsilon, float *dx, float *dweight,
                              int64_t count) {
    double squares = 0;
    for (int64_t i = 0; i < count; i++) squares += (double)x[i] * x[i];
    norm_backward(x, weight, dy, 0, 1 / sqrt(squares / (double)count + epsilon), false, dx, dweight, NULL, count);
}

static void softmax_backward(const float *y, const float *dy, float *dx, int64_t count) {
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += (double)y[i] * dy[i];
    for (int64_t i = 0; i < count; i++) dx[i] = y[i] * (dy[i] - (float)sum);
}

static void attention_backward(float *scores, float *gradients, const float *mask, const float *bias, float statistic,
                               float delta, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        const float x = scores[i] + (mask ? mask[i] : 0) + (bias ? bias[i] : 0);
        scores[i] = expf(x - statistic);
        gradients[i] = scores[i] * (gradients[i] - delta);
    }
}

static float log_sum_exp(const float *x, int64_t count) {
    const float most = largest(x, count);
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += expf(x[i] - most);
    return most + (float)log(sum);
}

static void shifted_exp(const float *x, float shift, float factor, float offset, float *y, int64_t count) {
    for (int64_t i = 0; i < count; i++) y[i] = factor * expf(x[i] - shift) + offset;
}

static float total(const float *x, int64_t count) {
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += x[i];
    return (float)sum;
}

const apus_kernels apus_kernels_scalar = {
    .name = "scalar",
    .formats = {&float32_format, &bfloat16_format, &apus_int8_scalar, &apus_int4_scalar},
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
