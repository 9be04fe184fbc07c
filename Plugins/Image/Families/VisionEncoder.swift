import AttentionEngine
import PluginKit

/// What every vision family is made of: preprocessor, patch embedding and Transformer, and how tensors pass through them
/// under the reference's names.
struct VisionEncoder: Sendable {
    private let converter: Result<ImageConverter, any Error>
    private let embedding: PatchEmbedding
    private let transformer: Transformer
    private let checkpoint: Checkpoint

    /// - Parameter converter: whose failure counts only when an image is to be converted: tensors need none.
    init(
        _ checkpoint: Checkpoint, converter: Result<ImageConverter, any Error>, embedding: PatchEmbedding,
        transformer: Transformer
    ) {
        self.checkpoint = checkpoint
        self.converter = converter
        self.embedding = embedding
        self.transformer = transformer
    }

    /// How many tokens stand before the patches.
    var tokenCount: Int { embedding.tokenCount }

    /// The states of `images` after the final norm: `[batch, positions, width]`.
    func callAsFunction(_ images: [Image], needed: Transformer.NeededPositions) throws -> Tensor {
        let pixels = try converter.get()(images)
        let made = Array(pixels.shape.dropFirst())
        guard made == shape else {
            func spelled(_ shape: [Int]) -> String { "\(shape[0]) colours of \(shape[1]) × \(shape[2])" }
            throw InputError(
                checkpoint.folder, found: "a preprocessor that makes images with \(spelled(made))",
                needed: "the model's \(spelled(shape))",
                remedy: "Set the size in the preprocessor's file to the model's image size")
        }
        return try transformer.encode(embedding(pixels), needed: needed)
    }

    /// What is said of a model that was asked to classify and cannot.
    func missingClassifier(_ family: String) -> InputError {
        InputError(
            checkpoint.folder, found: "a \(family) model without a classifier", needed: "one trained to classify",
            remedy: "Use a checkpoint fine-tuned on labelled pictures")
    }

    /// Runs `pixel_values` through the encoder and `head`.
    ///
    /// - Parameters:
    ///   - needed: the positions that `head` looks at.
    ///   - head: from the states to what stands on them, under the reference's names; nothing where the model has no head.
    func forward(
        _ inputs: NamedTensors, detail: ForwardDetail, needed: Transformer.NeededPositions,
        head: (Tensor) -> NamedTensors
    ) throws -> NamedTensors {
        let pixels = try pixelValues(in: inputs)
        var outputs: NamedTensors = [:]
        let states = try transformer.encode(
            embedding(pixels), needed: detail == .answer ? needed : .all,
            observe: detail == .layers ? { outputs["hidden.\($0)"] = $1 } : nil)
        outputs.merge(head(states)) { $1 }
        if detail != .answer || outputs.isEmpty { outputs["last_hidden_state"] = states }
        return outputs
    }

    /// Pseudo-random `pixel_values`.
    func exampleInputs(batchSize: Int) -> NamedTensors {
        ["pixel_values": Tensor(exampleOf: [batchSize] + shape)]
    }

    /// The shape of one image's pixel values: `[channels, height, width]`.
    private var shape: [Int] {
        let geometry = embedding.geometry
        return [geometry.channels, geometry.image.height, geometry.image.width]
    }

    private func pixelValues(in inputs: NamedTensors) throws -> Tensor {
        try inputs.numbers("pixel_values", ["batch"] + shape.map(Extent.exactly))
    }
}
