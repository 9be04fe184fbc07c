// The innermost loops of the attention engine, in plain C.
//
// Every routine exists once per instruction set, in a table chosen at run time, and once more as a plain scalar
// twin that says what the others must compute. Matrices are row-major; strides count elements.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#define APUS_NULLABLE _Nullable
#define APUS_NONNULL _Nonnull
#pragma clang assume_nonnull begin
#else
#define APUS_NULLABLE
#define APUS_NONNULL
#endif

// MARK: Kernel tables (kernels_*.c, dispatch.c)

typedef enum apus_activation {
    apus_activation_none = 0,
    apus_activation_relu,
    apus_activation_gelu,        // x Φ(x), exact to fp32
    apus_activation_gelu_tanh,   // its tanh approximation
    apus_activation_quick_gelu,  // x σ(1.702 x)
    apus_activation_silu,        // x σ(x)
    apus_activation_tanh,
    apus_activation_sigmoid,
} apus_activation;

enum {
    // The left operand of a tile product stands in scratch memory with this row stride: a constant lets one
    // register address every row, and this one keeps the rows in different sets of a first-level cache.
    apus_tile_stride = 784,
    // The longest depth that one tile product covers.
    apus_tile_depth = 768,
    apus_maximum_tile_rows = 32,
    apus_maximum_panel_width = 32,
};

// What is done to a tile of sums before it is stored.
typedef struct apus_finish {
    bool accumulate;                        // add what stands in the output: an earlier part of the depth
    bool last;                              // the depth is complete: apply the three below
    const float *APUS_NULLABLE bias;        // one for each column of the tile
    apus_activation activation;
    const float *APUS_NULLABLE residual;    // added after the activation; a tile like the output
    int64_t residual_stride;
} apus_finish;

// What the right operand of a product is kept in.
typedef enum apus_precision {
    apus_precision_float32 = 0,
    apus_precision_bfloat16,
    apus_precision_int8,        // with a scale for each column; the left operand gets one for each row
    apus_precision_int4,        // with a scale for each column and 32 depths
    apus_precision_count,
} apus_precision;

// What numbers in memory are.
typedef enum apus_element {
    apus_element_float32 = 0,
    apus_element_float64,
    apus_element_float16,
    apus_element_bfloat16,
    apus_element_int8,
} apus_element;

// How products in one precision are computed: how operands lie in memory, and what multiplies them.
//
// A panel is so many columns of the right operand. Its depth is cut into blocks of at most apus_tile_depth, a block into
// steps of so many neighbouring depths, the last filled up with zeros, which of one column stand side by side.
typedef struct apus_format {
    int32_t panel_width, tile_rows;     // a tile is up to so many rows by one panel
    int32_t step;
    int32_t step_bytes;                 // of a step of a panel
    int32_t header_bytes;               // before each block of a panel: of 0 groups, or 4 for each group and column
    int32_t left_bytes;                 // from row to row of the left operand
    int32_t left_most;                  // no step is larger than a row's largest element by this, where it is integers
    const uint8_t *APUS_NULLABLE order; // where in a step a column stands, unless by its number
    // Puts rows of one block of the left operand where tiles read them, `steps` whole steps of each.
    void (*prepare)(int64_t rows, int64_t depth, int64_t steps, const float *a, int64_t a_stride, void *left);
    // out[r][c] = Σ_k left[r][k] panel[k][c] over one block for r < rows ≤ tile_rows and all columns of the panel. `scales` has
    // one for each column, in integer precisions. Meanwhile a quarter as many bytes as the panel's block has are fetched into
    // the cache from `ahead` on, which may lie anywhere.
    void (*tile)(int32_t rows, int64_t steps, const void *left, const void *panel, const float *APUS_NULLABLE scales,
                 const void *ahead, float *out, int64_t out_stride);
} apus_format;

