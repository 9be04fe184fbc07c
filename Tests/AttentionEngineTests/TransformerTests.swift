import Testing

@testable import AttentionEngine

/// The axes of the one backbone, each against the reference of a published architecture.
@Suite("The Transformer against the reference")
struct TransformerTests {
    /// What all fixtures share.
    private func configuration(
        _ norm: Normalization.Configuration, _ activation: Activation, heads: Int = 3
    ) -> TransformerConfiguration {
        TransformerConfiguration(
            width: 24, layerCount: 2, attention: AttentionConfiguration(headCount: heads, width: 24),
            feedForward: FeedForwardConfiguration(innerWidth: 40, activation: activation), norm: norm)
    }

    @Test("norms after each branch and after the embedding, learnt positions, padding")
    func bert() throws {
        var bert = configuration(.init(epsilon: 1e-12), .gelu)
        bert.normPlacement = .after
        bert.positions = .learned(count: 16)
        bert.hasEmbeddingNorm = true
        bert.hasFinalNorm = false
        let names = TransformerNames(
            positions: "embeddings.position_embeddings.weight", embeddingNorm: "embeddings.LayerNorm", layers: "encoder.layer",
            layer: .init(
                attentionNorm: "attention.output.LayerNorm",
                input: .separate(query: "attention.self.query", key: "attention.self.key", value: "attention.self.value"),
                attentionOutput: "attention.output.dense", feedForwardNorm: "output.LayerNorm",
                feedForwardInput: "intermediate.dense", feedForwardOutput: "output.dense"))
        let fixture = try TransformerFixture("bert")
        try fixture.check(bert, names)

        let transformer = try Transformer(bert, Weights(fixture.file), names: names)
        _ = try transformer.encode(Tensor(repeating: 1, shape: [1, 16, 24]))
        let error = #expect(throws: InputError.self) {
            try transformer.encode(Tensor(repeating: 1, shape: [1, 17, 24]))
        }
        #expect(error?.description.contains("17") == true && error?.description.contains("16") == true)
    }

    @Test(
        "RMS norm, buckets of relative distances, no biases, scale 1, gated or not",
        arguments: [("t5", Activation.relu, 8, 20), ("t5_gated", .geluTanh, 16, 64)])
    func t5(name: String, activation: Activation, buckets: Int, maximumDistance: Int) throws {
        var t5 = configuration(.init(.rmsNorm, epsilon: 1e-6), activation)
        t5.attention = AttentionConfiguration(headCount: 3, keyValueHeadCount: 3, headWidth: 10)
        t5.attention.scale = 1
        t5.attention.setInputBiases(false)
        t5.attention.hasOutputBias = false
        t5.feedForward.hasBias = false
        t5.feedForward.isGated = name == "t5_gated"
        t5.positions = .relative(buckets: buckets, maximumDistance: maximumDistance)
        try TransformerFixture(name).check(
            t5,
            TransformerNames(
                layers: "block", finalNorm: "final_layer_norm",
                relativePositions: "block.0.layer.0.SelfAttention.relative_attention_bias",
                layer: .init(
                    attentionNorm: "layer.0.layer_norm",
                    input: .separate(
                        query: "layer.0.SelfAttention.q", key: "layer.0.SelfAttention.k", value: "layer.0.SelfAttention.v"),
                    attentionOutput: "layer.0.SelfAttention.o", feedForwardNorm: "layer.1.layer_norm",
                    feedForwardInput: t5.feedForward.isGated ? "layer.1.DenseReluDense.wi_1" : "layer.1.DenseReluDense.wi",
                    feedForwardGate: "layer.1.DenseReluDense.wi_0", feedForwardOutput: "layer.1.DenseReluDense.wo")),
            path: "encoder")
    }

    /// The slots that Marian and Whisper share.
    private var fairseqLayer: TransformerNames.Layer {
        .init(
            attentionNorm: "self_attn_layer_norm",
            input: .separate(query: "self_attn.q_proj", key: "self_attn.k_proj", value: "self_attn.v_proj"),
            attentionOutput: "self_attn.out_proj", feedForwardNorm: "final_layer_norm", feedForwardInput: "fc1",
            feedForwardOutput: "fc2")
    }

    @Test("sinusoids in halves, scaled embeddings, norms after, swish")
    func marian() throws {
        var marian = configuration(.init(epsilon: 1e-5), .silu)
        marian.normPlacement = .after
        marian.positions = .sinusoidal(.halves)
        marian.embeddingScale = Float(24).squareRoot()
        marian.hasFinalNorm = false
        try TransformerFixture("marian").check(marian, TransformerNames(layers: "layers", layer: fairseqLayer), path: "encoder")
    }

    @Test("norms before, keys without bias, stored positions; sinusoids computed are those stored")
    func whisper() throws {
        var whisper = configuration(.init(epsilon: 1e-5), .gelu)
        whisper.attention.hasKeyBias = false
        whisper.positions = .learned(count: 21)
        let names = TransformerNames(
            positions: "embed_positions.weight", layers: "layers", finalNorm: "layer_norm", layer: fairseqLayer)
        let fixture = try TransformerFixture("whisper")
        try fixture.check(whisper, names, path: "encoder")
        whisper.positions = .sinusoidal(.halvesToEnd)
        try fixture.check(whisper, names, path: "encoder")
    }

    @Test("RMS norm, rotary positions, grouped heads of their own width, gated SiLU, causal")
    func llama() throws {
        var llama = configuration(.init(.rmsNorm, epsilon: 1e-5), .silu)
        llama.attention = AttentionConfiguration(headCount: 6, keyValueHeadCount: 2, headWidth: 6)
        llama.attention.isCausal = true
        llama.attention.setInputBiases(false)
        llama.attention.hasOutputBias = false
        llama.feedForward.hasBias = false
        llama.feedForward.isGated = true
        llama.positions = .rotary(base: 10_000, width: 6)
        try TransformerFixture("llama").check(
            llama,
            TransformerNames(
                layers: "layers", finalNorm: "norm",
                layer: .init(
                    attentionNorm: "input_layernorm",
                    input: .separate(query: "self_attn.q_proj", key: "self_attn.k_proj", value: "self_attn.v_proj"),
                    attentionOutput: "self_attn.o_proj", feedForwardNorm: "post_attention_layernorm",
                    feedForwardInput: "mlp.up_proj", feedForwardGate: "mlp.gate_proj", feedForwardOutput: "mlp.down_proj")))
    }

    @Test("norms before, causal, padding, one fused projection, the tanh form of GELU")
    func gpt2() throws {
        var gpt2 = configuration(.init(epsilon: 1e-5), .geluTanh)
        gpt2.attention.isCausal = true
        gpt2.positions = .learned(count: 32)
        try TransformerFixture("gpt2").check(
            gpt2,
            TransformerNames(
                positions: "wpe.weight", layers: "h", finalNorm: "ln_f",
                layer: .init(
                    attentionNorm: "ln_1", input: .fused("attn.c_attn"), attentionOutput: "attn.c_proj",
                    feedForwardNorm: "ln_2", feedForwardInput: "mlp.c_fc", feedForwardOutput: "mlp.c_proj")))
    }

    @Test("projections without biases, quick GELU, a table of positions with a batch dimension")
    func vit() throws {
        var vit = configuration(.init(epsilon: 1e-12), .quickGELU)
        vit.attention.setInputBiases(false)
        vit.positions = .learned(count: 17)
        try TransformerFixture("vit").check(
            vit,
            TransformerNames(
                positions: "embeddings.position_embeddings", layers: "encoder.layer", finalNorm: "layernorm",
                layer: .init(
                    attentionNorm: "layernorm_before",
                    input: .separate(
                        query: "attention.attention.query", key: "attention.attention.key", value: "attention.attention.value"),
                    attentionOutput: "attention.output.dense", feedForwardNorm: "layernorm_after",
                    feedForwardInput: "intermediate.dense", feedForwardOutput: "output.dense")))
    }

    @Test("branches with a learnt scale, an embedding norm before pre-norm layers, a first position without a vector")
    func timm() throws {
        var timm = configuration(.init(epsilon: 1e-6), .gelu)
        timm.positions = .learned(count: 16, offset: -1)
        timm.hasEmbeddingNorm = true
        timm.hasLayerScale = true
        let names = TransformerNames(
            positions: "pos_embed", embeddingNorm: "norm_pre", layers: "blocks", finalNorm: "norm",
            layer: .init(
                attentionNorm: "norm1", input: .fused("attn.qkv"), attentionOutput: "attn.proj", attentionScale: "ls1.gamma",
                feedForwardNorm: "norm2", feedForwardInput: "mlp.fc1", feedForwardOutput: "mlp.fc2",
                feedForwardScale: "ls2.gamma"))
        let fixture = try TransformerFixture("timm_vit")
        try fixture.check(timm, names)
        let transformer = try Transformer(timm, Weights(fixture.file), names: names)
        #expect(throws: InputError.self) { try transformer.encode(Tensor(repeating: 1, shape: [1, 18, 24])) }
    }

    @Test("a projection stored input by output gives what its transpose gives, to the last bit")
    func storedTransposed() throws {
        let file = try SafetensorsFile(TransformerFixture.path("gpt2"))
        let weights = Weights(file)
        let usual = try Linear(24, 72, weights["h.0.attn.c_attn"])
        let stored = TensorDictionary([
            "weight": try weights.get("stored.c_attn.weight", [24, 72]), "bias": try weights.get("h.0.attn.c_attn.bias", [72]),
        ])
        let transposed = try Linear(24, 72, Weights(stored), layout: .inputByOutput)
        let x = try #require(try file.tensor(named: "inputs_embeds"))
        #expect(usual(x).floats == transposed(x).floats)
    }

    @Test("a tensor that is missing or of another shape is named")
    func badWeights() throws {
        let file = try SafetensorsFile(TransformerFixture.path("llama"))
        let layer = TransformerNames.Layer(
            attentionNorm: "input_layernorm", input: .fused("self_attn.qkv"), attentionOutput: "self_attn.o_proj",
            feedForwardNorm: "post_attention_layernorm", feedForwardInput: "mlp.up_proj", feedForwardOutput: "mlp.down_proj")
        var configuration = configuration(.init(.rmsNorm, epsilon: 1e-5), .silu)
        let missing = #expect(throws: InputError.self) {
            try Transformer(configuration, Weights(file), names: TransformerNames(layers: "layers", layer: layer))
        }
        #expect(missing?.description.contains("layers.0.self_attn.qkv.weight") == true)
        configuration.width = 25
        let wrong = #expect(throws: InputError.self) {
            try Transformer(configuration, Weights(file), names: TransformerNames(layers: "layers", layer: layer))
        }
        #expect(wrong?.description.contains("layers.0.input_layernorm.weight") == true)
    }
}
