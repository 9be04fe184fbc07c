public import AttentionEngine
public import PluginKit

/// T5 (Raffel et al., 2020, arXiv:1910.10683) and its gated successors (T5 1.1, Flan-T5).
public struct T5Family: Translating, TensorGenerating {
    public static let name = "T5"
    public static let modelTypes: Set = ["t5"]

    private let checkpoint: Checkpoint
    private let model: EncoderDecoder
    private let translator: Result<Translator, any Error>

    public init(_ checkpoint: Checkpoint) throws {
        self.checkpoint = checkpoint
        let configuration = try T5Configuration(checkpoint)
        let weights = try checkpoint.weights
        let (width, count) = (configuration.width, configuration.vocabularySize)
        let gated = configuration.isGated
        let embedding = try TokenEmbedding(count, width, weights[weights.contains("shared") ? "shared" : "encoder.embed_tokens"])
        let output = weights.contains("lm_head") ? try weights.stored("lm_head.weight", [count, width]) : embedding.table
        model = EncoderDecoder(
            embedding: embedding, decoderEmbedding: embedding,
            encoder: try Transformer(
                configuration.encoder(checkpoint), weights["encoder"], names: .t5(isDecoder: false, isGated: gated)),
            decoder: try Transformer(
                configuration.decoder(checkpoint), weights["decoder"], names: .t5(isDecoder: true, isGated: gated)),
            head: try TokenHead(output, scale: configuration.scalesOutput ? 1 / Float(width).squareRoot() : 1),
            start: configuration.start, padding: configuration.padding ?? 0)
        let loaded = model
        // Relative positions have no end; what the model was trained on does.
        translator = Result { try Translator(loaded, checkpoint, positionLimit: 512) }
    }

    public func translate(
        _ texts: [String], from source: String?, to target: String?, options: WritingOptions
    ) throws -> [[Translation]] {
        let prefix = try Self.prefix(source, target)
        return try translator.get().translate(texts.map { Self.task($0, prefix) }, options: options)
    }

    /// A text that may begin with the words for its task.
    static func task(_ text: String, _ prefix: String?) -> Translator.Task {
        if let prefix { return Translator.Task(prefix: prefix, text: text) }
        let head = text.prefix { $0 != ":" }, words = head.split(separator: " ")
        guard head.endIndex < text.endIndex, words.count == 4, words[0] == "translate", words[2] == "to" else {
            return Translator.Task(prefix: "", text: text)
        }
        return Translator.Task(
            prefix: "\(head):", text: String(text[text.index(after: head.endIndex)...].drop(while: \.isWhitespace)))
    }

    /// The words that T5 was trained to take as the task.
    private static func prefix(_ source: String?, _ target: String?) throws -> String? {
        guard let target else { return nil }
        func name(_ code: String, _ flag: String) throws -> String {
            guard let name = languages[code] else {
                throw InputError(
                    flag, found: code, needed: "one of " + languages.keys.sorted().joined(separator: ", "),
                    remedy: "Write the model's own task into the text, and leave --to out")
            }
            return name
        }
        return "translate \(try name(source ?? "en", "--from")) to \(try name(target, "--to")):"
    }

    private static let languages = [
        "de": "German", "en": "English", "es": "Spanish", "fr": "French", "it": "Italian", "nl": "Dutch", "pt": "Portuguese",
        "ro": "Romanian",
    ]

    public func forward(_ inputs: NamedTensors, detail: ForwardDetail) throws -> NamedTensors {
        try model.forward(inputs, detail: detail)
    }

    public func generate(_ inputs: NamedTensors, options: WritingOptions) throws -> Tensor {
        let settings = try checkpoint.generationConfiguration(vocabularySize: model.head.vocabularySize)
        return Tensor.filled(try model.generate(inputs, options.applied(to: settings)), with: model.padding)
    }

    public func exampleInputs(batchSize: Int) -> NamedTensors { model.exampleInputs(batchSize: batchSize) }

    public static func initialization(of checkpoint: Checkpoint) throws -> ParameterInitialization {
        let configuration = try T5Configuration(checkpoint)
        func root(_ width: Int) -> ParameterInitialization.Rule { .normal(deviation: 1 / Float(width).squareRoot()) }
        let (width, heads) = (configuration.width, configuration.headCount * configuration.headWidth)
        var optional = ["shared.weight": 2]
        if configuration.tiesOutput == false { optional["lm_head.weight"] = 2 }
        return ParameterInitialization(
            root(width),
            rules: [
                "Attention.q.weight": .normal(deviation: 1 / Float(width * configuration.headWidth).squareRoot()),
                "Attention.o.weight": root(heads), "DenseReluDense.wo.weight": root(configuration.innerWidth),
                "shared.weight": .normal(deviation: 1), "lm_head.weight": .normal(deviation: 1),
            ], optional: optional)
    }

    public static func summary(of checkpoint: Checkpoint) throws -> ModelSummary {
        ModelSummary(tasks: ["translate"], sizes: try T5Configuration(checkpoint).sizes, preprocessing: [])
    }
}

/// `config.json` of T5.
private struct T5Configuration: Decodable {
    var width: Int
    var headWidth: Int
    var innerWidth: Int
    var layerCount: Int
    var decoderLayerCount: Int?
    var headCount: Int
    var vocabularySize: Int
    var bucketCount: Int?
    var maximumDistance: Int?
    var normEpsilon: Float?
    var projection: String?
    var tiesOutput: Bool?
    var scalesDecoderOutputs: Bool?
    var padding: Int?
    var startToken: Int?

