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
        let shape = [batchSize] + shape
        var state: UInt32 = 1
        let values = (0..<shape.reduce(1, *)).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return Float(state >> 8) / Float(1 << 23) - 1
        }
        return ["pixel_values": Tensor(values, shape: shape)]
    }

    /// The shape of one image's pixel values: `[channels, height, width]`.
    private var shape: [Int] {
        let geometry = embedding.geometry
        return [geometry.channels, geometry.image.height, geometry.image.width]
    }

    private func pixelValues(in inputs: NamedTensors) throws -> Tensor {
        let needed = "pixel_values of shape [batch, \(shape.map(String.init).joined(separator: ", "))]"
        guard let pixels = inputs["pixel_values"] else {
            throw InputError(
                "inputs", found: inputs.isEmpty ? "no tensors" : "only " + inputs.keys.sorted().joined(separator: ", "),
                needed: needed, remedy: "Add the tensor to the file")
        }
        guard pixels.rank == 4, pixels.shape[0] > 0, Array(pixels.shape.dropFirst()) == shape else {
            throw InputError(
                "pixel_values", found: "the shape \(pixels.shape)", needed: needed,
                remedy: "Resize the images to the model's size")
        }
        return pixels.converted(to: .float32)
    }
}
