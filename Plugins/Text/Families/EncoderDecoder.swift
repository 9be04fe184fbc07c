import AttentionEngine
import PluginKit

/// A model that reads one text and writes another: two stacks over one vocabulary, and how tensors pass through them under the
/// reference's names.
struct EncoderDecoder: Sendable {
    let embedding: TokenEmbedding
    /// The decoder's own, where its vocabulary is another.
    let decoderEmbedding: TokenEmbedding
    let encoder: Transformer
    let decoder: Transformer
    let head: TokenHead
    /// What the decoder's sequence starts with, and what fills up shorter texts.
    let start, padding: Int

    /// The encoder's states as the decoder looks at them.
    ///
    /// - Parameter texts: ids, of any lengths.
    func memory(of texts: [[Int]]) throws -> CrossMemory {
        let length = texts.map(\.count).max() ?? 0
        let filled = texts.map { $0 + Array(repeating: padding, count: length - $0.count) }
        let isFull = texts.allSatisfy { $0.count == length }
        let visible = Tensor(
            integers: texts.flatMap { text in (0..<length).map { $0 < text.count ? 1 : 0 } }, shape: [texts.count, length])
        let states = try encoder.encode(embedding(filled), visible: isFull ? nil : visible)
        return decoder.memory(of: states, visible: isFull ? nil : visible)
    }

    /// Writes a text for each that is read.
    func generate(_ texts: [[Int]], _ configuration: GenerationConfiguration) throws -> [[GeneratedSequence]] {
        var configuration = configuration
        configuration.paddingToken = configuration.paddingToken ?? padding
        var step = TransformerStep(decoderEmbedding, decoder, head, memory: try memory(of: texts), for: configuration)
        return try Generator(configuration).generate(
            &step, prompts: texts.map { _ in [configuration.decoderStartToken ?? start] }, sources: texts)
    }

    /// What is written for `input_ids` with `attention_mask`, with the start token in front, filled up.
    func generate(_ inputs: NamedTensors, _ configuration: GenerationConfiguration) throws -> [[Int]] {
        let input = try TokenInput(inputs)
        return try generate(input.seen, configuration).map { [configuration.decoderStartToken ?? start] + $0[0].ids }
    }

    /// Runs `input_ids`, `attention_mask` and `decoder_input_ids` through both stacks.
    func forward(_ inputs: NamedTensors, detail: ForwardDetail) throws -> NamedTensors {
        let ids = try TokenInput(inputs)
        let decoded = try TokenInput(inputs, "decoder_input_ids", mask: "decoder_attention_mask")
        guard ids.rows.count == decoded.rows.count else {
            throw InputError(
                "decoder_input_ids", found: "\(decoded.rows.count) rows", needed: "as many as input_ids, \(ids.rows.count)",
                remedy: "Write a row for each")
        }
        var outputs: NamedTensors = [:]
        func observe(_ name: String) -> ((Int, Tensor) -> Void)? {
            detail == .layers ? { outputs["\(name).\($0)"] = $1 } : nil
        }
        let encoded = try encoder.encode(embedding(ids.rows), visible: ids.visible, observe: observe("encoder"))
        let memory = decoder.memory(of: encoded, visible: ids.visible)
        let states = try decoder.decode(
            decoderEmbedding(decoded.rows), memory: memory, visible: decoded.visible, observe: observe("decoder"))
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

    /// Pseudo-random texts of 25 tokens, and as many of the answer.
    func exampleInputs(batchSize: Int) -> NamedTensors {
        func ids(_ seed: Int) -> Tensor {
            let ids = (0..<batchSize * 25).map { ($0 * 7_919 + seed) % embedding.vocabularySize }
            return Tensor(integers: ids, shape: [batchSize, 25])
        }
        return ["input_ids": ids(101), "decoder_input_ids": ids(211)]
    }
}
