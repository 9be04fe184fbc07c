import AttentionEngine
import PluginKit

/// `config.json` of Whisper's models.
struct WhisperConfiguration: Decodable {
    var width: Int
    var vocabularySize: Int
    var binCount: Int?
    var encoderLayers: Int
    var decoderLayers: Int
    var encoderHeads: Int
    var decoderHeads: Int
    var encoderInnerWidth: Int
    var decoderInnerWidth: Int
    var activation: String?
    var sourcePositionCount: Int
    var targetPositionCount: Int
    var startToken: Int?
    var endToken: Int?
    var padding: Int?
    /// The deviation that new weights are drawn with.
    var initialDeviation: Float?

    enum CodingKeys: String, CodingKey {
        case width = "d_model"
        case vocabularySize = "vocab_size"
        case binCount = "num_mel_bins"
        case encoderLayers = "encoder_layers"
        case decoderLayers = "decoder_layers"
        case encoderHeads = "encoder_attention_heads"
        case decoderHeads = "decoder_attention_heads"
        case encoderInnerWidth = "encoder_ffn_dim"
        case decoderInnerWidth = "decoder_ffn_dim"
        case activation = "activation_function"
        case sourcePositionCount = "max_source_positions"
        case targetPositionCount = "max_target_positions"
        case startToken = "decoder_start_token_id"
        case endToken = "eos_token_id"
        case padding = "pad_token_id"
        case initialDeviation = "init_std"
    }

    init(_ checkpoint: Checkpoint) throws {
        self = try checkpoint.configuration(as: Self.self)
        try checkpoint.checked("d_model", width, in: 1...65_536)
        try checkpoint.checked("vocab_size", vocabularySize, in: 1...16_777_216)
        try checkpoint.checked("num_mel_bins", bins, in: 1...4_096)
        try checkpoint.checked("encoder_layers", encoderLayers, in: 1...1_024)
        try checkpoint.checked("decoder_layers", decoderLayers, in: 1...1_024)
        for (key, heads) in [("encoder_attention_heads", encoderHeads), ("decoder_attention_heads", decoderHeads)] {
            try checkpoint.checked(key, heads, in: 1...1_024)
            try checkpoint.require(width % heads == 0, key, found: heads, needed: "a divisor of the width, \(width)")
        }
        try checkpoint.checked("encoder_ffn_dim", encoderInnerWidth, in: 1...1_048_576)
        try checkpoint.checked("decoder_ffn_dim", decoderInnerWidth, in: 1...1_048_576)
        try checkpoint.checked("max_source_positions", sourcePositionCount, in: 1...1_048_576)
        try checkpoint.checked("max_target_positions", targetPositionCount, in: 8...1_048_576)
        try checkpoint.checked("decoder_start_token_id", start, in: 0...vocabularySize - 1)
        try checkpoint.checked("eos_token_id", end, in: 0...vocabularySize - 1)
        try checkpoint.checked("pad_token_id", padding ?? 0, in: 0...vocabularySize - 1)
        try checkpoint.checked("init_std", deviation, in: 0...1)
    }

    var deviation: Float { initialDeviation ?? 0.02 }
    var bins: Int { binCount ?? 80 }
    var start: Int { startToken ?? min(50_257, vocabularySize - 1) }
    var end: Int { endToken ?? min(50_256, vocabularySize - 1) }

    func encoder(_ checkpoint: Checkpoint) throws -> TransformerConfiguration {
        var stack = try stack(checkpoint, layers: encoderLayers, heads: encoderHeads, innerWidth: encoderInnerWidth)
        stack.positions = .learned(count: sourcePositionCount)
        stack.trainsPositions = false
        return stack
    }

    func decoder(_ checkpoint: Checkpoint) throws -> TransformerConfiguration {
        var stack = try stack(checkpoint, layers: decoderLayers, heads: decoderHeads, innerWidth: decoderInnerWidth)
        stack.crossAttention = stack.attention
        stack.attention.isCausal = true
        stack.positions = .learned(count: targetPositionCount)
        return stack
    }

    private func stack(
        _ checkpoint: Checkpoint, layers: Int, heads: Int, innerWidth: Int
    ) throws -> TransformerConfiguration {
        var attention = AttentionConfiguration(headCount: heads, width: width)
        attention.hasKeyBias = false
        return TransformerConfiguration(
            width: width, layerCount: layers, attention: attention,
            feedForward: .init(
                innerWidth: innerWidth,
                activation: try Activation(named: activation ?? "gelu", key: "activation_function", of: checkpoint)),
            norm: .init(epsilon: 1e-5))
    }

    var sizes: [ModelSummary.Fact] {
        [
            .init("width", width), .init("encoder layers", encoderLayers), .init("decoder layers", decoderLayers),
            .init("heads", encoderHeads), .init("feed-forward width", encoderInnerWidth), .init("vocabulary", vocabularySize),
            .init("mel bins", bins), .init("positions", "\(sourcePositionCount) of sound, \(targetPositionCount) of text"),
        ]
    }
}
