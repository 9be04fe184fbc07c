import AttentionEngine
import PluginKit

/// Llama: one more family for the text that Apus reads and writes already.
public enum LlamaPlugin: Plugin {
    public static let name = "llama"
    public static func register(in registry: inout Registry) throws { try registry.register(LlamaFamily.self) }
}

/// Llama (Touvron et al., 2023, arXiv:2302.13971) and what has its layers, TinyLlama and SmolLM for example.
public struct LlamaFamily: CausalLanguageModeling {
    public static let modelTypes: Set = ["llama"]
    public let model: CausalLanguageModel

    public init(_ checkpoint: Checkpoint) throws {
        let configuration = try checkpoint.configuration(as: LlamaConfiguration.self)
        let weights = try checkpoint.weights, backbone = try configuration.backbone(checkpoint), width = backbone.width
        let count = try checkpoint.checked("vocab_size", configuration.vocabularySize, in: 1...16_777_216)
        let limit = try checkpoint.checked("max_position_embeddings", configuration.positionCount, in: 1...16_777_216)
        let embedding = try TokenEmbedding(count, width, weights["model.embed_tokens"])
        model = CausalLanguageModel(
            checkpoint, embedding: embedding, decoder: try Transformer(backbone, weights["model"], names: .llama),
            head: try TokenHead(
                weights.contains("lm_head") ? weights.stored("lm_head.weight", [count, width]) : embedding.table),
            positionLimit: limit)
    }
}

/// The keys of `config.json` beside those of every encoder; the rotation stands elsewhere in files of older versions.
private struct LlamaConfiguration: Decodable {
    var vocabularySize: Int, positionCount: Int, groupCount: Int?, headWidth: Int?
    var normEpsilon: Float?, base: Float?, rotation: Rotation?, scaling: Scaling?
    var hasAttentionBias: Bool?, hasFeedForwardBias: Bool?

    enum CodingKeys: String, CodingKey {
        case vocabularySize = "vocab_size", positionCount = "max_position_embeddings", normEpsilon = "rms_norm_eps"
        case groupCount = "num_key_value_heads", headWidth = "head_dim", base = "rope_theta", scaling = "rope_scaling"
        case rotation = "rope_parameters", hasAttentionBias = "attention_bias", hasFeedForwardBias = "mlp_bias"
    }
    struct Scaling: Decodable {}
    struct Rotation: Decodable {
        var kind: String, base: Float
        enum CodingKeys: String, CodingKey { case kind = "rope_type", base = "rope_theta" }
    }

    func backbone(_ checkpoint: Checkpoint) throws -> TransformerConfiguration {
        let encoder = try EncoderConfiguration(checkpoint, activation: .silu), heads = encoder.headCount
        let isPlain = scaling == nil && rotation?.kind ?? "default" == "default"
        try checkpoint.require(isPlain, "rope_scaling", found: "scaled positions", needed: "none")
        let groups = try checkpoint.checked("num_key_value_heads", groupCount ?? heads, in: 1...heads)
        let headWidth = try checkpoint.checked("head_dim", headWidth ?? encoder.width / heads, in: 2...65_536)
        let base = try checkpoint.checked("rope_theta", rotation?.base ?? base ?? 10_000, in: 1...1e12)
        var backbone = encoder.backbone
        backbone.attention = .init(headCount: heads, keyValueHeadCount: groups, headWidth: headWidth)
        backbone.attention.isCausal = true
        backbone.attention.setInputBiases(hasAttentionBias ?? false)
        backbone.attention.hasOutputBias = hasAttentionBias ?? false
        backbone.feedForward.isGated = true
        backbone.feedForward.hasBias = hasFeedForwardBias ?? false
        backbone.norm = .init(.rmsNorm, epsilon: try checkpoint.checked("rms_norm_eps", normEpsilon ?? 1e-6, in: 0...1))
        backbone.positions = .rotary(base: base, width: headWidth)
        return backbone
    }
}

extension TransformerNames {
    fileprivate static let llama = TransformerNames(
        layers: "layers", finalNorm: "norm",
        layer: Layer(
            attentionNorm: "input_layernorm",
            input: .separate(query: "self_attn.q_proj", key: "self_attn.k_proj", value: "self_attn.v_proj"),
            attentionOutput: "self_attn.o_proj", feedForwardNorm: "post_attention_layernorm", feedForwardInput: "mlp.up_proj",
            feedForwardGate: "mlp.gate_proj", feedForwardOutput: "mlp.down_proj"))
}