typedef struct apus_kernels {
    const char *name;
    const apus_format *APUS_NONNULL formats[apus_precision_count];

    // Moves a tile to the output, finishing it on the way.
    void (*finish)(int32_t rows, int32_t columns, const float *tile, int64_t tile_stride, float *out, int64_t out_stride,
                   const apus_finish *how);

    void (*activate)(apus_activation activation, const float *x, float *y, int64_t count);
    void (*add)(const float *a, const float *b, float *y, int64_t count);
    void (*multiply)(const float *a, const float *b, float *y, int64_t count);
    void (*scale)(const float *x, float factor, float *y, int64_t count);
    // y = (x − mean) / sqrt(variance + epsilon) · weight + bias over one row.
    void (*layer_norm)(const float *x, const float *APUS_NULLABLE weight, const float *APUS_NULLABLE bias,
                       float epsilon, float *y, int64_t count);
    // y = x / sqrt(mean square + epsilon) · weight over one row.
    void (*rms_norm)(const float *x, const float *APUS_NULLABLE weight, float epsilon, float *y, int64_t count);
    // One row in place.
    void (*softmax)(float *row, int64_t count);
    // One row of one block of scores becomes exp(score − maximum) in place, where *maximum, the largest so far, and
    // *sum, of all such terms so far, are brought up to date. Returns the factor by which what was accumulated
    // under the old maximum must be multiplied (Milakov and Gimelshein, 2018, arXiv:1805.02867).
    float (*softmax_step)(float *row, int64_t count, float *maximum, float *sum);
    // y = log(softmax(x)) over one row; y may be x.
    void (*log_softmax)(const float *x, float *y, int64_t count);
    // The largest of at least one number, none of them NaN.
    float (*largest)(const float *row, int64_t count);
    // Rows of `width` numbers lie apart, of floats or of bfloat16 numbers; the starts count elements.
    // scores[k] = factor · query · (the row at rows + starts[k]).
    void (*dots)(const float *query, float factor, apus_element element, const void *rows, const int64_t *starts, int64_t count,
                 int64_t width, float *scores);
    // sum = factor · Σ_k weights[k] · (the row at rows + starts[k]).
    void (*weighted_sum)(const float *weights, float factor, apus_element element, const void *rows, const int64_t *starts,
                         int64_t count, int64_t width, float *sum);
    // Rounded to the nearest, of two as near to the even one.
    void (*to_brains)(const float *x, uint16_t *y, int64_t count);

    // Backward passes: from dy, the gradient of a result, to dx, that of what it was made of.
    // dx = dy · activation'(x); dx may be dy.
    void (*activate_backward)(apus_activation activation, const float *x, const float *dy, float *dx, int64_t count);
    // One row. What it adds to the gradients of weight and bias is added to dweight and dbias.
    void (*layer_norm_backward)(const float *x, const float *APUS_NULLABLE weight, const float *dy, float epsilon, float *dx,
                                float *APUS_NULLABLE dweight, float *APUS_NULLABLE dbias, int64_t count);
    void (*rms_norm_backward)(const float *x, const float *APUS_NULLABLE weight, const float *dy, float epsilon, float *dx,
                              float *APUS_NULLABLE dweight, int64_t count);
    // One row; y is the softmax.
    void (*softmax_backward)(const float *y, const float *dy, float *dx, int64_t count);
    // A part of one row of attention: scores become the weights p = exp(scores + mask + bias − statistic), and gradients, those of
    // the weights, become p · (gradients − delta), those of the scores.
    void (*attention_backward)(float *scores, float *gradients, const float *APUS_NULLABLE mask, const float *APUS_NULLABLE bias,
                               float statistic, float delta, int64_t count);
    // log Σ exp(x) of at least one number.
    float (*log_sum_exp)(const float *x, int64_t count);
    // y = factor · exp(x − shift) + offset.
    void (*shifted_exp)(const float *x, float shift, float factor, float offset, float *y, int64_t count);
    float (*total)(const float *x, int64_t count);
} apus_kernels;

extern const apus_kernels apus_kernels_scalar;
#if defined(__x86_64__)
extern const apus_kernels apus_kernels_avx2;
extern const apus_kernels apus_kernels_avx512;
#elif defined(__aarch64__)
extern const apus_kernels apus_kernels_neon;
#endif

