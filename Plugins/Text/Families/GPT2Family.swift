public import AttentionEngine
public import PluginKit

/// GPT-2 (Radford et al., 2019, "Language Models are Unsupervised Multitask Learners") and DistilGPT2.
public struct GPT2Family: TextGenerating, TensorGenerating {
    public static let name = "GPT-2"
    public static let modelTypes: Set = ["gpt2"]

    private let checkpoint: Checkpoint
    private let embedding: TokenEmbedding
    private let decoder: Transformer  // [batch, positions, width] → [batch, positions, width]
    private let head: TokenHead

    public init(_ checkpoint: Checkpoint) throws {
        self.checkpoint = checkpoint
        let configuration = try GPT2Configuration(checkpoint)
        let weights = try checkpoint.weights
        let model = weights.contains("transformer") ? weights["transformer"] : weights
        let (width, count) = (configuration.width, configuration.vocabularySize)
        embedding = try TokenEmbedding(count, width, model["wte"])
        decoder = try Transformer(configuration.backbone(checkpoint), model, names: .gpt2)
        head = try TokenHead(weights.contains("lm_head") ? weights.stored("lm_head.weight", [count, width]) : embedding.table)
    }

    public func forward(_ inputs: NamedTensors, detail: ForwardDetail) throws -> NamedTensors {
        let ids = try TokenInput(inputs, "input_ids", mask: "attention_mask")
        let skipsPadding = try skipsPadding(ids, inputs)
        var outputs: NamedTensors = [:]
        let embedded = try embedding(ids.rows)
        let observe: ((Int, Tensor) -> Void)? = detail == .layers ? { outputs["hidden.\($0)"] = $1 } : nil
        let states =
            skipsPadding
            ? try decoder.decode(embedded, visible: ids.visible, observe: observe)
            : try decoder.encode(embedded, visible: ids.visible, observe: observe)
        outputs["logits"] = head(states)
        if detail != .answer { outputs["last_hidden_state"] = states }
        // The reference's last state is that after the final norm.
        if detail == .layers { outputs["hidden.\(decoder.configuration.layerCount)"] = states }
        return outputs
    }

    /// Whether positions are numbered without the padding, as the reference's `generate` does: where `position_ids` say so. Its
    /// model, given none, counts the padding.
    private func skipsPadding(_ ids: TokenInput, _ inputs: NamedTensors) throws -> Bool {
        guard inputs["position_ids"] != nil else { return false }
        let positions = try TokenInput(inputs, "position_ids", mask: "").rows
        let flags = ids.visible?.integers, length = ids.rows[0].count
        func agree(_ number: (_ position: Int, _ before: Int) -> Int) -> Bool {
            guard positions.count == ids.rows.count, positions[0].count == length else { return false }
            return positions.indices.allSatisfy { row in
                var before = 0
                for position in 0..<length where flags.map({ $0[row * length + position] != 0 }) ?? true {
                    if positions[row][position] != number(position, before) { return false }
                    before += 1
                }
                return true
            }
        }
        if agree({ position, _ in position }) { return false }
        if agree({ _, before in before }) { return true }
        throw InputError(
            "position_ids", found: "numbers that leave some out, or another shape than that of input_ids",
            needed: "numbers from 0 upwards, with the padding or without it", remedy: "Leave them out, or number the positions so"
        )
    }

    public func generate(_ inputs: NamedTensors, options: WritingOptions) throws -> Tensor {
        let input = try TokenInput(inputs, "input_ids", mask: "attention_mask")
        let settings = options.applied(to: try checkpoint.generationConfiguration(vocabularySize: embedding.vocabularySize))
        var step = TransformerStep(embedding, decoder, head, for: settings)
        let results = try Generator(settings).generate(&step, prompts: input.seen)
        return Self.filled(
            zip(input.rows, results).map { $0 + $1[0].ids }, with: settings.paddingToken ?? settings.endTokens.first ?? 0)
    }

    public func generate(_ prompt: String, options: WritingOptions, onText: (String) throws -> Bool) throws -> [Int] {
        let tokenizer = try checkpoint.tokenizer
        let settings = options.applied(to: try checkpoint.generationConfiguration(vocabularySize: embedding.vocabularySize))
        let encoded = try tokenizer.encode(prompt).ids
        // An empty prompt begins where the model begins.
        let ids = encoded.isEmpty ? [tokenizer.specialTokens.beginning ?? settings.endTokens.first ?? 0] : encoded
        guard ids.count < decoder.positionLimit else {
            throw InputError(
                "", found: "a prompt of \(ids.count) tokens", needed: "fewer than the model's \(decoder.positionLimit)",
                remedy: "Shorten the prompt")
        }
        var limited = settings
        limited.maximumNewTokens = min(
            settings.maximumNewTokens ?? max(0, settings.maximumLength - ids.count), decoder.positionLimit - ids.count)
        var step = TransformerStep(embedding, decoder, head, for: limited)
        var stream = TokenStreamDecoder(tokenizer)
        let results = try withoutActuallyEscaping(onText) { onText in
            try Generator(limited).generate(&step, prompts: [ids]) { _, token in
                let piece = stream.append(token)
                return piece.isEmpty ? true : try onText(piece)
            }
        }
        let rest = stream.finish()
        if !rest.isEmpty { _ = try onText(rest) }
        return results[0][0].ids
    }

