/// Self-attention: every position gathers what it needs from the others (Vaswani et al., 2017, arXiv:1706.03762).
struct MultiHeadAttention: Sendable {
    private let shape: AttentionShape
    /// Queries, keys and values side by side, from one product.
    private let input: Linear
    private let output: Linear
    private let rotary: RotaryEmbedding?

    init(_ configuration: TransformerConfiguration, _ weights: Weights, names: TransformerNames.Layer) throws {
        let attention = configuration.attention
        shape = AttentionShape(
            heads: attention.headCount, keyValueHeads: attention.keyValueHeadCount, keyWidth: attention.headWidth,
            valueWidth: attention.headWidth, scale: attention.scale, isCausal: attention.isCausal)
        let queryWidth = attention.headCount * attention.headWidth
        let keyWidth = attention.keyValueHeadCount * attention.headWidth
        switch names.input {
        case .separate(let query, let key, let value):
            input = try Linear(
                configuration.width,
                [
                    .init(weights[query], queryWidth, hasBias: attention.hasQueryBias),
                    .init(weights[key], keyWidth, hasBias: attention.hasKeyBias),
                    .init(weights[value], keyWidth, hasBias: attention.hasValueBias),
                ])
        case .fused(let name):
            input = try Linear(
                configuration.width, queryWidth + 2 * keyWidth, weights[name], hasBias: attention.hasQueryBias)
        }
        output = try Linear(
            queryWidth, configuration.width, weights[names.attentionOutput], hasBias: attention.hasOutputBias)
        if case .rotary(let base, let width) = configuration.positions {
            rotary = RotaryEmbedding(base: base, width: width)
        } else {
            rotary = nil
        }
    }

    /// - Parameters:
    ///   - x: `[batch, positions, width]`.
    ///   - queries: how many positions, from the first, are wanted.
    ///   - mask: `[batch, positions]`, added to the scores.
    ///   - bias: `[heads, queries, positions]`, added to the scores.
    ///   - residual: `[batch, queries, width]`, added to the result.
    /// - Returns: `[batch, queries, width]`.
    func callAsFunction(_ x: Tensor, queries: Int, mask: Tensor?, bias: Tensor?, residual: Tensor?) -> Tensor {
        var rows = input(x)
        let keyColumn = shape.heads * shape.keyWidth
        if let rotary {
            rows = rotary(rows, columns: (0..<shape.heads + shape.keyValueHeads).map { $0 * shape.keyWidth })
        }
        let gathered = attention(
            query: HeadRows(tensor: rows, positions: queries),
            key: HeadRows(tensor: rows, column: keyColumn),
            value: HeadRows(tensor: rows, column: keyColumn + shape.keyValueHeads * shape.keyWidth),
            shape: shape, keyMask: mask, bias: bias)
        return output(gathered, residual: residual)
    }
}
