public import AttentionEngine

/// What `config.json` says of a Transformer under the keys that transformers' encoders share: `hidden_size`,
/// `num_hidden_layers`, `num_attention_heads`, `intermediate_size`, `hidden_act` and `layer_norm_eps`.
///
/// A family whose checkpoints have these keys decodes only its others by itself:
///
/// ```swift
/// let encoder = try EncoderConfiguration(checkpoint)
/// var backbone = encoder.backbone
/// backbone.positions = .learned(count: 197)
/// ```
public struct EncoderConfiguration: Sendable, Hashable {
    /// The width of a position's vector.
    public let width: Int
    /// The number of layers.
    public let layerCount: Int
    /// The number of attention heads, which divide the width.
    public let headCount: Int
    /// The width between the two products of the feed-forward network.
    public let innerWidth: Int
    /// What stands between them.
    public let activation: Activation
    /// What norms add to the variance.
    public let normEpsilon: Float

    /// Reads and checks the keys.
    ///
    /// - Parameters:
    ///   - checkpoint: whose `config.json` is read.
    ///   - activation: what the reference assumes where `hidden_act` is missing.
    ///   - normEpsilon: what it assumes where `layer_norm_eps` is missing.
    /// - Throws: `InputError` naming the key that is missing or does not fit.
    public init(_ checkpoint: Checkpoint, activation: Activation = .gelu, normEpsilon: Float = 1e-12) throws {
        let keys = try checkpoint.configuration(as: Keys.self)
        width = try checkpoint.checked("hidden_size", keys.width, in: 1...65_536)
        layerCount = try checkpoint.checked("num_hidden_layers", keys.layerCount, in: 1...1_024)
        headCount = try checkpoint.checked("num_attention_heads", keys.headCount, in: 1...1_024)
        innerWidth = try checkpoint.checked("intermediate_size", keys.innerWidth, in: 1...1_048_576)
        self.normEpsilon = try checkpoint.checked("layer_norm_eps", keys.normEpsilon ?? normEpsilon, in: 0...1)
        self.activation =
            try keys.activation.map { try Activation(named: $0, key: "hidden_act", of: checkpoint) } ?? activation
        try checkpoint.require(
            width % headCount == 0, "hidden_size", found: width, needed: "a multiple of the \(headCount) heads")
    }

    private struct Keys: Decodable {
        var width: Int
        var layerCount: Int
        var headCount: Int
        var innerWidth: Int
        var activation: String?
        var normEpsilon: Float?

        enum CodingKeys: String, CodingKey {
            case width = "hidden_size"
            case layerCount = "num_hidden_layers"
            case headCount = "num_attention_heads"
            case innerWidth = "intermediate_size"
            case activation = "hidden_act"
            case normEpsilon = "layer_norm_eps"
        }
    }

    /// The stack that follows; its positions and what else differs are the family's to set.
    public var backbone: TransformerConfiguration {
        TransformerConfiguration(
            width: width, layerCount: layerCount, attention: .init(headCount: headCount, width: width),
            feedForward: .init(innerWidth: innerWidth, activation: activation), norm: .init(epsilon: normEpsilon))
    }

    /// What `apus inspect` says of them.
    public var sizes: [ModelSummary.Fact] {
        [
            .init("width", width), .init("layers", layerCount), .init("heads", headCount),
            .init("feed-forward width", innerWidth),
        ]
    }
}