// The tables this machine can run, the fastest first; the scalar one is always the last.
int32_t apus_kernels_available(const apus_kernels *APUS_NONNULL *APUS_NONNULL list, int32_t capacity);
// The table in use: the fastest, or the one that the environment variable APUS_ISA names.
const apus_kernels *apus_kernels_current(void);
// False if APUS_ISA asks for what this machine or build does not have; the fastest is then in use.
bool apus_kernels_override_valid(void);
// Whether products in bfloat16 are made by instructions for it, and not as floats.
bool apus_multiplies_bfloat16(const apus_kernels *kernels);

// MARK: Threads (parallel.c)

// Who runs a part of a task, and the memory it may use meanwhile.
typedef struct apus_worker apus_worker;
// At least `bytes` of 64-byte aligned memory of this worker's own; a second call moves it and loses its contents.
void *apus_worker_scratch(apus_worker *worker, size_t bytes);
// The group whose preparation stands in the scratch memory, or −1; kept from call to call within one task.
int64_t *apus_worker_prepared(apus_worker *worker);

// Items `first` up to `last` of group `group`.
typedef void (*apus_task)(void *context, int64_t group, int64_t first, int64_t last, apus_worker *worker);

// Runs groups × items of work on all threads and returns when it is done. Each call of `task` gets items of one
// group, at least `grain` of them where that many are left; neighbouring groups tend to fall to one worker.
// A task may start another, which then runs on this thread alone, unless it uses its scratch memory.
void apus_parallel(int64_t groups, int64_t items, int64_t grain, apus_task task, void *context);
// The number of threads in use, the caller's included.
int32_t apus_thread_count(void);
// Sets it, from 1 to 256; the next task uses it.
void apus_set_thread_count(int32_t count);

// MARK: Matrix products (product.c, pack.c)

// The number of bytes that a packed matrix of this size takes.
int64_t apus_packed_bytes(const apus_kernels *kernels, apus_precision precision, int64_t depth, int64_t columns);

typedef struct apus_packing {
    apus_precision precision;
    apus_element element;
    // Element (column c, depth k) is read at c · column_stride + k · depth_stride.
    const void *source;
    int64_t column_stride, depth_stride;
    const float *APUS_NULLABLE source_scales;   // what each column's elements are multiplied by; NULL where they are as they are
    int64_t depth;
    // Columns go to `first_column` onwards of a packed matrix whose other columns are packed by other calls; unless a part
    // ends the matrix, its end must stand on a panel boundary or the next part must be packed after it.
    int64_t first_column, columns;
    void *packed;
    float *APUS_NULLABLE scales;                // integer precisions: one for each column of the packed matrix, whole panels of them
} apus_packing;

// Lays a matrix out in panels, one after the other, the last one filled up with zeros. False if an element is not finite.
bool apus_pack(const apus_kernels *kernels, const apus_packing *packing);

typedef struct apus_product {
    apus_precision precision;
    int64_t rows, depth, columns;
    const float *a;
    int64_t a_stride;
    const void *packed;
    const float *APUS_NULLABLE scales;
    const float *APUS_NULLABLE bias;
    apus_activation activation;
    const float *APUS_NULLABLE residual;
    int64_t residual_stride;
    float *out;
    int64_t out_stride;
} apus_product;

// out = activation(a · packed + bias) + residual, on all threads.
void apus_multiply(const apus_kernels *kernels, const apus_product *product);
// The same with the left operand turned: element (row r, depth k) is read at a[k · a_stride + r].
void apus_multiply_transposed(const apus_kernels *kernels, const apus_product *product);
// The additions and multiplications that all products of the program have taken so far, those of attention not counted.
int64_t apus_operation_count(void);

// MARK: What the machine can do (peak.c)

// Additions and multiplications a second on all threads, by products whose operands stay in the first-level cache.
double apus_peak_operations(const apus_kernels *kernels, apus_precision precision, double duration);
// Bytes a second that all threads read from memory; 0 if there is not enough of it to tell.
double apus_peak_bytes(const apus_kernels *kernels, double duration);

// MARK: Attention (attention.c)

