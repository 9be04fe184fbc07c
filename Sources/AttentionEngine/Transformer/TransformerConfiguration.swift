/// A point in the space of Transformers: which published models differ only in these numbers and choices.
///
/// The defaults are those of the original encoder's pre-norm form; a family sets what its `config.json` says.
public struct TransformerConfiguration: Sendable, Hashable {
    /// The width of a position's vector.
    public var width: Int
    /// The number of layers.
    public var layerCount: Int
    /// Self-attention.
    public var attention: AttentionConfiguration
    /// Attention to the states of another stack, an encoder's, between self-attention and feed-forward; `nil` for none.
    public var crossAttention: AttentionConfiguration?
    /// The width of those states, where it is not that of this stack.
    public var memoryWidth: Int?
    /// The feed-forward network.
    public var feedForward: FeedForwardConfiguration
    /// Every norm of the stack.
    public var norm: Normalization.Configuration
    /// Where a layer's norms stand.
    public var normPlacement = NormPlacement.before
    /// How positions are told apart.
    public var positions = Positions.none
    /// Whether a table of positions changes in training.
    public var trainsPositions = true
    /// From which position on training may go without some: patches of an image; nowhere where `nil`.
    public var firstSparedPosition: Int?
    /// What embeddings are multiplied by before positions are added.
    public var embeddingScale: Float = 1
    /// Whether embeddings are normalized once positions are added.
    public var hasEmbeddingNorm = false
    /// Whether the last layer's output is normalized.
    public var hasFinalNorm = true
    /// Whether each branch of a layer is multiplied by a learnt vector before it is added (Touvron et al., 2021,
    /// arXiv:2103.17239).
    public var hasLayerScale = false

    /// Creates a configuration; everything else has a default to be changed.
    public init(
        width: Int, layerCount: Int, attention: AttentionConfiguration, feedForward: FeedForwardConfiguration,
        norm: Normalization.Configuration
    ) {
        self.width = width
        self.layerCount = layerCount
        self.attention = attention
        self.feedForward = feedForward
        self.norm = norm
    }

    /// Where a layer's norms stand.
    public enum NormPlacement: Sendable, Hashable {
        /// x + f(norm(x)) (Xiong et al., 2020, arXiv:2002.04745).
        case before
        /// norm(x + f(x)) (Vaswani et al., 2017, arXiv:1706.03762).
        case after
    }

    /// How positions are told apart.
    public enum Positions: Sendable, Hashable {
        /// Not at all, or by the embedding.
        case none
        /// A learnt vector for each of `count` positions.
        ///
        /// The first position takes row `offset` of the table; a negative offset leaves that many positions at the
        /// front without a vector.
        case learned(count: Int, offset: Int = 0)
        /// Sines and cosines of each position (Vaswani et al., 2017, arXiv:1706.03762).
        case sinusoidal(SinusoidLayout)
        /// A learnt number for each head and bucket of distances, added to the scores (Raffel et al., 2020,
        /// arXiv:1910.10683).
        case relative(buckets: Int, maximumDistance: Int)
        /// Queries and keys turned by an angle for each pair of channels (Su et al., 2021, arXiv:2104.09864).
        ///
        /// Only the first `width` channels of a head are turned.
        case rotary(base: Float, width: Int)
    }

    /// How sines and cosines share a vector.
    public enum SinusoidLayout: Sendable, Hashable {
        /// sin, cos, sin, cos, …, as the paper has it.
        case interleaved
        /// All sines, then all cosines, with the paper's frequencies.
        case halves
        /// All sines, then all cosines, the last frequency being exactly 1/10,000, as in speech encoders.
        case halvesToEnd
    }
}

