// Attention of one head: its keys and values in panels, and tiles of queries that look at them.
//
// Scores of one tile of queries by one block of keys at a time, running softmax, and the values' weighted sum by the same tile
// product (Milakov and Gimelshein, 2018, arXiv:1805.02867; Rabe and Staats, 2021, arXiv:2112.05682).
#pragma once

#include "CKernels.h"

// How the keys and values of a head lie: panels of keys, then, by block of apus_tile_depth keys, the panels of values.
typedef struct {
    const apus_kernels *kernels;
    const apus_format *format;
    apus_precision precision;
    int64_t keys, key_width, value_width;
    int64_t key_bytes, bytes;           // of the keys, and of all
} apus_head;

// The precision is not int8.
apus_head apus_head_of(const apus_kernels *kernels, apus_precision precision, int64_t keys, int64_t key_width,
                       int64_t value_width);

// Rows of keys and values as they were computed; strides count elements.
typedef struct {
    apus_element element;
    const void *keys, *values;
    int64_t key_stride, value_stride;
} apus_head_rows;

// Lays them out on this thread.
void apus_pack_head(const apus_head *head, const apus_head_rows *rows, char *panels);

// What a worker needs to attend to a head.
typedef struct {
    char *queries;      // a tile of them, by block of depth, as the format has its left operand
    char *weights;      // a tile of one block of weights, likewise
    float *scores;      // [tile_rows][apus_tile_stride]
    float *sums, *part; // [tile_rows][values, whole panels]: of all blocks of keys so far, and of one
    float *scaled;      // a tile of queries
    int64_t sums_stride;
} apus_head_scratch;

// A multiple of 64.
int64_t apus_head_scratch_bytes(const apus_head *head);
apus_head_scratch apus_head_scratch_at(const apus_head *head, char *start);

// At most tile_rows queries.
typedef struct {
    int32_t rows;
    const float *query;
    int64_t query_stride;
    float scale;
    const float *mask;    // [keys], added to the scores
    const float *bias;    // a row of [keys] for each query, added to the scores
    int64_t bias_stride;
    int64_t seen, seen_more;            // query r sees the first seen + r · seen_more keys
    float *out;
    int64_t out_stride;
    float *statistics;                  // where not NULL, receives of each query the logarithm of its sum of exp(scores)
} apus_head_queries;

// out = softmax(scale · query · keyᵀ + mask + bias) · value; zeros for a query that sees no key.
void apus_attend_head(const apus_head *head, const apus_head_scratch *scratch, const char *panels,
                      const apus_head_queries *queries);
// out[r][k] = scale · query r · key k for all keys.
void apus_score_head(const apus_head *head, const apus_head_scratch *scratch, const char *panels,
                     const apus_head_queries *queries);
