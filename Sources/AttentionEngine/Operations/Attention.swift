import CKernels

/// The shape of one attention operation.
struct AttentionShape: Sendable, Hashable {
    var heads: Int
    var keyValueHeads: Int
    /// The width of one head's queries and keys.
    var keyWidth: Int
    /// The width of one head's values.
    var valueWidth: Int
    /// What the product of a query and a key is multiplied by.
    var scale: Float
    /// Whether a query sees only keys up to its own position, counted from the end.
    var isCausal: Bool
}

/// Rows of heads inside a wider tensor: a third of a fused projection's output, for example.
struct HeadRows {
    /// `[batch, positions, width]`.
    var tensor: Tensor
    /// Where in each row the first head starts.
    var column = 0
    /// How many positions, from the first, take part; all where `nil`.
    var positions: Int?
}

/// softmax(scale · query · keyᵀ + masks) · value, fused, without a matrix of all scores (Vaswani et al., 2017,
/// arXiv:1706.03762; Dao et al., 2022, arXiv:2205.14135).
///
/// - Parameters:
///   - keyMask: `[batch, keys]`, added to the scores; see `attentionMask`.
///   - bias: `[heads, queries, keys]`, added to the scores.
/// - Returns: `[batch, queries, heads · valueWidth]`.
func attention(
    query: HeadRows, key: HeadRows, value: HeadRows, shape: AttentionShape, keyMask: Tensor? = nil, bias: Tensor? = nil
) -> Tensor {
    let batch = query.tensor.shape[0]
    let queries = query.positions ?? query.tensor.shape[1]
    let keys = key.positions ?? key.tensor.shape[1]
    precondition(keyMask == nil || keyMask!.shape == [batch, keys], "mask of another shape")
    precondition(bias == nil || bias!.shape == [shape.heads, queries, keys], "bias of another shape")
    precondition(query.column + shape.heads * shape.keyWidth <= query.tensor.width, "queries too narrow")
    precondition(key.column + shape.keyValueHeads * shape.keyWidth <= key.tensor.width, "keys too narrow")
    precondition(value.column + shape.keyValueHeads * shape.valueWidth <= value.tensor.width, "values too narrow")
    precondition(shape.heads % shape.keyValueHeads == 0, "key and value heads do not divide the heads")

    func batchStride(_ rows: HeadRows) -> Int64 { Int64(rows.tensor.shape[1] * rows.tensor.width) }
    let width = shape.heads * shape.valueWidth
    return query.tensor.withFloatBuffer { q in
        key.tensor.withFloatBuffer { k in
            value.tensor.withFloatBuffer { v in
                keyMask.withFloatPointer { keyMask in
                    bias.withFloatPointer { bias in
                        Tensor(shape: [batch, queries, width]) { output in
                            guard let q = q.baseAddress, let k = k.baseAddress, let v = v.baseAddress,
                                let out = output.baseAddress
                            else { return }
                            var operation = apus_attention(
                                batch: Int64(batch), heads: Int64(shape.heads), key_value_heads: Int64(shape.keyValueHeads),
                                queries: Int64(queries), keys: Int64(keys), key_width: Int64(shape.keyWidth),
                                value_width: Int64(shape.valueWidth), query: q + query.column, key: k + key.column,
                                value: v + value.column, out: out, query_batch_stride: batchStride(query),
                                query_row_stride: Int64(query.tensor.width), key_batch_stride: batchStride(key),
                                key_row_stride: Int64(key.tensor.width), value_batch_stride: batchStride(value),
                                value_row_stride: Int64(value.tensor.width), out_batch_stride: Int64(queries * width),
                                out_row_stride: Int64(width), scale: shape.scale, causal: shape.isCausal,
                                key_mask: keyMask, bias: bias)
                            apus_attend(kernels, &operation)
                        }
                    }
                }
            }
        }
    }
}

/// What is added to the scores of keys that may and may not be seen.
///
/// - Parameter visible: `[batch, positions]` of any type; zero hides a position.
/// - Returns: `[batch, positions]` of 0 and a number so low that nothing else counts, but finite: a query none of whose keys
///   may be seen then weighs them all alike, as the reference does.
func attentionMask(_ visible: Tensor) -> Tensor {
    Tensor(visible.floats.map { $0 == 0 ? -1e30 : 0 }, shape: visible.shape)
}
