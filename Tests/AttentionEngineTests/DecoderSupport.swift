import Foundation
import Testing

@testable import AttentionEngine

/// A decoder from `Tests/Fixtures/generation` with what the reference computes and generates.
struct DecoderFixture {
    let name: String
    let file: SafetensorsFile
    let decoder: Transformer
    let names: TransformerNames
    let embedding: TokenEmbedding
    let head: TokenHead
    let memory: CrossMemory?
    /// What the reference had its decoders start with.
    let start: Int

    static let names = ["marian", "t5", "t5_gated", "whisper", "gpt2", "llama"]

    static func path(_ name: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/generation/\(name)").path
    }

    init(_ name: String) throws {
        self.name = name
        file = try SafetensorsFile(Self.path("\(name).safetensors"))
        let weights = Weights(file)
        let width = 24, vocabularySize = 61
        var configuration = TransformerConfiguration(
            width: width, layerCount: 2, attention: AttentionConfiguration(headCount: 3, width: width),
            feedForward: FeedForwardConfiguration(innerWidth: 32, activation: .geluTanh), norm: .init(epsilon: 1e-5))
        var names: TransformerNames
        var path = "", table = "", output: String?, bias: String?, scale: Float = 1
        switch name {
        case "marian", "whisper":
            names = TransformerNames(
                positions: "embed_positions.weight", layers: "layers", finalNorm: "layer_norm",
                layer: .init(
                    attentionNorm: "self_attn_layer_norm",
                    input: .separate(query: "self_attn.q_proj", key: "self_attn.k_proj", value: "self_attn.v_proj"),
                    attentionOutput: "self_attn.out_proj", feedForwardNorm: "final_layer_norm", feedForwardInput: "fc1",
                    feedForwardOutput: "fc2"))
            names.layer.crossAttentionNorm = "encoder_attn_layer_norm"
            names.layer.crossAttentionInput = .separate(
                query: "encoder_attn.q_proj", key: "encoder_attn.k_proj", value: "encoder_attn.v_proj")
            names.layer.crossAttentionOutput = "encoder_attn.out_proj"
            path = "model.decoder"
            if name == "marian" {
                configuration.normPlacement = .after
                configuration.positions = .sinusoidal(.halves)
                configuration.embeddingScale = Float(width).squareRoot()
                configuration.hasFinalNorm = false
                configuration.feedForward.activation = .silu
                (table, bias) = ("model.shared.weight", "final_logits_bias")
            } else {
                configuration.attention.hasKeyBias = false
                configuration.positions = .learned(count: 48)
                configuration.feedForward.activation = .gelu
                table = "model.decoder.embed_tokens.weight"
            }
            configuration.crossAttention = configuration.attention
        case "t5", "t5_gated":
            let isGated = name == "t5_gated"
            configuration.norm = .init(.rmsNorm, epsilon: 1e-6)
            configuration.attention = AttentionConfiguration(headCount: 3, keyValueHeadCount: 3, headWidth: 10)
            configuration.attention.scale = 1
            configuration.attention.setInputBiases(false)
            configuration.attention.hasOutputBias = false
            configuration.crossAttention = configuration.attention
            configuration.feedForward.activation = isGated ? .geluTanh : .relu
            configuration.feedForward.isGated = isGated
            configuration.feedForward.hasBias = false
            configuration.positions = .relative(buckets: 8, maximumDistance: 20)
            func input(_ name: String) -> TransformerNames.AttentionInput {
                .separate(query: "\(name).q", key: "\(name).k", value: "\(name).v")
            }
            let dense = "layer.2.DenseReluDense"
            names = TransformerNames(
                layers: "block", finalNorm: "final_layer_norm",
                relativePositions: "block.0.layer.0.SelfAttention.relative_attention_bias",
                layer: .init(
                    attentionNorm: "layer.0.layer_norm", input: input("layer.0.SelfAttention"),
                    attentionOutput: "layer.0.SelfAttention.o", feedForwardNorm: "layer.2.layer_norm",
                    feedForwardInput: isGated ? "\(dense).wi_1" : "\(dense).wi", feedForwardGate: "\(dense).wi_0",
                    feedForwardOutput: "\(dense).wo"))
            names.layer.crossAttentionNorm = "layer.1.layer_norm"
            names.layer.crossAttentionInput = input("layer.1.EncDecAttention")
            names.layer.crossAttentionOutput = "layer.1.EncDecAttention.o"
            (path, table) = ("decoder", "shared.weight")
            // The reference ties the newer form too, but does not scale it.
            if !isGated { scale = 1 / Float(width).squareRoot() }
        case "gpt2":
            configuration.positions = .learned(count: 48)
            names = TransformerNames(
                positions: "wpe.weight", layers: "h", finalNorm: "ln_f",
                layer: .init(
                    attentionNorm: "ln_1", input: .fused("attn.c_attn"), attentionOutput: "attn.c_proj",
                    feedForwardNorm: "ln_2", feedForwardInput: "mlp.c_fc", feedForwardOutput: "mlp.c_proj"))
            names.layout = .inputByOutput
            (path, table) = ("transformer", "transformer.wte.weight")
        default:
            configuration.norm = .init(.rmsNorm, epsilon: 1e-5)
            configuration.attention = AttentionConfiguration(headCount: 6, keyValueHeadCount: 2, headWidth: 6)
            configuration.attention.setInputBiases(false)
            configuration.attention.hasOutputBias = false
            configuration.feedForward.hasBias = false
            configuration.feedForward.isGated = true
            configuration.feedForward.activation = .silu
            configuration.positions = .rotary(base: 10_000, width: 6)
            names = TransformerNames(
                layers: "layers", finalNorm: "norm",
                layer: .init(
                    attentionNorm: "input_layernorm",
                    input: .separate(query: "self_attn.q_proj", key: "self_attn.k_proj", value: "self_attn.v_proj"),
                    attentionOutput: "self_attn.o_proj", feedForwardNorm: "post_attention_layernorm",
                    feedForwardInput: "mlp.up_proj", feedForwardGate: "mlp.gate_proj", feedForwardOutput: "mlp.down_proj"))
            (path, table, output) = ("model", "model.embed_tokens.weight", "lm_head.weight")
        }
        configuration.attention.isCausal = true
        self.names = names
        decoder = try Transformer(configuration, weights[path], names: names)
        embedding = try TokenEmbedding(vocabularySize, width, weights, name: table)
        head = try TokenHead(
            try weights.stored(output ?? table, [vocabularySize, width]),
            bias: try bias.map { try weights.get($0, [1, vocabularySize]) }, scale: scale)
        start = name.hasPrefix("t5") ? 0 : 2
        memory = try file.tensor(named: "encoder_states").map { [decoder, file] in
            decoder.memory(of: $0, visible: try file.tensor(named: "encoder_mask"))
        }
    }

    func tensor(_ name: String) throws -> Tensor { try #require(try file.tensor(named: name)) }

    var ids: [[Int]] {
        get throws {
            let ids = try tensor("decoder_input_ids")
            return (0..<ids.shape[0]).map { Array(ids.integers[$0 * ids.shape[1]..<($0 + 1) * ids.shape[1]]) }
        }
    }

    func step(_ configuration: GenerationConfiguration) -> TransformerStep {
        TransformerStep(embedding, decoder, head, memory: memory, for: configuration)
    }
}
