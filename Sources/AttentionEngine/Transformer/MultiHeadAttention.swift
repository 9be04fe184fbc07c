/// Self-attention: every position gathers what it needs from the others (Vaswani et al., 2017, arXiv:1706.03762).
struct MultiHeadAttention: Sendable {
    private let shape: AttentionShape
    /// Queries, keys and values side by side, from one product.
    private let input: Linear
    private let output: Linear
    private let rotary: RotaryEmbedding?

    init(
        _ configuration: TransformerConfiguration, _ weights: Weights, names: TransformerNames.Layer,
        layout: PackedMatrix.Layout
    ) throws {
        let attention = configuration.attention
        shape = AttentionShape(attention, precision: weights.precision)
        let queryWidth = attention.headCount * attention.headWidth
        let (query, keyValue) = attention.inputParts(names.input, weights)
        input = try Linear(configuration.width, query + keyValue, layout: layout)
        output = try Linear(
            queryWidth, configuration.width, weights[names.attentionOutput], hasBias: attention.hasOutputBias, layout: layout)
        if case .rotary(let base, let width) = configuration.positions {
            rotary = RotaryEmbedding(base: base, width: width)
        } else {
            rotary = nil
        }
    }

    /// - Parameters:
    ///   - x: `[batch, positions, width]`.
    ///   - wanted: the positions whose results are wanted.
    ///   - mask: `[batch, keys]`, added to the scores.
    ///   - bias: `[heads, wanted, keys]`, added to the scores.
    ///   - past: the keys and values of the positions before, to which those of `x` are added.
    ///   - residual: `[batch, wanted, width]`, added to the result.
    /// - Returns: `[batch, wanted, width]`.
    func callAsFunction(
        _ x: Tensor, wanted: Range<Int>, mask: Tensor?, bias: Tensor?, past: KeyValueCache.Layer?, residual: Tensor?
    ) -> Tensor {
        var rows = input(x)
        let keyColumn = shape.heads * shape.keyWidth, valueColumn = keyColumn + shape.keyValueHeads * shape.keyWidth
        if let rotary {
            rows = rotary(
                rows, columns: (0..<shape.heads + shape.keyValueHeads).map { $0 * shape.keyWidth },
                first: past?.newPositions.lowerBound ?? 0)
        }
        let query = HeadRows(tensor: rows, first: wanted.lowerBound, positions: wanted.count)
        guard let past else {
            return output(
                attention(
                    query: query, key: HeadRows(tensor: rows, column: keyColumn),
                    value: HeadRows(tensor: rows, column: valueColumn), shape: shape, keyMask: mask, bias: bias),
                residual: residual)
        }
        past.store(rows, keyColumn: keyColumn, valueColumn: valueColumn)
        return output(
            attention(
                query: query, key: past.keys, value: past.values, shape: shape, keyMask: mask, bias: bias,
                sequences: past.sequences),
            residual: residual)
    }
}

extension AttentionShape {
    init(_ attention: AttentionConfiguration, precision: Precision) {
        self.init(
            heads: attention.headCount, keyValueHeads: attention.keyValueHeadCount, keyWidth: attention.headWidth,
            valueWidth: attention.headWidth, scale: attention.scale, isCausal: attention.isCausal,
            precision: precision)
    }
}

extension AttentionConfiguration {
    /// The layers that make queries, and those that make keys and values. Where one makes all three it stands first.
    func inputParts(
        _ names: TransformerNames.AttentionInput, _ weights: Weights
    ) -> (query: [Linear.Part], keyValue: [Linear.Part]) {
        let queryWidth = headCount * headWidth, keyWidth = keyValueHeadCount * headWidth
        return switch names {
        case .separate(let query, let key, let value):
            (
                [.init(weights[query], queryWidth, hasBias: hasQueryBias)],
                [
                    .init(weights[key], keyWidth, hasBias: hasKeyBias),
                    .init(weights[value], keyWidth, hasBias: hasValueBias),
                ]
            )
        case .fused(let name): ([.init(weights[name], queryWidth + 2 * keyWidth, hasBias: hasQueryBias)], [])
        case .keyValueFused(let query, let keyValue):
            (
                [.init(weights[query], queryWidth, hasBias: hasQueryBias)],
                [.init(weights[keyValue], 2 * keyWidth, hasBias: hasKeyBias)]
            )
        }
    }
}
