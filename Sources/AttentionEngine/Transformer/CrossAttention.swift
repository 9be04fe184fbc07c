/// Attention of a decoder's positions to the states of an encoder (Vaswani et al., 2017, arXiv:1706.03762).
struct CrossAttention: Sendable {
    private let shape: AttentionShape
    private let query: Linear
    /// Keys and values side by side, from one product.
    private let keyValue: Linear
    private let output: Linear

    init(
        _ attention: AttentionConfiguration, width: Int, memoryWidth: Int, _ weights: Weights, names: TransformerNames.Layer,
        layout: PackedMatrix.Layout
    ) throws {
        var attention = attention
        attention.isCausal = false
        shape = AttentionShape(attention)
        let (query, keyValue) = attention.inputParts(names.crossAttentionInput, weights)
        precondition(!keyValue.isEmpty, "queries and keys of different states cannot come from one product")
        self.query = try Linear(width, query, layout: layout)
        self.keyValue = try Linear(memoryWidth, keyValue, layout: layout)
        output = try Linear(
            shape.heads * shape.valueWidth, width, weights[names.crossAttentionOutput], hasBias: attention.hasOutputBias,
            layout: layout)
    }

    /// The keys and values of an encoder's states, `[batch, positions, memory width]`: each
    /// `[batch, heads, positions, head width]`.
    func keysAndValues(of states: Tensor) -> (keys: Tensor, values: Tensor) {
        let extents = [states.shape[0], shape.keyValueHeads, states.shape[1], shape.keyWidth]
        let both = keyValue(states)
            .reshaped(to: [extents[0], extents[2], 2, extents[1], extents[3]]).permuted([2, 0, 3, 1, 4])
        return (both.sliced(0..<1, along: 0).reshaped(to: extents), both.sliced(1..<2, along: 0).reshaped(to: extents))
    }

    /// - Parameters:
    ///   - x: `[rows, positions, width]`.
    ///   - residual: like `x`, added to the result.
    /// - Returns: `[rows, positions, width]`.
    func callAsFunction(_ x: Tensor, memory: CrossMemory.Layer, residual: Tensor) -> Tensor {
        // Rows that look at the same memory are so many queries of one sequence.
        let queries = query(x)
        memory.hear?(queries, shape)
        let gathered = attention(
            query: HeadRows(tensor: queries.reshaped(to: [memory.groups, queries.rowCount / memory.groups, queries.width])),
            key: HeadRows(tensor: memory.keys), value: HeadRows(tensor: memory.values), shape: shape, keyMask: memory.mask,
            sequences: memory.sequences)
        return output(gathered.reshaped(to: x.shape.dropLast() + [gathered.width]), residual: residual)
    }
}