/// The choices in multi-head attention.
public struct AttentionConfiguration: Sendable, Hashable {
    /// The number of query heads.
    public var headCount: Int
    /// The number of key and value heads; each serves as many query heads (Ainslie et al., 2023, arXiv:2305.13245).
    public var keyValueHeadCount: Int
    /// The width of a head.
    public var headWidth: Int
    /// What scores are multiplied by; 1/√headWidth unless set.
    public var scale: Float
    /// Whether a position sees only itself and those before it.
    public var isCausal = false
    /// Whether the projection to queries has a bias.
    public var hasQueryBias = true
    /// Whether the projection to keys has a bias.
    public var hasKeyBias = true
    /// Whether the projection to values has a bias.
    public var hasValueBias = true
    /// Whether the projection of the heads' results has a bias.
    public var hasOutputBias = true

    /// Creates a configuration of `headCount` heads that share `width`.
    public init(headCount: Int, width: Int) {
        self.init(headCount: headCount, keyValueHeadCount: headCount, headWidth: width / max(1, headCount))
    }

    /// Creates a configuration of heads of any width.
    public init(headCount: Int, keyValueHeadCount: Int, headWidth: Int) {
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headWidth = headWidth
        scale = 1 / Float(max(1, headWidth)).squareRoot()
    }

    /// Sets whether queries, keys and values have a bias.
    public mutating func setInputBiases(_ present: Bool) {
        hasQueryBias = present
        hasKeyBias = present
        hasValueBias = present
    }
}

/// The choices in the feed-forward network.
public struct FeedForwardConfiguration: Sendable, Hashable {
    /// The width between the two products.
    public var innerWidth: Int
    /// What stands between them.
    public var activation: Activation
    /// Whether a second projection is multiplied by the activated one (Shazeer, 2020, arXiv:2002.05202).
    public var isGated = false
    /// Whether the projections have biases.
    public var hasBias = true

    /// Creates a configuration.
    public init(innerWidth: Int, activation: Activation) {
        self.innerWidth = innerWidth
        self.activation = activation
    }
}

extension TransformerConfiguration {
    /// Checks that the numbers can be those of a model and fit together, so that arithmetic on them is safe.
    func validate() throws {
        func require(_ condition: Bool, _ found: String, _ needed: String) throws {
            guard !condition else { return }
            throw InputError(
                "model configuration", found: found, needed: needed,
                remedy: "Check that config.json belongs to the model and is unchanged")
        }
        func check(_ what: String, _ value: Int, _ range: ClosedRange<Int>) throws {
            try require(
                range.contains(value), "\(what) of \(value)", "from \(range.lowerBound) to \(range.upperBound)")
        }
        try check("a width", width, 1...131_072)
        try check("a number of layers", layerCount, 0...1_024)
        try check("a width of encoder states", memoryWidth ?? width, 1...131_072)
        try check("a feed-forward width", feedForward.innerWidth, 1...1_048_576)
        for attention in [attention, crossAttention].compactMap(\.self) {
            try check("a number of attention heads", attention.headCount, 1...4_096)
            try check("a number of key and value heads", attention.keyValueHeadCount, 1...attention.headCount)
            try check("an attention head width", attention.headWidth, 1...8_192)
            try require(
                attention.headCount % attention.keyValueHeadCount == 0,
                "\(attention.headCount) heads and \(attention.keyValueHeadCount) key and value heads",
                "heads that the key and value heads divide")
            try require(attention.scale.isFinite, "an attention scale of \(attention.scale)", "a finite number")
        }
        try require(norm.epsilon.isFinite && norm.epsilon >= 0, "a norm's epsilon of \(norm.epsilon)", "0 or more")
        switch positions {
        case .learned(let count, let offset):
            try check("a number of positions", count, 1...16_777_216)
            try check("a position offset", offset, -count...count)
        case .relative(let buckets, let maximumDistance):
            try check("a number of position buckets", buckets, 4...65_536)
            try check("a largest distance", maximumDistance, buckets / 2 + 1...16_777_216)
        case .rotary(let base, let width):
            try check("a rotary width", width, 2...attention.headWidth)
            try require(width % 2 == 0, "a rotary width of \(width)", "an even number")
            try require(base.isFinite && base > 0, "a rotary base of \(base)", "more than 0")
        case .none, .sinusoidal: break
        }
    }
}
