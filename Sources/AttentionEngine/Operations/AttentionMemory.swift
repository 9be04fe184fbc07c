import CKernels

/// Keys and values that queries look at again and again, laid out once for the products with them.
final class AttentionMemory: Sendable {
    /// How many sequences there are.
    let batch: Int
    /// How many positions each has.
    let positions: Int
    /// How many heads look at them.
    var headCount: Int { shape.heads }
    private let shape: AttentionShape
    private let precision: Precision
    private let storage: TensorStorage
    /// In training, what would have been laid out, and where keys and values start in each row.
    private let rows: (tensor: Tensor, keyColumn: Int, valueColumn: Int)?

    /// Lays out keys and values.
    ///
    /// - Parameters:
    ///   - rows: `[batch, positions, width]`, with the keys of all heads from `keyColumn` on, and the values from `valueColumn`.
    init(_ rows: Tensor, keyColumn: Int, valueColumn: Int, shape: AttentionShape) {
        precondition(rows.rank == 3 && !shape.isCausal, "rows of \(rows.shape)")
        precondition(keyColumn + shape.keyValueHeads * shape.keyWidth <= rows.width, "keys too narrow")
        precondition(valueColumn + shape.keyValueHeads * shape.valueWidth <= rows.width, "values too narrow")
        (batch, positions) = (rows.shape[0], rows.shape[1])
        self.shape = shape
        precision = shape.precision.forMemory
        if GradientTape.isRecording {
            self.rows = (rows, keyColumn, valueColumn)
            storage = rows.storage
            return
        }
        self.rows = nil
        storage = TensorStorage(
            byteCount: Int(
                apus_memory_bytes(
                    kernels, Int64(batch), Int64(shape.keyValueHeads), Int64(positions), Int64(shape.keyWidth),
                    Int64(shape.valueWidth), precision.kernel)))
        rows.withFloatBuffer { buffer in
            guard let start = buffer.baseAddress else { return }
            withMemory { apus_pack_memory(kernels, $0, start + keyColumn, start + valueColumn, Int64(rows.width)) }
        }
    }

    /// softmax(scale · query · keyᵀ + mask) · value.
    ///
    /// - Parameters:
    ///   - queries: `[groups, queries, heads · keyWidth]`.
    ///   - sequences: the sequence that each group looks at.
    ///   - mask: `[groups, positions]`, added to the scores.
    /// - Returns: `[groups, queries, heads · valueWidth]`.
    func attend(_ queries: Tensor, sequences: [Int], mask: Tensor?) -> Tensor {
        let groups = queries.shape[0], count = queries.shape[1], width = shape.heads * shape.valueWidth
        precondition(queries.width == shape.heads * shape.keyWidth && sequences.count == groups, "queries of \(queries.shape)")
        precondition(sequences.allSatisfy((0..<batch).contains), "no such sequence")
        precondition(mask == nil || mask!.shape == [groups, positions], "mask of another shape")
        if let rows {
            precondition(sequences == Array(0..<batch), "in training every sequence looks at its own")
            return attention(
                query: HeadRows(tensor: queries), key: HeadRows(tensor: rows.tensor, column: rows.keyColumn),
                value: HeadRows(tensor: rows.tensor, column: rows.valueColumn), shape: shape, keyMask: mask)
        }
        return Tensor(shape: [groups, count, width]) { output in
            mask.withFloatPointer { mask in
                withAttention(queries, sequences: sequences, mask: mask, to: output) { apus_attend_memory(kernels, $0) }
            }
        }
    }

    /// scale · query · keyᵀ of one head.
    ///
    /// - Parameter queries: `[1, queries, heads · keyWidth]`.
    /// - Returns: `[queries, positions]`.
    func scores(_ queries: Tensor, sequence: Int, head: Int) -> Tensor {
        precondition(rows == nil, "no scores while training")
        precondition(queries.shape[0] == 1 && (0..<batch).contains(sequence) && (0..<shape.heads).contains(head), "no such head")
        return Tensor(shape: [queries.shape[1], positions]) { output in
            withAttention(queries, sequences: [sequence], mask: nil, to: output) {
                apus_memory_scores(kernels, $0, Int64(head))
            }
        }
    }

    private func withAttention(
        _ queries: Tensor, sequences: [Int], mask: UnsafePointer<Float>?, to output: UnsafeMutableBufferPointer<Float>,
        _ body: (UnsafePointer<apus_memory_attention>) -> Void
    ) {
        queries.withFloatBuffer { query in
            sequences.map(Int32.init).withUnsafeBufferPointer { sequences in
                withMemory { memory in
                    guard let query = query.baseAddress, let sequences = sequences.baseAddress, let out = output.baseAddress
                    else { return }
                    var attention = apus_memory_attention(
                        memory: memory, groups: Int64(queries.shape[0]), queries: Int64(queries.shape[1]), query: query,
                        sequences: sequences, scale: shape.scale, key_mask: mask, out: out)
                    body(&attention)
                }
            }
        }
    }

    private func withMemory(_ body: (UnsafePointer<apus_memory>) -> Void) {
        var memory = apus_memory(
            batch: Int64(batch), heads: Int64(shape.heads), key_value_heads: Int64(shape.keyValueHeads), keys: Int64(positions),
            key_width: Int64(shape.keyWidth), value_width: Int64(shape.valueWidth), precision: precision.kernel,
            panels: storage.base)
        withExtendedLifetime(storage) { body(&memory) }
    }
}
