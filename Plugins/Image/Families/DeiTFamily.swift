import AttentionEngine
public import PluginKit

/// Data-efficient image Transformer (Touvron et al., 2021, arXiv:2012.12877), with or without the distillation head: a second
/// token learns from a teacher.
public struct DeiTFamily: ImageClassifying {
    public static let name = "DeiT"
    public static let modelTypes: Set = ["deit"]

    private let encoder: VisionEncoder  // [Image] → [batch, 2 + patches, width]
    private let heads: [Linear]  // on the class token, and on the distillation token: → [batch, labels]
    private let labels: Labels

    public init(_ checkpoint: Checkpoint) throws {
        let configuration = try VisionConfiguration(checkpoint)
        let weights = try checkpoint.weights
        let model = weights.contains("deit") ? weights["deit"] : weights
        let width = configuration.hiddenSize
        encoder = VisionEncoder(
            checkpoint,
            converter: Result { try ImageConverter(checkpoint, assuming: "DeiTImageProcessor") },
            embedding: try PatchEmbedding(
                configuration.geometry, width: width, projection: model["embeddings.patch_embeddings.projection"],
                tokens: [
                    try model.get("embeddings.cls_token", [1, 1, width]),
                    try model.get("embeddings.distillation_token", [1, 1, width]),
                ]),
            transformer: try Transformer(configuration.backbone(tokenCount: 2), model, names: .vit))
        let names =
            weights.contains("distillation_classifier") ? ["cls_classifier", "distillation_classifier"] : ["classifier"]
        labels = try Labels(checkpoint)
        heads = try names.filter(weights.contains).map { [labels] name in
            try labels.classifier(width, weights[name], of: checkpoint)
        }
    }

    public func classify(_ images: [Image]) throws -> [[Classification]] {
        guard !heads.isEmpty else { throw encoder.missingClassifier(Self.name) }
        return labels.ranked(logits(try encoder(images, needed: .first(heads.count))))
    }

    public func forward(_ inputs: NamedTensors, detail: ForwardDetail) throws -> NamedTensors {
        try encoder.forward(inputs, detail: detail, needed: heads.isEmpty ? .all : .first(heads.count)) { states in
            heads.isEmpty ? [:] : ["logits": logits(states)]
        }
    }

    public func exampleInputs(batchSize: Int) -> NamedTensors { encoder.exampleInputs(batchSize: batchSize) }

    public static func summary(of checkpoint: Checkpoint) throws -> ModelSummary {
        let configuration = try VisionConfiguration(checkpoint)
        return try .vision(
            checkpoint, sizes: configuration.sizes, isClassifier: configuration.isClassifier,
            converter: Result { try ImageConverter(checkpoint, assuming: "DeiTImageProcessor") })
    }

    /// The mean of what each head says of its own token.
    private func logits(_ states: Tensor) -> Tensor { .mean(of: heads.enumerated().map { $1(states.position($0)) }) }
}
