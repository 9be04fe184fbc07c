import AttentionEngine
import PluginKit

/// `config.json` of the vision Transformers that transformers writes.
struct VisionConfiguration: Decodable {
    var hiddenSize: Int
    var layerCount: Int
    var headCount: Int
    var intermediateSize: Int
    var activation: String?
    var normEpsilon: Float?
    var imageSize: PixelSize
    var patchSize: PixelSize
    var channelCount: Int?
    var hasInputBiases: Bool?
    var architectures: [String]?

    enum CodingKeys: String, CodingKey {
        case hiddenSize = "hidden_size"
        case layerCount = "num_hidden_layers"
        case headCount = "num_attention_heads"
        case intermediateSize = "intermediate_size"
        case activation = "hidden_act"
        case normEpsilon = "layer_norm_eps"
        case imageSize = "image_size"
        case patchSize = "patch_size"
        case channelCount = "num_channels"
        case hasInputBiases = "qkv_bias"
        case architectures
    }

    /// Reads and checks the file.
    init(_ checkpoint: Checkpoint) throws {
        self = try checkpoint.configuration(as: Self.self)
        try checkpoint.checked("hidden_size", hiddenSize, in: 1...65_536)
        try checkpoint.checked("num_hidden_layers", layerCount, in: 1...1_024)
        try checkpoint.checked("num_attention_heads", headCount, in: 1...1_024)
        try checkpoint.checked("intermediate_size", intermediateSize, in: 1...1_048_576)
        try checkpoint.checked("layer_norm_eps", normEpsilon ?? 0, in: 0...1)
        try checkpoint.require(
            hiddenSize % headCount == 0, "hidden_size", found: hiddenSize, needed: "a multiple of the \(headCount) heads")
        try geometry.check(checkpoint)
    }

    var geometry: PatchEmbedding.Geometry {
        .init(channels: channelCount ?? 3, image: imageSize, patch: patchSize)
    }

    /// - Parameter tokenCount: how many tokens stand before the patches.
    func backbone(_ checkpoint: Checkpoint, tokenCount: Int) throws -> TransformerConfiguration {
        var attention = AttentionConfiguration(headCount: headCount, width: hiddenSize)
        attention.setInputBiases(hasInputBiases ?? true)
        var backbone = TransformerConfiguration(
            width: hiddenSize, layerCount: layerCount, attention: attention,
            feedForward: .init(
                innerWidth: intermediateSize,
                activation: try Activation(named: activation ?? "gelu", key: "hidden_act", of: checkpoint)),
            norm: .init(epsilon: normEpsilon ?? 1e-12))
        backbone.positions = .learned(count: tokenCount + geometry.patchCount)
        return backbone
    }

    /// What `apus inspect` says; the sizes alone.
    var sizes: [ModelSummary.Fact] {
        [
            .init("width", hiddenSize), .init("layers", layerCount), .init("heads", headCount),
            .init("feed-forward width", intermediateSize), .init("image size", imageSize), .init("patch size", patchSize),
        ]
    }
}

extension PatchEmbedding.Geometry {
    /// Checks the numbers of `config.json`.
    func check(_ checkpoint: Checkpoint) throws {
        try checkpoint.checked("num_channels", channels, in: 1...64)
        for (key, size, limit) in [("image_size", image, 1...16_384), ("patch_size", patch, 1...1_024)] {
            try checkpoint.checked(key, size.height, in: limit)
            try checkpoint.checked(key, size.width, in: limit)
        }
        try checkpoint.require(
            patchCount > 0, "patch_size", found: patch, needed: "no more than the image size, \(image)")
    }
}

extension TransformerNames {
    /// The slots as transformers names them in `ViTModel` and its kin.
    static let vit = TransformerNames(
        positions: "embeddings.position_embeddings", layers: "encoder.layer", finalNorm: "layernorm",
        layer: Layer(
            attentionNorm: "layernorm_before",
            input: .separate(
                query: "attention.attention.query", key: "attention.attention.key", value: "attention.attention.value"),
            attentionOutput: "attention.output.dense", feedForwardNorm: "layernorm_after",
            feedForwardInput: "intermediate.dense", feedForwardOutput: "output.dense"))
}
