public import AttentionEngine

extension TransformerNames {
    /// The slots as transformers names them in BART and in what descends from it: Marian, Whisper and others.
    ///
    /// - Parameters:
    ///   - positions: where learnt positions stand.
    ///   - finalNorm: where the norm after the last layer stands.
    public static func bart(positions: String = "", finalNorm: String = "") -> TransformerNames {
        var layer = Layer(
            attentionNorm: "self_attn_layer_norm",
            input: .separate(query: "self_attn.q_proj", key: "self_attn.k_proj", value: "self_attn.v_proj"),
            attentionOutput: "self_attn.out_proj", feedForwardNorm: "final_layer_norm", feedForwardInput: "fc1",
            feedForwardOutput: "fc2")
        layer.crossAttentionNorm = "encoder_attn_layer_norm"
        layer.crossAttentionInput = .separate(
            query: "encoder_attn.q_proj", key: "encoder_attn.k_proj", value: "encoder_attn.v_proj")
        layer.crossAttentionOutput = "encoder_attn.out_proj"
        return TransformerNames(positions: positions, layers: "layers", finalNorm: finalNorm, layer: layer)
    }
}
