/// The one backbone: a stack of layers between embeddings and heads, for every model.
///
/// It is made from a `TransformerConfiguration` and never subclassed; what two families do differently is a choice in the
/// configuration.
public struct Transformer: Sendable {
    /// What it was made from.
    public let configuration: TransformerConfiguration
    /// What the weights of its products are kept in.
    let precision: Precision
    private let positions: PositionEncoding
    private let embeddingNorm: Normalization?
    let layers: [TransformerLayer]
    private let finalNorm: Normalization?
    private let relativeBias: RelativePositionBias?

    /// Loads the stack.
    ///
    /// - Parameters:
    ///   - configuration: the point in the space of Transformers.
    ///   - weights: the path that `names` are relative to.
    ///   - names: the path of each slot.
    /// - Throws: `InputError` naming the number that cannot be, or the tensor that is missing or has another shape.
    public init(_ configuration: TransformerConfiguration, _ weights: Weights, names: TransformerNames) throws {
        try configuration.validate()
        let weights = configuration.attention.isCausal ? weights.forWriting : weights
        self.configuration = configuration
        precision = weights.precision
        positions = try PositionEncoding(configuration, weights, name: names.positions)
        embeddingNorm =
            configuration.hasEmbeddingNorm
            ? try Normalization(configuration.width, configuration.norm, weights[names.embeddingNorm]) : nil
        layers = try (0..<configuration.layerCount).map { index in
            try TransformerLayer(
                configuration, weights["\(names.layers).\(index)"], names: names.layer, layout: names.layout,
                depth: Float(index) / Float(max(1, configuration.layerCount - 1)))
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

    /// The longest sequence there are positions for.
    public var positionLimit: Int { positions.limit }

    /// Which positions of the result somebody needs.
    public enum NeededPositions: Sendable, Hashable {
        /// Every one.
        case all
        /// Only as many as this, from the first: the last layer computes no others.
        case first(Int)
        /// Only as many as this, up to the last.
        case last(Int)

        func range(of count: Int) -> Range<Int> {
            switch self {
            case .all: 0..<count
            case .first(let wanted): 0..<min(max(0, wanted), count)
            case .last(let wanted): count - min(max(0, wanted), count)..<count
            }
        }
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
        try checkPositions(embeddings, after: 0)
        let inputs = inputsAtOnce(embeddings.shape[0], positions: embeddings.shape[1])
        if inputs < embeddings.shape[0], observe == nil, !GradientTape.isRecording {
            return try encodeParts(embeddings, visible: visible, needed: needed, inputs: inputs)
        }
        var embeddings = embeddings, mask = visible.map(attentionMask)
        var wanted = observe == nil ? needed.range(of: embeddings.shape[1]) : 0..<embeddings.shape[1]
        if configuration.attention.isCausal, wanted.upperBound < embeddings.shape[1] {
            // What is wanted sees nothing after it, in no layer.
            embeddings = embeddings.sliced(0..<wanted.upperBound, along: 1)
            mask = mask?.sliced(0..<wanted.upperBound, along: 1)
            wanted = wanted.lowerBound..<embeddings.shape[1]
        }
        return run(embeddings, mask: mask, wanted: wanted, observe: observe)
    }

    /// Runs the stack over the next positions of sequences.
    ///
    /// - Parameters:
    ///   - embeddings: `[rows, new positions, width]`, without positions.
    ///   - cache: what is known of the positions before; the new ones are added. Without it these are the first.
    ///   - memory: what cross-attention looks at, with as many rows.
    ///   - visible: `[rows, new positions]`, zero where a position is padding. Positions are counted without those, so that
    ///     prompts of different lengths can be filled up at the front.
    ///   - needed: which of the new positions' results are needed.
    ///   - observe: as `encode` has it.
    /// - Returns: `[rows, new positions, width]`, or as many positions as were needed.
    /// - Throws: `InputError` if there are more positions than the model has.
    public func decode(
        _ embeddings: Tensor, cache: KeyValueCache? = nil, memory: CrossMemory? = nil, visible: Tensor? = nil,
        needed: NeededPositions = .all, observe: ((_ layer: Int, _ states: Tensor) -> Void)? = nil
    ) throws -> Tensor {
        try checkPositions(embeddings, after: cache?.count ?? 0)
        precondition(cache == nil || cache!.rowCount == embeddings.shape[0], "other rows than the cache's")
        precondition(memory == nil || memory!.inputs.count == embeddings.shape[0], "other rows than the memory's")
        precondition((memory == nil) == (configuration.crossAttention == nil), "cross-attention and memory go together")
        if cache == nil, visible == nil, GradientTape.isRecording {
            // Keys that are stored have no gradients.
            let states = run(
                embeddings, memory: memory, mask: nil, wanted: 0..<embeddings.shape[1], observe: observe)
            let wanted = observe == nil ? needed.range(of: embeddings.shape[1]) : 0..<embeddings.shape[1]
            return wanted.count == embeddings.shape[1] ? states : states.sliced(wanted, along: 1)
        }
        let isTraining = cache == nil && GradientTape.isRecording
        let cache = cache ?? KeyValueCache(for: self, rows: embeddings.shape[0], capacity: embeddings.shape[1])
        cache.extend(by: embeddings.shape[1], visible: visible)
        let wanted = observe == nil ? needed.range(of: embeddings.shape[1]) : 0..<embeddings.shape[1]
        guard wanted.upperBound == embeddings.shape[1] else {
            // A causal query's keys are counted from the last.
            let all = run(
                embeddings, cache: cache, storesKeys: !isTraining, memory: memory, mask: cache.mask,
                wanted: 0..<embeddings.shape[1])
            return all.sliced(wanted, along: 1)
        }
        return run(
            embeddings, cache: cache, storesKeys: !isTraining, memory: memory, mask: cache.mask, wanted: wanted, observe: observe)
    }

    private func checkPositions(_ embeddings: Tensor, after before: Int) throws {
        precondition(embeddings.rank == 3 && embeddings.width == configuration.width, "embeddings of \(embeddings.shape)")
        let count = before + embeddings.shape[1]
        if count <= positions.limit { return }
        throw InputError(
            "input", found: "\(count) positions", needed: "at most the model's \(positions.limit)",
            remedy: before == 0 ? "Shorten the input" : "Shorten the input or ask for fewer new tokens")
    }

    private func run(
        _ embeddings: Tensor, cache: KeyValueCache? = nil, storesKeys: Bool = true, memory: CrossMemory? = nil,
        mask: Tensor?, wanted: Range<Int>,
        observe: ((_ layer: Int, _ states: Tensor) -> Void)? = nil
    ) -> Tensor {
        var count = embeddings.shape[1], wanted = wanted
        let keys = cache?.count ?? count
        let scaled =
            configuration.embeddingScale == 1 ? embeddings : embeddings.scaled(by: configuration.embeddingScale)
        var states = Profile.measure(.positions) {
            let placed =
                if let numbers = cache?.positionNumbers { positions(scaled, numbers: numbers) } else {
                    positions(scaled, first: keys - count)
                }
            return embeddingNorm?(placed) ?? placed
        }
        let tape = GradientTape.current
        if let tape, let first = configuration.firstSparedPosition, observe == nil, mask == nil, relativeBias == nil,
            wanted.count == count || wanted.upperBound <= first
        {
            states = states.positionsDropped(tape.regularization.patchDropout, from: first, tape)
            if wanted.count == count { wanted = 0..<states.shape[1] }
            count = states.shape[1]
        }
        if let tape { states = states.dropped(tape.regularization.dropout, tape) }
        observe?(0, states)

        let bias = relativeBias?(queries: count, keys: keys), positionCount = count, wantedPositions = wanted
        for (index, layer) in layers.enumerated() {
            let isPartial = index == layers.count - 1 && wanted.count < count
            let past = storesKeys ? cache?.layer(index) : nil
            let layerBias = isPartial ? bias?.sliced(wanted, along: 1) : bias, input = states
            let compute = {
                layer(
                    input, wanted: isPartial ? wantedPositions : 0..<positionCount, mask: mask, bias: layerBias, past: past,
                    memory: memory?.layer(index))
            }
            if let tape, tape.recomputesLayers { states = tape.recomputed(compute) } else { states = compute() }
            observe?(index + 1, states)
        }
        if layers.isEmpty, wanted.count < count { states = states.sliced(wanted, along: 1) }
        return finalNorm?(states) ?? states
    }
}