    enum CodingKeys: String, CodingKey {
        case width = "d_model"
        case headWidth = "d_kv"
        case innerWidth = "d_ff"
        case layerCount = "num_layers"
        case decoderLayerCount = "num_decoder_layers"
        case headCount = "num_heads"
        case vocabularySize = "vocab_size"
        case bucketCount = "relative_attention_num_buckets"
        case maximumDistance = "relative_attention_max_distance"
        case normEpsilon = "layer_norm_epsilon"
        case projection = "feed_forward_proj"
        case tiesOutput = "tie_word_embeddings"
        case scalesDecoderOutputs = "scale_decoder_outputs"
        case padding = "pad_token_id"
        case startToken = "decoder_start_token_id"
    }

    init(_ checkpoint: Checkpoint) throws {
        self = try checkpoint.configuration(as: Self.self)
        try checkpoint.checked("d_model", width, in: 1...65_536)
        try checkpoint.checked("d_kv", headWidth, in: 1...8_192)
        try checkpoint.checked("d_ff", innerWidth, in: 1...1_048_576)
        try checkpoint.checked("num_layers", layerCount, in: 1...1_024)
        try checkpoint.checked("num_decoder_layers", decoderLayerCount ?? layerCount, in: 1...1_024)
        try checkpoint.checked("num_heads", headCount, in: 1...1_024)
        try checkpoint.checked("vocab_size", vocabularySize, in: 1...16_777_216)
        try checkpoint.checked("relative_attention_num_buckets", bucketCount ?? 32, in: 4...65_536)
        try checkpoint.checked("relative_attention_max_distance", maximumDistance ?? 128, in: 4...16_777_216)
        try checkpoint.checked("layer_norm_epsilon", normEpsilon ?? 1e-6, in: 0...1)
        try checkpoint.checked("decoder_start_token_id", start, in: 0...vocabularySize - 1)
    }

    var start: Int { startToken ?? padding ?? 0 }
    var isGated: Bool { projection?.hasPrefix("gated-") ?? false }
    /// Tied outputs were always scaled before there was a setting of its own.
    var scalesOutput: Bool { scalesDecoderOutputs ?? tiesOutput ?? true }

    func encoder(_ checkpoint: Checkpoint) throws -> TransformerConfiguration { try stack(checkpoint, layerCount) }

    func decoder(_ checkpoint: Checkpoint) throws -> TransformerConfiguration {
        var stack = try stack(checkpoint, decoderLayerCount ?? layerCount)
        stack.crossAttention = stack.attention
        stack.attention.isCausal = true
        return stack
    }

    private func stack(_ checkpoint: Checkpoint, _ layers: Int) throws -> TransformerConfiguration {
        let projection = projection ?? "relu"
        let named = isGated ? String(projection.dropFirst("gated-".count)) : projection
        // “gated-gelu” means the tanh approximation, as the reference has it.
        let activation = try Activation(
            named: isGated && named == "gelu" ? "gelu_new" : named, key: "feed_forward_proj", of: checkpoint)
        var attention = AttentionConfiguration(headCount: headCount, keyValueHeadCount: headCount, headWidth: headWidth)
        attention.scale = 1
        attention.setInputBiases(false)
        attention.hasOutputBias = false
        var feedForward = FeedForwardConfiguration(innerWidth: innerWidth, activation: activation)
        feedForward.isGated = isGated
        feedForward.hasBias = false
        var stack = TransformerConfiguration(
            width: width, layerCount: layers, attention: attention, feedForward: feedForward,
            norm: .init(.rmsNorm, epsilon: normEpsilon ?? 1e-6))
        stack.positions = .relative(buckets: bucketCount ?? 32, maximumDistance: maximumDistance ?? 128)
        return stack
    }

    var sizes: [ModelSummary.Fact] {
        [
            .init("width", width), .init("encoder layers", layerCount), .init("decoder layers", decoderLayerCount ?? layerCount),
            .init("heads", headCount), .init("feed-forward width", innerWidth), .init("vocabulary", vocabularySize),
        ]
    }
}

extension TransformerNames {
    /// The slots as transformers names them in T5: a layer's branches are numbered, and the feed-forward network is the last.
    fileprivate static func t5(isDecoder: Bool, isGated: Bool) -> TransformerNames {
        let last = isDecoder ? "layer.2" : "layer.1"
        var layer = Layer(
            attentionNorm: "layer.0.layer_norm",
            input: .separate(
                query: "layer.0.SelfAttention.q", key: "layer.0.SelfAttention.k", value: "layer.0.SelfAttention.v"),
            attentionOutput: "layer.0.SelfAttention.o", feedForwardNorm: "\(last).layer_norm",
            feedForwardInput: "\(last).DenseReluDense.\(isGated ? "wi_1" : "wi")",
            feedForwardGate: "\(last).DenseReluDense.wi_0", feedForwardOutput: "\(last).DenseReluDense.wo")
        layer.crossAttentionNorm = "layer.1.layer_norm"
        layer.crossAttentionInput = .separate(
            query: "layer.1.EncDecAttention.q", key: "layer.1.EncDecAttention.k", value: "layer.1.EncDecAttention.v")
        layer.crossAttentionOutput = "layer.1.EncDecAttention.o"
        return TransformerNames(
            layers: "block", finalNorm: "final_layer_norm",
            relativePositions: "block.0.layer.0.SelfAttention.relative_attention_bias", layer: layer)
    }
}
