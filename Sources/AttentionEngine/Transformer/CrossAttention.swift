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
        shape = AttentionShape(attention, precision: weights.precision)
        let (query, keyValue) = attention.inputParts(names.crossAttentionInput, weights)
        precondition(!keyValue.isEmpty, "queries and keys of different states cannot come from one product")
        self.query = try Linear(width, query, layout: layout)
        self.keyValue = try Linear(memoryWidth, keyValue, layout: layout)
        output = try Linear(
            shape.heads * shape.valueWidth, width, weights[names.crossAttentionOutput], hasBias: attention.hasOutputBias,
            layout: layout)
    }

    /// The keys and values of an encoder's states, `[batch, positions, memory width]`.
    func keysAndValues(of states: Tensor) -> AttentionMemory {
        Profile.measure(.memory) {
            AttentionMemory(
                keyValue(states), keyColumn: 0, valueColumn: shape.keyValueHeads * shape.keyWidth, shape: shape)
        }
    }

    /// - Parameters:
    ///   - x: `[rows, positions, width]`.
    ///   - residual: like `x`, added to the result.
    /// - Returns: `[rows, positions, width]`.
    func callAsFunction(_ x: Tensor, memory: CrossMemory.Layer, residual: Tensor?) -> Tensor {
        // Rows that look at the same memory are so many queries of one sequence.
        let queries = query(x)
        memory.hear?(queries)
        let groups = memory.groups.count
        let gathered = memory.keysAndValues.attend(
            queries.reshaped(to: [groups, queries.rowCount / max(1, groups), queries.width]), sequences: memory.groups,
            mask: memory.mask)
        return output(gathered.reshaped(to: x.shape.dropLast() + [gathered.width]), residual: residual)
    }
}
