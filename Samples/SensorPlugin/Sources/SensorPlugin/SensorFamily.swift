import AttentionEngine
import PluginKit

/// A Transformer over patches in time, after the vision Transformer (Dosovitskiy et al., 2021, arXiv:2010.11929).
public struct SensorFamily: Classifying {
    public static let modelTypes: Set = ["sensor-transformer"]

    private let window: WindowConfiguration
    private let converter: RecordingConverter  // Recording → [windows, channels, length]
    private let embedding: RecordingEmbedding  // → [windows, 1 + patches, width]
    private let transformer: Transformer
    private let head: Linear  // → [windows, labels]
    private let labels: Labels

    public init(_ checkpoint: Checkpoint) throws {
        let encoder = try EncoderConfiguration(checkpoint)
        var backbone = encoder.backbone
        window = try WindowConfiguration(checkpoint)
        backbone.positions = .learned(count: 1 + window.length / window.patch)

        let weights = try checkpoint.weights
        converter = try RecordingConverter(checkpoint, channelCount: window.channels, length: window.length)
        embedding = try RecordingEmbedding(
            channels: window.channels, patch: window.patch, width: encoder.width, weights)
        transformer = try Transformer(backbone, weights, names: .sensor)
        labels = try Labels(checkpoint)
        head = try labels.classifier(encoder.width, weights["classifier"], of: checkpoint)
    }

    public func classify(_ recordings: [Recording]) throws -> [[Classification]] {
        try recordings.map { recording in
            let states = try transformer.encode(embedding(converter(recording)), needed: .first(1))
            let probabilities = head(states.position(0)).softmax().mean(along: 0)
            return labels.ranked(probabilities: probabilities.reshaped(to: [1, labels.count]))[0]
        }
    }

    public func forward(_ inputs: NamedTensors, detail: ForwardDetail) throws -> NamedTensors {
        let windows = try inputs.numbers("input_values", ["batch", .exactly(window.channels), .exactly(window.length)])
        var outputs: NamedTensors = [:]
        let states = try transformer.encode(
            embedding(windows), observe: detail == .layers ? { outputs["hidden.\($0)"] = $1 } : nil)
        outputs["logits"] = head(states.position(0))
        if detail != .answer { outputs["last_hidden_state"] = states }
        return outputs
    }

    public func exampleInputs(batchSize: Int) -> NamedTensors {
        ["input_values": Tensor(exampleOf: [batchSize, window.channels, window.length])]
    }

    public static func summary(of checkpoint: Checkpoint) throws -> ModelSummary {
        let window = try WindowConfiguration(checkpoint)
        let sizes = [
            ModelSummary.Fact("channels", window.channels), .init("window", "\(window.length) samples"),
            .init("patch", "\(window.patch) samples"), .init("labels", try Labels(checkpoint).count),
        ]
        return ModelSummary(
            tasks: ["classify"], sizes: try EncoderConfiguration(checkpoint).sizes + sizes,
            preprocessing: ["cut into windows of \(window.length) samples", "bring each channel to the model's scale"])
    }
}

/// What `config.json` says of windows.
private struct WindowConfiguration: Decodable {
    var channels: Int
    var length: Int
    var patch: Int

    enum CodingKeys: String, CodingKey {
        case channels = "num_channels"
        case length = "window_length"
        case patch = "patch_length"
    }

    init(_ checkpoint: Checkpoint) throws {
        self = try checkpoint.configuration(as: Self.self)
        try checkpoint.checked("num_channels", channels, in: 1...1_024)
        try checkpoint.checked("window_length", length, in: 1...65_536)
        try checkpoint.checked("patch_length", patch, in: 1...length)
        try checkpoint.require(length % patch == 0, "window_length", found: length, needed: "a multiple of \(patch)")
    }
}

extension TransformerNames {
    /// Where the weights of each slot stand in the checkpoint.
    fileprivate static let sensor = TransformerNames(
        positions: "positions", layers: "layers", finalNorm: "norm",
        layer: Layer(
            attentionNorm: "attention_norm", input: .separate(query: "query", key: "key", value: "value"),
            attentionOutput: "output", feedForwardNorm: "feed_forward_norm", feedForwardInput: "inner",
            feedForwardOutput: "outer"))
}
