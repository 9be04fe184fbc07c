// The backward passes of row operations, of one instruction set. A part of kernels_template.h.

INLINE vector v_slope(apus_activation activation, vector x) {
    const vector one = v_set(1);
    switch (activation) {
    case apus_activation_none: return one;
    case apus_activation_relu: return v_where_less(v_set(0), x, one, v_set(0));
    case apus_activation_gelu: {
        const vector share = v_fma(v_set(0.5f), v_erf(v_mul(x, v_set(0.707106781f))), v_set(0.5f));
        const vector density = v_mul(v_set(0.398942280f), v_exp(v_mul(v_mul(v_set(-0.5f), x), x)));
        return v_fma(x, density, share);
    }
    case apus_activation_gelu_tanh: {
        const vector squared = v_mul(x, x);
        const vector inner = v_mul(x, v_fma(v_set(0.044715f), squared, one));
        const vector s = v_sigmoid(v_mul(v_set(1.59576912f), inner));
        const vector slope = v_fma(v_set(0.214070937f), squared, v_set(1.59576912f));
        return v_fma(v_mul(v_mul(x, s), v_sub(one, s)), slope, s);
    }
    case apus_activation_quick_gelu: {
        const vector s = v_sigmoid(v_mul(v_set(1.702f), x));
        return v_fma(v_mul(v_mul(x, s), v_sub(one, s)), v_set(1.702f), s);
    }
    case apus_activation_silu: {
        const vector s = v_sigmoid(x);
        return v_fma(v_mul(x, s), v_sub(one, s), s);
    }
    case apus_activation_tanh: {
        const vector t = v_tanh(x);
        return v_sub(one, v_mul(t, t));
    }
    case apus_activation_sigmoid: {
        const vector s = v_sigmoid(x);
        return v_mul(s, v_sub(one, s));
    }
    }
    return one;
}

INLINE void activate_backward_with(const apus_activation activation, const float *x, const float *dy, float *dx,
                                   int64_t count) {
    FOR_VECTORS(count, { store(dx + i, n, v_mul(load(dy + i, n), v_slope(activation, load(x + i, n)))); });
}

static void activate_backward(apus_activation activation, const float *x, const float *dy, float *dx, int64_t count) {
#define CALL(a) activate_backward_with(a, x, dy, dx, count)
    WITH_ACTIVATION(activation, CALL)
#undef CALL
}

static void layer_norm_backward(const float *x, const float *weight, const float *dy, float epsilon, float *dx,
                                float *dweight, float *dbias, int64_t count) {
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
    vector totals = v_set(0), products = v_set(0);
    // Beyond the row's end gradients are zero, so that what is there of x does not count.
    FOR_VECTORS(count, {
        const vector z = v_mul(v_sub(load(x + i, n), v_set(mean)), v_set(factor));
        vector g = load(dy + i, n);
        if (dweight) store(dweight + i, n, v_fma(g, z, load(dweight + i, n)));
        if (dbias) store(dbias + i, n, v_add(g, load(dbias + i, n)));
        if (weight) g = v_mul(g, load(weight + i, n));
        totals = v_add(totals, g);
        products = v_fma(g, z, products);
    });
    const vector total = v_set(v_sum(totals) / (float)count), product = v_set(v_sum(products) / (float)count);
    FOR_VECTORS(count, {
        const vector z = v_mul(v_sub(load(x + i, n), v_set(mean)), v_set(factor));
        vector g = load(dy + i, n);
        if (weight) g = v_mul(g, load(weight + i, n));
        store(dx + i, n, v_mul(v_set(factor), v_sub(v_sub(g, total), v_mul(z, product))));
    });
}

static void rms_norm_backward(const float *x, const float *weight, const float *dy, float epsilon, float *dx, float *dweight,
                              int64_t count) {
    vector sums = v_set(0);
    FOR_VECTORS(count, {
        const vector z = load(x + i, n);
        sums = v_fma(z, z, sums);
    });
    const float factor = 1 / sqrtf(v_sum(sums) / (float)count + epsilon);
    vector products = v_set(0);
    FOR_VECTORS(count, {
        const vector z = v_mul(load(x + i, n), v_set(factor));
        vector g = load(dy + i, n);
        if (dweight) store(dweight + i, n, v_fma(g, z, load(dweight + i, n)));
        if (weight) g = v_mul(g, load(weight + i, n));
        products = v_fma(g, z, products);
    });
    const vector product = v_set(v_sum(products) / (float)count);
    FOR_VECTORS(count, {
        const vector z = v_mul(load(x + i, n), v_set(factor));
        vector g = load(dy + i, n);
        if (weight) g = v_mul(g, load(weight + i, n));
        store(dx + i, n, v_mul(v_set(factor), v_sub(g, v_mul(z, product))));
    });
}

static void softmax_backward(const float *y, const float *dy, float *dx, int64_t count) {
    vector sums = v_set(0);
    FOR_VECTORS(count, { sums = v_fma(load(y + i, n), load(dy + i, n), sums); });
    const vector sum = v_set(v_sum(sums));
    FOR_VECTORS(count, { store(dx + i, n, v_mul(load(y + i, n), v_sub(load(dy + i, n), sum))); });
}

static void attention_backward(float *scores, float *gradients, const float *mask, const float *bias, float statistic,
                               float delta, int64_t count) {
    FOR_VECTORS(count, {
        vector x = load(scores + i, n);
        if (mask) x = v_add(x, load(mask + i, n));
        if (bias) x = v_add(x, load(bias + i, n));
        const vector p = v_exp(v_sub(x, v_set(statistic)));
        store(scores + i, n, p);
        store(gradients + i, n, v_mul(p, v_sub(load(gradients + i, n), v_set(delta))));
    });
}

static float log_sum_exp(const float *x, int64_t count) {
    const float largest = largest_of(x, count);
    vector sums = v_set(0);
    const int64_t whole = count / VECTOR_WIDTH * VECTOR_WIDTH;
    for (int64_t i = 0; i < whole; i += VECTOR_WIDTH) sums = v_add(sums, v_exp(v_sub(v_load(x + i), v_set(largest))));
    float sum = v_sum(sums);
    for (int64_t i = whole; i < count; i++) sum += expf(x[i] - largest);
    return largest + logf(sum);
}

static void shifted_exp(const float *x, float shift, float factor, float offset, float *y, int64_t count) {
    FOR_VECTORS(count, {
        store(y + i, n, v_fma(v_set(factor), v_exp(v_sub(load(x + i, n), v_set(shift))), v_set(offset)));
    });
}

static float total(const float *x, int64_t count) {
    vector sums = v_set(0);
    FOR_VECTORS(count, { sums = v_add(sums, load(x + i, n)); });
    return v_sum(sums);
}
