/// The one backbone: a stack of layers between embeddings and heads, for every model.
///
/// It is made from a `TransformerConfiguration` and never subclassed; what two families do differently is a choice in the
/// configuration.
public struct Transformer: Sendable {
    /// What it was made from.
    public let configuration: TransformerConfiguration
    private let positions: PositionEncoding
    private let embeddingNorm: Normalization?
    private let layers: [TransformerLayer]
    private let finalNorm: Normalization?
    private let relativeBias: RelativePositionBias?

    /// Loads the stack.
    ///
    /// - Parameters:
    ///   - weights: the path that `names` are relative to.
    /// - Throws: `InputError` naming the number that cannot be, or the tensor that is missing or has another shape.
    public init(_ configuration: TransformerConfiguration, _ weights: Weights, names: TransformerNames) throws {
        try configuration.validate()
        self.configuration = configuration
        positions = try PositionEncoding(configuration, weights, name: names.positions)
        embeddingNorm =
            configuration.hasEmbeddingNorm
            ? try Normalization(configuration.width, configuration.norm, weights[names.embeddingNorm]) : nil
        layers = try (0..<configuration.layerCount).map { index in
            try TransformerLayer(configuration, weights["\(names.layers).\(index)"], names: names.layer)
        }
        finalNorm =
            configuration.hasFinalNorm
            ? try Normalization(configuration.width, configuration.norm, weights[names.finalNorm]) : nil
        if case .relative(let buckets, let maximumDistance) = configuration.positions {
            relativeBias = try RelativePositionBias(
                heads: configuration.attention.headCount, buckets: buckets, maximumDistance: maximumDistance,
                isCausal: configuration.attention.isCausal, weights, name: names.relativePositions)
        } else {
            relativeBias = nil
        }
    }

    /// Which positions of the result somebody needs.
    public enum NeededPositions: Sendable, Hashable {
        /// Every one.
        case all
        /// Only as many as this, from the first: the last layer computes no others.
        case first(Int)
    }

    /// Runs the stack over embedded inputs.
    ///
    /// - Parameters:
    ///   - embeddings: `[batch, positions, width]`, without positions.
    ///   - visible: `[batch, positions]`, zero where a position is padding; all are seen where `nil`.
    ///   - needed: which positions of the result are needed.
    ///   - observe: called with the states before the first layer (0) and after each, before the final norm. With an
    ///     observer every position is computed in every layer.
    /// - Returns: `[batch, positions, width]`, or as many positions as were needed.
    /// - Throws: `InputError` if there are more positions than the model has.
    public func encode(
        _ embeddings: Tensor, visible: Tensor? = nil, needed: NeededPositions = .all,
        observe: ((_ layer: Int, _ states: Tensor) -> Void)? = nil
    ) throws -> Tensor {
        precondition(embeddings.rank == 3 && embeddings.width == configuration.width, "embeddings of \(embeddings.shape)")
        var count = embeddings.shape[1]
        guard count <= positions.limit else {
            throw InputError(
                "input", found: "\(count) positions", needed: "at most the model's \(positions.limit)",
                remedy: "Shorten the input")
        }
        let wanted: Int =
            switch needed {
            case .all: count
            case .first(let first): observe == nil ? min(first, count) : count
            }
        var embeddings = embeddings, mask = visible.map(attentionMask)
        if configuration.attention.isCausal, wanted < count {
            // What is wanted sees nothing after it, in no layer.
            embeddings = embeddings.sliced(0..<wanted, along: 1)
            mask = mask?.sliced(0..<wanted, along: 1)
            count = wanted
        }
        let scaled =
            configuration.embeddingScale == 1 ? embeddings : embeddings.scaled(by: configuration.embeddingScale)
        var states = positions(scaled)
        if let embeddingNorm { states = embeddingNorm(states) }
        observe?(0, states)

        let bias = relativeBias?(queries: count, keys: count)
        for (index, layer) in layers.enumerated() {
            let isLast = index == layers.count - 1
            states = layer(
                states, queries: isLast ? wanted : count, mask: mask,
                bias: isLast && wanted < count ? bias?.sliced(0..<wanted, along: 1) : bias)
            observe?(index + 1, states)
        }
        if layers.isEmpty, wanted < count { states = states.sliced(0..<wanted, along: 1) }
        return finalNorm?(states) ?? states
    }
}
