public import AttentionEngine
public import PluginKit

/// Vision Transformer (Dosovitskiy et al., 2021, arXiv:2010.11929) as `google/vit-*` publishes it.
public struct ViTFamily: ImageClassifying {
    public static let name = "ViT"
    public static let modelTypes: Set = ["vit"]

    private let encoder: VisionEncoder  // [Image] → [batch, 1 + patches, width]
    private let head: Head

    /// What stands on the class token's state, the first.
    private enum Head {
        /// → [batch, labels]
        case classifier(Linear, Labels)
        /// → [batch, pooled width], as `ViTModel` is pretrained
        case pooler(Linear, Activation)
        case none
    }

    public init(_ checkpoint: Checkpoint) throws {
        let configuration = try VisionConfiguration(checkpoint)
        let weights = try checkpoint.weights
        let model = weights.contains("vit") ? weights["vit"] : weights
        let width = configuration.hiddenSize
        encoder = VisionEncoder(
            checkpoint,
            converter: Result { try ImageConverter(checkpoint, assuming: "ViTImageProcessor") },
            embedding: try PatchEmbedding(
                configuration.geometry, width: width, projection: model["embeddings.patch_embeddings.projection"],
                tokens: [try model.get("embeddings.cls_token", [1, 1, width])]),
            transformer: try Transformer(configuration.backbone(tokenCount: 1), model, names: .vit))
        if weights.contains("classifier") {
            let labels = try Labels(checkpoint)
            head = .classifier(try labels.classifier(width, weights["classifier"], of: checkpoint), labels)
        } else if model.contains("pooler.dense") {
            let pooler = try checkpoint.configuration(as: Pooler.self)
            head = .pooler(
                try Linear(width, pooler.width ?? width, model["pooler.dense"]),
                try Activation(named: pooler.activation ?? "tanh", key: "pooler_act", of: checkpoint))
        } else {
            head = .none
        }
    }

    public func classify(_ images: [Image]) throws -> [[Classification]] {
        guard case .classifier(let classifier, let labels) = head else { throw encoder.missingClassifier(Self.name) }
        return labels.ranked(classifier(try encoder(images, needed: .first(1)).position(0)))
    }

    public func forward(_ inputs: NamedTensors, detail: ForwardDetail) throws -> NamedTensors {
        var needed = Transformer.NeededPositions.first(1)
        if case .none = head { needed = .all }
        return try encoder.forward(inputs, detail: detail, needed: needed) { states in
            switch head {
            case .classifier(let classifier, _): ["logits": classifier(states.position(0))]
            case .pooler(let pooler, let activation):
                ["pooler_output": pooler(states.position(0), activation: activation)]
            case .none: [:]
            }
        }
    }

    public func exampleInputs(batchSize: Int) -> NamedTensors { encoder.exampleInputs(batchSize: batchSize) }

    public static func initialization(of checkpoint: Checkpoint) throws -> ParameterInitialization {
        ParameterInitialization(
            .truncatedNormal(deviation: 0.02),
            optional: [
                "vit.embeddings.cls_token": 3, "vit.embeddings.position_embeddings": 3, "classifier.weight": 2,
                "classifier.bias": 1,
            ])
    }

    public static func summary(of checkpoint: Checkpoint) throws -> ModelSummary {
        let configuration = try VisionConfiguration(checkpoint)
        return try .vision(
            checkpoint, sizes: configuration.sizes, isClassifier: configuration.isClassifier,
            converter: Result { try ImageConverter(checkpoint, assuming: "ViTImageProcessor") })
    }

    /// The part of `config.json` about the pooler.
    private struct Pooler: Decodable {
        var width: Int?
        var activation: String?
        enum CodingKeys: String, CodingKey {
            case width = "pooler_output_size"
            case activation = "pooler_act"
        }
    }
}