typedef struct apus_attention {
    int64_t batch, heads, key_value_heads;      // key/value head h·key_value_heads/heads serves query head h
    int64_t queries, keys, key_width, value_width;
    // Head h of position p of sequence b starts at b · batch_stride + p · row_stride + h · width; of keys and values
    // at h · head_stride instead.
    const float *query;
    const void *key, *value;
    apus_element element;                       // of keys and values: float32 or bfloat16; strides count elements
    apus_precision precision;                   // of products with more than a few queries; not int8
    float *out;
    int64_t query_batch_stride, query_row_stride, key_batch_stride, key_row_stride, key_head_stride;
    int64_t value_batch_stride, value_row_stride, value_head_stride, out_batch_stride, out_row_stride;
    // Where not NULL, sequence b finds key and value k not in its own sequence of keys but in that which stands at
    // key_sequences[b · key_sequences_stride + k].
    const int32_t *APUS_NULLABLE key_sequences;
    int64_t key_sequences_stride;
    float scale;
    bool causal;                                // query q sees keys up to q + keys − queries
    const float *APUS_NULLABLE key_mask;        // [batch, keys], added to the scores
    const float *APUS_NULLABLE bias;            // [heads, queries, keys], added to the scores
} apus_attention;

// softmax(scale · query · keyᵀ + masks) · value on all threads: with a running softmax over blocks of keys, or, for few
// queries, straight from where keys and values stand.
void apus_attend(const apus_kernels *kernels, const apus_attention *attention);
// The same, and to `statistics`, [batch, heads, queries], the logarithm of the sum of each row's exp(scores): infinity for a query
// that sees no key.
void apus_attend_for_gradient(const apus_kernels *kernels, const apus_attention *attention, float *statistics);

// MARK: Attention's backward pass (attention_backward.c)

typedef struct apus_attention_gradient {
    const apus_attention *attention;    // as it was done: keys and values as floats, in no other sequences; with its result
    const float *statistics;
    const float *out;                   // the gradient of the result, laid out as that is
    // Receive the gradients, laid out as queries, keys and values are.
    float *query, *key, *value;
    float *APUS_NULLABLE bias;          // [heads, queries, keys], the gradient of all sequences, added to what is there
} apus_attention_gradient;

// All gradients from those of the result, on all threads: weights are computed again, a block at a time, and never all stored
// (Dao, 2023, arXiv:2307.08691).
void apus_attend_backward(const apus_kernels *kernels, const apus_attention_gradient *gradient);

// MARK: Attention to what was laid out once (memory_attention.c)

// Keys and values that queries look at again and again, in panels for the products with them.
typedef struct apus_memory {
    int64_t batch, heads, key_value_heads, keys, key_width, value_width;
    apus_precision precision;               // not int8
    void *panels;                           // apus_memory_bytes of them
} apus_memory;

int64_t apus_memory_bytes(const apus_kernels *kernels, int64_t batch, int64_t key_value_heads, int64_t keys, int64_t key_width,
                          int64_t value_width, apus_precision precision);
// Lays keys and values out on all threads. Those of position p of sequence b start at b · keys · row_stride + p · row_stride, heads
// side by side.
void apus_pack_memory(const apus_kernels *kernels, const apus_memory *memory, const float *keys, const float *values,
                      int64_t row_stride);

typedef struct apus_memory_attention {
    const apus_memory *memory;
    int64_t groups, queries;
    const float *query;                     // [groups, queries, heads · key_width]
    const int32_t *sequences;               // which sequence of the memory each group looks at
    float scale;
    const float *APUS_NULLABLE key_mask;    // [groups, keys], added to the scores
    float *out;                             // [groups, queries, heads · value_width]
} apus_memory_attention;

// softmax(scale · query · keyᵀ + mask) · value on all threads.
void apus_attend_memory(const apus_kernels *kernels, const apus_memory_attention *attention);
// out[q][k] = scale · query · key of one head of the first group.
void apus_memory_scores(const apus_kernels *kernels, const apus_memory_attention *attention, int64_t head);

// MARK: Memory (memory.c)

// 64-byte aligned memory, on large pages where the system has them; NULL if there is none.
void *APUS_NULLABLE apus_allocate(size_t bytes);
void apus_deallocate(void *APUS_NULLABLE memory);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