    public func exampleInputs(batchSize: Int) -> NamedTensors {
        let length = min(32, decoder.positionLimit)
        let ids = (0..<batchSize * length).map { ($0 * 7_919 + 101) % embedding.vocabularySize }
        return ["input_ids": Tensor(integers: ids, shape: [batchSize, length])]
    }

    public static func summary(of checkpoint: Checkpoint) throws -> ModelSummary {
        ModelSummary(tasks: ["generate"], sizes: try GPT2Configuration(checkpoint).sizes, preprocessing: [])
    }
}

/// `config.json` of GPT-2.
private struct GPT2Configuration: Decodable {
    var width: Int
    var layerCount: Int
    var headCount: Int
    var innerWidth: Int?
    var positionCount: Int
    var vocabularySize: Int
    var activation: String?
    var normEpsilon: Float?
    var scalesByLayer: Bool?
    var scalesAttention: Bool?
    var hasCrossAttention: Bool?

    enum CodingKeys: String, CodingKey {
        case width = "n_embd"
        case layerCount = "n_layer"
        case headCount = "n_head"
        case innerWidth = "n_inner"
        case positionCount = "n_positions"
        case vocabularySize = "vocab_size"
        case activation = "activation_function"
        case normEpsilon = "layer_norm_epsilon"
        case scalesByLayer = "scale_attn_by_inverse_layer_idx"
        case scalesAttention = "scale_attn_weights"
        case hasCrossAttention = "add_cross_attention"
    }

    init(_ checkpoint: Checkpoint) throws {
        self = try checkpoint.configuration(as: Self.self)
        try checkpoint.checked("n_embd", width, in: 1...65_536)
        try checkpoint.checked("n_layer", layerCount, in: 1...1_024)
        try checkpoint.checked("n_head", headCount, in: 1...1_024)
        try checkpoint.require(width % headCount == 0, "n_head", found: headCount, needed: "a divisor of the width, \(width)")
        try checkpoint.checked("n_inner", innerWidth ?? width, in: 1...1_048_576)
        try checkpoint.checked("n_positions", positionCount, in: 1...16_777_216)
        try checkpoint.checked("vocab_size", vocabularySize, in: 1...16_777_216)
        try checkpoint.checked("layer_norm_epsilon", normEpsilon ?? 1e-5, in: 0...1)
        try checkpoint.require(
            scalesByLayer != true, "scale_attn_by_inverse_layer_idx", found: true, needed: "scores that all layers scale alike")
        try checkpoint.require(hasCrossAttention != true, "add_cross_attention", found: true, needed: "a decoder of its own")
    }

    func backbone(_ checkpoint: Checkpoint) throws -> TransformerConfiguration {
        var attention = AttentionConfiguration(headCount: headCount, width: width)
        attention.isCausal = true
        if scalesAttention == false { attention.scale = 1 }
        var backbone = TransformerConfiguration(
            width: width, layerCount: layerCount, attention: attention,
            feedForward: .init(
                innerWidth: innerWidth ?? 4 * width,
                activation: try Activation(named: activation ?? "gelu_new", key: "activation_function", of: checkpoint)),
            norm: .init(epsilon: normEpsilon ?? 1e-5))
        backbone.positions = .learned(count: positionCount)
        return backbone
    }

    var sizes: [ModelSummary.Fact] {
        [
            .init("width", width), .init("layers", layerCount), .init("heads", headCount),
            .init("feed-forward width", innerWidth ?? 4 * width), .init("vocabulary", vocabularySize),
            .init("positions", positionCount),
        ]
    }
}

extension TransformerNames {
    /// The slots as transformers names them in GPT-2, whose matrices are stored the other way round.
    fileprivate static let gpt2: TransformerNames = {
        var names = TransformerNames(
            positions: "wpe.weight", layers: "h", finalNorm: "ln_f",
            layer: Layer(
                attentionNorm: "ln_1", input: .fused("attn.c_attn"), attentionOutput: "attn.c_proj", feedForwardNorm: "ln_2",
                feedForwardInput: "mlp.c_fc", feedForwardOutput: "mlp.c_proj"))
        names.layout = .inputByOutput
        return names
    }()
}
