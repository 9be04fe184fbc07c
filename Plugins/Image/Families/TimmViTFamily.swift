import AttentionEngine
public import PluginKit

/// Vision Transformer as timm (Wightman, 2019) saves it for the hub: `config.json` with `architecture` and
/// `pretrained_cfg`, one product for queries, keys and values, and names of its own.
///
/// What timm's variants differ in (registers, a distillation token, pooling, layer scale, norms) is read from which
/// tensors there are.
public struct TimmViTFamily: ImageClassifying {
    public static let name = "ViT (timm)"
    public static let modelTypes: Set = ["timm/vit", "timm/deit", "timm/deit3"]

    private let encoder: VisionEncoder  // [Image] → [batch, tokens + patches, width]
    private let pooling: TimmViTConfiguration.Pooling
    private let poolNorm: Normalization?
    private let heads: [Linear]  // on the pooled state, or one on each of the first tokens: → [batch, labels]
    private let labels: Labels

    public init(_ checkpoint: Checkpoint) throws {
        let weights = try checkpoint.weights
        let configuration = try TimmViTConfiguration(checkpoint, weights)
        let width = configuration.backbone.width
        pooling = configuration.pooling
        encoder = VisionEncoder(
            checkpoint,
            converter: Result { try ImageConverter(timm: checkpoint) },
            embedding: try PatchEmbedding(
                configuration.geometry, width: width, projection: weights["patch_embed.proj"],
                hasBias: weights.contains("patch_embed.proj.bias"),
                tokens: try configuration.tokens.map { try weights.get($0.name, [1, $0.count, width]) }),
            transformer: try Transformer(configuration.backbone, weights, names: .timm))
        poolNorm =
            weights.contains("fc_norm") ? try Normalization(width, configuration.backbone.norm, weights["fc_norm"]) : nil
        labels = try Labels(checkpoint)
        heads = try ["head", "head_dist"].filter(weights.contains).map { [labels] name in
            try labels.classifier(width, weights[name], of: checkpoint)
        }
    }

    public func classify(_ images: [Image]) throws -> [[Classification]] {
        guard !heads.isEmpty else { throw encoder.missingClassifier(Self.name) }
        return labels.ranked(logits(try encoder(images, needed: needed)))
    }

    public func forward(_ inputs: NamedTensors, detail: ForwardDetail) throws -> NamedTensors {
        try encoder.forward(inputs, detail: detail, needed: needed) { heads.isEmpty ? [:] : ["logits": logits($0)] }
    }

    public func exampleInputs(batchSize: Int) -> NamedTensors { encoder.exampleInputs(batchSize: batchSize) }

    public static func summary(of checkpoint: Checkpoint) throws -> ModelSummary {
        let weights = try checkpoint.weights
        let configuration = try TimmViTConfiguration(checkpoint, weights)
        return try .vision(
            checkpoint, sizes: configuration.sizes, isClassifier: weights.contains("head"),
            converter: Result { try ImageConverter(timm: checkpoint) })
    }

    private var needed: Transformer.NeededPositions { pooling == .token && !heads.isEmpty ? .first(heads.count) : .all }

    private func logits(_ states: Tensor) -> Tensor {
        let pooled: [Tensor] =
            switch pooling {
            case .token: heads.indices.map { states.position($0) }
            case .patchMean: [states.sliced(encoder.tokenCount..<states.shape[1], along: 1).mean(along: 1)]
            }
        return .mean(of: zip(heads, pooled).map { head, state in head(poolNorm?(state) ?? state) })
    }
}

extension TransformerNames {
    /// The slots as timm names them in `VisionTransformer`.
    fileprivate static let timm = TransformerNames(
        positions: "pos_embed", embeddingNorm: "norm_pre", layers: "blocks", finalNorm: "norm",
        layer: Layer(
            attentionNorm: "norm1", input: .fused("attn.qkv"), attentionOutput: "attn.proj", attentionScale: "ls1.gamma",
            feedForwardNorm: "norm2", feedForwardInput: "mlp.fc1", feedForwardOutput: "mlp.fc2",
            feedForwardScale: "ls2.gamma"))
}
