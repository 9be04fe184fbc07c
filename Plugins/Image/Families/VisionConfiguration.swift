import AttentionEngine
import PluginKit

/// `config.json` of the vision Transformers that transformers writes.
struct VisionConfiguration {
    private let encoder: EncoderConfiguration
    private let keys: Keys

    private struct Keys: Decodable {
        var imageSize: PixelSize
        var patchSize: PixelSize
        var channelCount: Int?
        var hasInputBiases: Bool?
        var architectures: [String]?

        enum CodingKeys: String, CodingKey {
            case imageSize = "image_size"
            case patchSize = "patch_size"
            case channelCount = "num_channels"
            case hasInputBiases = "qkv_bias"
            case architectures
        }
    }

    /// Reads and checks the file.
    init(_ checkpoint: Checkpoint) throws {
        encoder = try EncoderConfiguration(checkpoint)
        keys = try checkpoint.configuration(as: Keys.self)
        try geometry.check(checkpoint)
    }

    var hiddenSize: Int { encoder.width }

    var geometry: PatchEmbedding.Geometry {
        .init(channels: keys.channelCount ?? 3, image: keys.imageSize, patch: keys.patchSize)
    }

    /// Whether the checkpoint was saved with a classifier.
    var isClassifier: Bool { (keys.architectures ?? []).contains { $0.contains("ForImageClassification") } }

    /// - Parameter tokenCount: how many tokens stand before the patches.
    func backbone(tokenCount: Int) -> TransformerConfiguration {
        var backbone = encoder.backbone
        backbone.attention.setInputBiases(keys.hasInputBiases ?? true)
        backbone.positions = .learned(count: tokenCount + geometry.patchCount)
        backbone.firstSparedPosition = tokenCount
        return backbone
    }

    /// What `apus inspect` says; the sizes alone.
    var sizes: [ModelSummary.Fact] {
        encoder.sizes + [.init("image size", keys.imageSize), .init("patch size", keys.patchSize)]
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
