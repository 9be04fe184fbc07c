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
    /// What the weights around it are in.
    var precision = Precision.float32
}

/// Rows of heads inside a wider tensor: a third of a fused projection's output, for example.
struct HeadRows {
    /// `[batch, positions, width]`, or one head after the other: `[batch, heads, positions, head width]`.
    var tensor: Tensor
    /// Where in each row the first head starts.
    var column = 0
    /// The first position that takes part.
    var first = 0
    /// How many positions, from there, take part; all where `nil`.
    var positions: Int?

    var count: Int { positions ?? tensor.shape[tensor.rank - 2] - first }
    fileprivate var rowStride: Int { tensor.width }
    fileprivate var batchStride: Int { tensor.count / max(1, tensor.shape[0]) }
    fileprivate func headStride(_ width: Int) -> Int { tensor.rank == 4 ? tensor.shape[2] * tensor.width : width }
    var offset: Int { column + first * rowStride }
    fileprivate var byteOffset: Int { offset * tensor.elementType.byteWidth }

    fileprivate func holds(_ heads: Int, of width: Int) -> Bool {
        guard first >= 0, first + count <= tensor.shape[tensor.rank - 2] else { return false }
        return tensor.rank == 4
            ? heads <= tensor.shape[1] && column + width <= tensor.width : column + heads * width <= tensor.width
    }
}

/// In which sequence of a tensor of keys each sequence of queries finds each of its keys: what beams share is stored once.
struct KeySequences {
    /// At `b · stride + k`, the sequence in which key `k` of sequence `b` stands.
    var table: [Int32]
    var stride: Int
}

/// softmax(scale · query · keyᵀ + masks) · value, fused, without a matrix of all scores (Vaswani et al., 2017,
/// arXiv:1706.03762; Dao et al., 2022, arXiv:2205.14135).
///
/// - Parameters:
///   - key: `float32` or `bfloat16`, as `value` is.
///   - keyMask: `[batch, keys]`, added to the scores; see `attentionMask`.
///   - bias: `[heads, queries, keys]`, added to the scores.
///   - sequences: where keys and values stand, if not each in the sequence of its queries.
/// - Returns: `[batch, queries, heads · valueWidth]`.
func attention(
    query: HeadRows, key: HeadRows, value: HeadRows, shape: AttentionShape, keyMask: Tensor? = nil, bias: Tensor? = nil,
    sequences: KeySequences? = nil
) -> Tensor {
    let batch = query.tensor.shape[0], queries = query.count, keys = key.count
    precondition(keyMask == nil || keyMask!.shape == [batch, keys], "mask of another shape")
    precondition(bias == nil || bias!.shape == [shape.heads, queries, keys], "bias of another shape")
    precondition(query.tensor.rank == 3 && query.holds(shape.heads, of: shape.keyWidth), "queries too narrow")
    precondition(key.holds(shape.keyValueHeads, of: shape.keyWidth), "keys too narrow")
    precondition(value.holds(shape.keyValueHeads, of: shape.valueWidth) && value.count == keys, "values too narrow")
    precondition([.float32, .bfloat16].contains(key.tensor.elementType), "keys of \(key.tensor.elementType)")
    precondition(value.tensor.elementType == key.tensor.elementType, "values of \(value.tensor.elementType)")
    precondition(shape.heads % shape.keyValueHeads == 0, "key and value heads do not divide the heads")
    let stored = key.tensor.shape[0]
    precondition(value.tensor.shape[0] == stored, "keys and values of different sequences")
    if let sequences {
        precondition(sequences.stride >= keys && sequences.table.count >= batch * sequences.stride, "table too short")
    } else {
        precondition(stored == batch, "queries and keys of different sequences")
    }

    let operands = AttentionOperands(
        query: query, key: key, value: value, shape: shape, keyMask: keyMask, bias: bias, sequences: sequences)
    guard let tape = operands.tape else {
        return operands.withOperation { operation in apus_attend(kernels, &operation) }
    }
    return operands.attend(recordedOn: tape)
}

/// What one attention operation works on.
struct AttentionOperands {
    let query, key, value: HeadRows
    let shape: AttentionShape
    let keyMask, bias: Tensor?
    let sequences: KeySequences?

    private var batch: Int { query.tensor.shape[0] }
    private var width: Int { shape.heads * shape.valueWidth }

    /// The shape of the statistics: `[batch, heads, queries]`.
    var statisticsShape: [Int] { [batch, shape.heads, query.count] }

    /// The result that `body` writes: `[batch, queries, heads · valueWidth]`.
    func withOperation(_ body: (inout apus_attention) -> Void) -> Tensor {
        Tensor(shape: [batch, query.count, width]) { output in
            if let out = output.baseAddress { withOperation(writingTo: out, body) }
        }
    }

    /// The operation as the kernels take it.
    func withOperation(writingTo out: UnsafeMutablePointer<Float>, _ body: (inout apus_attention) -> Void) {
        query.tensor.withFloatBuffer { q in
            key.tensor.withBytes { k in
                value.tensor.withBytes { v in
                    keyMask.withFloatPointer { keyMask in
                        bias.withFloatPointer { bias in
                            sequences.withTable { table in
                                guard let q = q.baseAddress, let k = k.baseAddress, let v = v.baseAddress else { return }
                                var operation = apus_attention(
                                    batch: Int64(batch), heads: Int64(shape.heads), key_value_heads: Int64(shape.keyValueHeads),
                                    queries: Int64(query.count), keys: Int64(key.count), key_width: Int64(shape.keyWidth),
                                    value_width: Int64(shape.valueWidth), query: q + query.offset, key: k + key.byteOffset,
                                    value: v + value.byteOffset, element: key.tensor.elementType.kernel,
                                    precision: shape.precision.forAttention.kernel, out: out,
                                    query_batch_stride: Int64(query.batchStride),
                                    query_row_stride: Int64(query.rowStride), key_batch_stride: Int64(key.batchStride),
                                    key_row_stride: Int64(key.rowStride), key_head_stride: Int64(key.headStride(shape.keyWidth)),
                                    value_batch_stride: Int64(value.batchStride), value_row_stride: Int64(value.rowStride),
                                    value_head_stride: Int64(value.headStride(shape.valueWidth)),
                                    out_batch_stride: Int64(query.count * width), out_row_stride: Int64(width),
                                    key_sequences: table, key_sequences_stride: Int64(sequences?.stride ?? 0),
                                    scale: shape.scale, causal: shape.isCausal, key_mask: keyMask, bias: bias)
                                body(&operation)
                            }
                        }
                    }
                }
            }
        }
    }
}

extension KeySequences? {
    fileprivate func withTable<R>(_ body: (UnsafePointer<Int32>?) -> R) -> R {
        guard let self else { return body(nil) }
        return self.table.withUnsafeBufferPointer { body($0.baseAddress) }
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
