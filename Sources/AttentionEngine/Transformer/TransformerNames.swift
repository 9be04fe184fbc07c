/// Which path in a checkpoint each slot of the backbone has: all that a family needs to say about its weights.
public struct TransformerNames: Sendable, Hashable {
    /// The tensor of learnt positions.
    public var positions: String
    /// The norm after the embedding.
    public var embeddingNorm: String
    /// The layers; layer 3 stands at `layers` + ".3".
    public var layers: String
    /// The norm after the last layer.
    public var finalNorm: String
    /// The table of relative position biases.
    public var relativePositions: String
    /// The slots of a layer, seen from the layer.
    public var layer: Layer
    /// How the layers' matrices are stored.
    public var layout = PackedMatrix.Layout.outputByInput

    /// Creates the table; slots that the configuration does not use need no name.
    public init(
        positions: String = "", embeddingNorm: String = "", layers: String, finalNorm: String = "",
        relativePositions: String = "", layer: Layer
    ) {
        self.positions = positions
        self.embeddingNorm = embeddingNorm
        self.layers = layers
        self.finalNorm = finalNorm
        self.relativePositions = relativePositions
        self.layer = layer
    }

    /// The slots of one layer.
    public struct Layer: Sendable, Hashable {
        /// The norm of the attention branch.
        public var attentionNorm: String
        /// The projections to queries, keys and values.
        public var input: AttentionInput
        /// The projection of the heads' results.
        public var attentionOutput: String
        /// The vector the attention branch is multiplied by.
        public var attentionScale: String
        /// The norm of the cross-attention branch.
        public var crossAttentionNorm = ""
        /// Its projections: queries of the stack's own states, keys and values of the other stack's.
        public var crossAttentionInput = AttentionInput.separate(query: "", key: "", value: "")
        /// The projection of its heads' results.
        public var crossAttentionOutput = ""
        /// The norm of the feed-forward branch.
        public var feedForwardNorm: String
        /// The projection to the inner width.
        public var feedForwardInput: String
        /// The second one, which gates it.
        public var feedForwardGate: String
        /// The projection back.
        public var feedForwardOutput: String
        /// The vector the feed-forward branch is multiplied by.
        public var feedForwardScale: String

        /// Creates the table; slots that the configuration does not use need no name.
        public init(
            attentionNorm: String, input: AttentionInput, attentionOutput: String, attentionScale: String = "",
            feedForwardNorm: String, feedForwardInput: String, feedForwardGate: String = "", feedForwardOutput: String,
            feedForwardScale: String = ""
        ) {
            self.attentionNorm = attentionNorm
            self.input = input
            self.attentionOutput = attentionOutput
            self.attentionScale = attentionScale
            self.feedForwardNorm = feedForwardNorm
            self.feedForwardInput = feedForwardInput
            self.feedForwardGate = feedForwardGate
            self.feedForwardOutput = feedForwardOutput
            self.feedForwardScale = feedForwardScale
        }
    }

    /// How a checkpoint stores the projections to queries, keys and values.
    public enum AttentionInput: Sendable, Hashable {
        /// Three layers.
        case separate(query: String, key: String, value: String)
        /// One layer whose output is queries, keys and values side by side.
        case fused(String)
        /// A layer for queries, and one whose output is keys and values side by side.
        case keyValueFused(query: String, keyValue: String)
    }
}
