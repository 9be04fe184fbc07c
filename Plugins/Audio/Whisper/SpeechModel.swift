import AttentionEngine
import PluginKit

/// A model that hears a spectrogram and writes text: two stacks, and how tensors pass through them under the reference's names.
struct SpeechModel: Sendable {
    let frames: FrameEmbedding
    let encoder: Transformer
    let tokens: TokenEmbedding
    let decoder: Transformer
    let head: TokenHead

    /// Loads the parts of a checkpoint in Whisper's layout.
    init(_ configuration: WhisperConfiguration, _ checkpoint: Checkpoint) throws {
        let weights = try checkpoint.weights
        let model = weights.contains("model") ? weights["model"] : weights
        let (width, count) = (configuration.width, configuration.vocabularySize)
        frames = try FrameEmbedding(binCount: configuration.bins, width: width, model["encoder"])
        encoder = try Transformer(
            configuration.encoder(checkpoint), model["encoder"],
            names: .bart(positions: "embed_positions.weight", finalNorm: "layer_norm"))
        tokens = try TokenEmbedding(count, width, model["decoder.embed_tokens"])
        decoder = try Transformer(
            configuration.decoder(checkpoint), model["decoder"],
            names: .bart(positions: "embed_positions.weight", finalNorm: "layer_norm"))
        head = try TokenHead(weights.contains("proj_out") ? weights.stored("proj_out.weight", [count, width]) : tokens.table)
    }

    /// What the decoder looks at, for windows of features, `[batch, bins, frames]`.
    ///
    /// - Throws: `InputError` if there are more frames than the model has positions for.
    func memory(of features: Tensor) throws -> CrossMemory { decoder.memory(of: try encode(features)) }

    /// The states of windows, `[batch, positions, width]`.
    func encode(_ features: Tensor, observe: ((Int, Tensor) -> Void)? = nil) throws -> Tensor {
        let limit = encoder.positionLimit, count = frames.positionCount(frames: features.shape[2])
        guard count <= limit else {
            throw InputError(
                "input_features", found: "\(features.shape[2]) frames", needed: "at most \(2 * limit), the model's window",
                remedy: "Cut the sound into windows")
        }
        return try encoder.encode(frames(features), observe: observe)
    }

    /// Runs `input_features` and `decoder_input_ids` through both stacks.
    func forward(_ inputs: NamedTensors, detail: ForwardDetail) throws -> NamedTensors {
        let features = try features(inputs)
        let ids = try decoderIDs(inputs, rows: features.shape[0])
        var outputs: NamedTensors = [:]
        func observe(_ name: String) -> ((Int, Tensor) -> Void)? {
            detail == .layers ? { outputs["\(name).\($0)"] = $1 } : nil
        }
        let encoded = try encode(features, observe: observe("encoder"))
        let states = try decoder.decode(
            tokens(ids), memory: decoder.memory(of: encoded), observe: observe("decoder"))
        outputs["logits"] = head(states)
        if detail != .answer {
            outputs["encoder_last_hidden_state"] = encoded
            outputs["last_hidden_state"] = states
        }
        // The reference's last states are those after the final norm.
        if detail == .layers {
            outputs["encoder.\(encoder.configuration.layerCount)"] = encoded
            outputs["decoder.\(decoder.configuration.layerCount)"] = states
        }
        return outputs
    }

    /// `input_features`, checked: `[batch, bins, frames]`.
    func features(_ inputs: NamedTensors) throws -> Tensor {
        try inputs.numbers("input_features", ["batch", .exactly(frames.binCount), "frames"])
    }

    private func decoderIDs(_ inputs: NamedTensors, rows: Int) throws -> [[Int]] {
        let ids = try TokenInput(inputs, "decoder_input_ids", mask: nil).rows
        guard ids.count == rows else {
            throw InputError(
                "decoder_input_ids", found: "\(ids.count) rows", needed: "as many as input_features, \(rows)",
                remedy: "Write a row for each")
        }
        return ids
    }
}
