import AttentionEngine
import PluginKit

/// The sizes and choices of a timm vision Transformer, from `config.json` and the shapes of its tensors: timm keeps them in
/// its code, under the architecture's name.
struct TimmViTConfiguration {
    /// From states to what the classifier sees.
    enum Pooling {
        /// The state of the first token, or of each token that has a head.
        case token
        /// The mean of the patches' states.
        case patchMean
    }

    private(set) var backbone: TransformerConfiguration
    let geometry: PatchEmbedding.Geometry
    let pooling: Pooling
    /// The tokens before the patches, in order.
    let tokens: [(name: String, count: Int)]

    init(_ checkpoint: Checkpoint, _ weights: Weights) throws {
        let file = try checkpoint.configuration(as: File.self)
        let arguments = file.arguments
        func unsupported(_ found: String) -> InputError {
            InputError(
                checkpoint.folder, found: "the timm architecture “\(file.architecture)” with \(found)",
                needed: "a plain vision Transformer", remedy: "Use another checkpoint, such as vit_base_patch16_224")
        }
        func shape(_ name: String, rank: Int) throws -> [Int] {
            guard let shape = weights.shape(of: name), shape.count == rank, shape.allSatisfy({ $0 > 0 }) else {
                throw unsupported("no tensor \(name) of \(rank) dimensions")
            }
            return shape
        }
        for name in ["attn.q_norm", "attn.norm", "mlp.norm", "mlp.w12", "attn.rel_pos"] where weights.contains("blocks.0.\(name)")
        {
            throw unsupported("blocks.0.\(name)")
        }
        if weights.contains("attn_pool") { throw unsupported("attention pooling") }

        let kernel = try shape("patch_embed.proj.weight", rank: 4)
        let inner = try shape("blocks.0.mlp.fc1.weight", rank: 2)[0]
        let image = file.pretrained?.inputSize ?? [3, 224, 224]
        guard image.count == 3 else {
            throw InputError(
                checkpoint.path(of: "config.json"), found: "input_size \(image)", needed: "channels, height and width",
                remedy: "Check the file against the one that was published")
        }
        geometry = .init(
            channels: kernel[1], image: arguments?.imageSize ?? .init(height: image[1], width: image[2]),
            patch: .init(height: kernel[2], width: kernel[3]))
        try geometry.check(checkpoint)

        let width = kernel[0]
        let headCount = try checkpoint.checked(
            "model_args.num_heads", arguments?.headCount ?? Self.headCount(file.architecture, width: width), in: 1...1_024)
        try checkpoint.require(
            width % headCount == 0, "model_args.num_heads", found: headCount, needed: "a divisor of the width, \(width)")
        var layerCount = 0
        while layerCount < 1_024, weights.contains("blocks.\(layerCount)") { layerCount += 1 }
        let isClip = file.architecture.contains("_clip_")
        let activation = try arguments?.activation.map { try Activation(named: $0, key: "model_args.act_layer", of: checkpoint) }

        backbone = TransformerConfiguration(
            width: width, layerCount: layerCount, attention: .init(headCount: headCount, width: width),
            feedForward: .init(
                innerWidth: inner, activation: activation ?? (file.architecture.contains("quickgelu") ? .quickGELU : .gelu)),
            norm: .init(epsilon: isClip ? 1e-5 : 1e-6))
        backbone.attention.setInputBiases(weights.contains("blocks.0.attn.qkv.bias"))
        backbone.hasEmbeddingNorm = weights.contains("norm_pre")
        backbone.hasFinalNorm = weights.contains("norm")
        backbone.hasLayerScale = weights.contains("blocks.0.ls1")

        tokens = try ["cls_token", "dist_token", "reg_token"].filter(weights.contains).map { ($0, try shape($0, rank: 3)[1]) }
        let tokenCount = tokens.reduce(0) { $0 + $1.count }
        let positions = try shape("pos_embed", rank: 3)[1]
        guard positions == geometry.patchCount || positions == geometry.patchCount + tokenCount else {
            throw InputError(
                checkpoint.path(of: "config.json"),
                found: "images of \(geometry.image), \(geometry.patchCount) patches, for \(positions) learnt positions",
                needed: "as many patches as positions", remedy: "Check input_size against the model's own")
        }
        backbone.firstSparedPosition = tokenCount
        backbone.positions = .learned(count: positions, offset: positions == geometry.patchCount ? -tokenCount : 0)

        switch arguments?.pooling ?? file.pooling ?? (tokenCount > 0 ? "token" : "avg") {
        case "token": pooling = .token
        case "avg": pooling = .patchMean
        case let other: throw unsupported("pooling “\(other)”")
        }
        if pooling == .token, tokenCount == 0 { throw unsupported("token pooling but no token") }
    }

    /// What `apus inspect` says.
    var sizes: [ModelSummary.Fact] {
        [
            .init("width", backbone.width), .init("layers", backbone.layerCount), .init("heads", backbone.attention.headCount),
            .init("feed-forward width", backbone.feedForward.innerWidth), .init("image size", geometry.image),
            .init("patch size", geometry.patch),
        ]
    }

    /// Heads are 64 wide but for a few large variants.
    private static func headCount(_ architecture: String, width: Int) -> Int {
        for variant in ["_huge_", "_giant_", "_gigantic_", "_so400m_"] where architecture.contains(variant) { return 16 }
        return width % 64 == 0 ? width / 64 : 1
    }

    /// `config.json` as timm writes it.
    private struct File: Decodable {
        var architecture: String
        var pooling: String?
        var arguments: Arguments?
        var pretrained: Pretrained?

        enum CodingKeys: String, CodingKey {
            case architecture
            case pooling = "global_pool"
            case arguments = "model_args"
            case pretrained = "pretrained_cfg"
        }
    }

    private struct Arguments: Decodable {
        var imageSize: PixelSize?
        var headCount: Int?
        var activation: String?
        var pooling: String?

        enum CodingKeys: String, CodingKey {
            case imageSize = "img_size"
            case headCount = "num_heads"
            case activation = "act_layer"
            case pooling = "global_pool"
        }
    }

    private struct Pretrained: Decodable {
        var inputSize: [Int]?

        enum CodingKeys: String, CodingKey { case inputSize = "input_size" }
    }
}
