public import AttentionEngine
public import PluginKit

/// Marian's translation models (Junczys-Dowmunt et al., 2018, arXiv:1804.00344) as `Helsinki-NLP/opus-mt-*` publishes them.
public struct MarianFamily: Translating, TensorGenerating {
    public static let name = "Marian"
    public static let modelTypes: Set = ["marian"]

    private let checkpoint: Checkpoint
    private let model: EncoderDecoder
    private let translator: Result<Translator, any Error>
    private let languages: Result<MarianLanguages, any Error>

    public init(_ checkpoint: Checkpoint) throws {
        let configuration = try MarianConfiguration(checkpoint)
        let weights = try checkpoint.weights
        let model = weights["model"]
        let (width, count) = (configuration.width, configuration.vocabularySize)
        let targets = configuration.targetVocabularySize
        let isShared = model.contains("shared")
        try checkpoint.require(
            !isShared || targets == count, "decoder_vocab_size", found: targets,
            needed: "the \(count) of vocab_size, because both sides share their embedding")
        let embedding = try TokenEmbedding(count, width, model[isShared ? "shared" : "encoder.embed_tokens"])
        let decoderEmbedding = isShared ? embedding : try TokenEmbedding(targets, width, model["decoder.embed_tokens"])
        let output =
            weights.contains("lm_head") ? try weights.stored("lm_head.weight", [targets, width]) : decoderEmbedding.table
        self.model = EncoderDecoder(
            embedding: embedding, decoderEmbedding: decoderEmbedding,
            encoder: try Transformer(configuration.encoder(checkpoint), model["encoder"], names: .bart()),
            decoder: try Transformer(configuration.decoder(checkpoint), model["decoder"], names: .bart()),
            head: try TokenHead(
                output,
                bias: weights.contains("final_logits_bias") ? try weights.get("final_logits_bias", [1, targets]).detached : nil),
            start: configuration.start, padding: configuration.padding)
        self.checkpoint = checkpoint
        let loaded = self.model
        translator = Result { try Translator(loaded, checkpoint, positionLimit: configuration.positionCount ?? 1_024) }
        languages = Result { try MarianLanguages(checkpoint) }
    }

    public func translate(
        _ texts: [String], from source: String?, to target: String?, options: WritingOptions
    ) throws -> [[Translation]] {
        try translator.get().translate(languages.get().tasks(texts, from: source, to: target), options: options)
    }

    public func forward(_ inputs: NamedTensors, detail: ForwardDetail) throws -> NamedTensors {
        try model.forward(inputs, detail: detail)
    }

    public func generate(_ inputs: NamedTensors, options: WritingOptions) throws -> Tensor {
        let settings = try checkpoint.generationConfiguration(vocabularySize: model.head.vocabularySize)
        return Tensor.filled(try model.generate(inputs, options.applied(to: settings)), with: model.padding)
    }

    public func exampleInputs(batchSize: Int) -> NamedTensors { model.exampleInputs(batchSize: batchSize) }

    public static func initialization(of checkpoint: Checkpoint) throws -> ParameterInitialization {
        ParameterInitialization(
            .normal(deviation: 0.02), rules: ["final_logits_bias": .zeros],
            optional: ["model.shared.weight": 2, "final_logits_bias": 2])
    }

    public static func summary(of checkpoint: Checkpoint) throws -> ModelSummary {
        ModelSummary(tasks: ["translate"], sizes: try MarianConfiguration(checkpoint).sizes, preprocessing: [])
    }
}

/// `config.json` of Marian's models.
private struct MarianConfiguration: Decodable {
    var width: Int
    var vocabularySize: Int
    var decoderVocabularySize: Int?
    var encoderLayers: Int
    var decoderLayers: Int
    var encoderHeads: Int
    var decoderHeads: Int
    var encoderInnerWidth: Int
    var decoderInnerWidth: Int
    var activation: String
    var scalesEmbedding: Bool?
    var positionCount: Int?
    var padding: Int
    var startToken: Int?

    enum CodingKeys: String, CodingKey {
        case width = "d_model"
        case vocabularySize = "vocab_size"
        case decoderVocabularySize = "decoder_vocab_size"
        case encoderLayers = "encoder_layers"
        case decoderLayers = "decoder_layers"
        case encoderHeads = "encoder_attention_heads"
        case decoderHeads = "decoder_attention_heads"
        case encoderInnerWidth = "encoder_ffn_dim"
        case decoderInnerWidth = "decoder_ffn_dim"
        case activation = "activation_function"
        case scalesEmbedding = "scale_embedding"
        case positionCount = "max_position_embeddings"
        case padding = "pad_token_id"
        case startToken = "decoder_start_token_id"
    }

    init(_ checkpoint: Checkpoint) throws {
        self = try checkpoint.configuration(as: Self.self)
        try checkpoint.checked("d_model", width, in: 1...65_536)
        try checkpoint.checked("vocab_size", vocabularySize, in: 1...16_777_216)
        try checkpoint.checked("decoder_vocab_size", targetVocabularySize, in: 1...16_777_216)
        try checkpoint.checked("encoder_layers", encoderLayers, in: 1...1_024)
        try checkpoint.checked("decoder_layers", decoderLayers, in: 1...1_024)
        for (key, heads) in [("encoder_attention_heads", encoderHeads), ("decoder_attention_heads", decoderHeads)] {
            try checkpoint.checked(key, heads, in: 1...1_024)
            try checkpoint.require(width % heads == 0, key, found: heads, needed: "a divisor of the width, \(width)")
        }
        try checkpoint.checked("encoder_ffn_dim", encoderInnerWidth, in: 1...1_048_576)
        try checkpoint.checked("decoder_ffn_dim", decoderInnerWidth, in: 1...1_048_576)
        try checkpoint.checked("max_position_embeddings", positionCount ?? 1_024, in: 1...1_048_576)
        try checkpoint.checked("pad_token_id", padding, in: 0...vocabularySize - 1)
        try checkpoint.checked("decoder_start_token_id", start, in: 0...targetVocabularySize - 1)
    }

    var targetVocabularySize: Int { decoderVocabularySize ?? vocabularySize }
    var start: Int { startToken ?? padding }

    func encoder(_ checkpoint: Checkpoint) throws -> TransformerConfiguration {
        try stack(checkpoint, layers: encoderLayers, heads: encoderHeads, innerWidth: encoderInnerWidth)
    }

    func decoder(_ checkpoint: Checkpoint) throws -> TransformerConfiguration {
        var stack = try stack(checkpoint, layers: decoderLayers, heads: decoderHeads, innerWidth: decoderInnerWidth)
        stack.crossAttention = stack.attention
        stack.attention.isCausal = true
        return stack
    }

    private func stack(
        _ checkpoint: Checkpoint, layers: Int, heads: Int, innerWidth: Int
    ) throws -> TransformerConfiguration {
        var stack = TransformerConfiguration(
            width: width, layerCount: layers, attention: .init(headCount: heads, width: width),
            feedForward: .init(
                innerWidth: innerWidth, activation: try Activation(named: activation, key: "activation_function", of: checkpoint)),
            norm: .init(epsilon: 1e-5))
        stack.normPlacement = .after
        stack.hasFinalNorm = false
        stack.positions = .sinusoidal(.halves)
        stack.embeddingScale = scalesEmbedding == true ? Float(width).squareRoot() : 1
        return stack
    }

    var sizes: [ModelSummary.Fact] {
        [
            .init("width", width), .init("encoder layers", encoderLayers), .init("decoder layers", decoderLayers),
            .init("heads", encoderHeads), .init("feed-forward width", encoderInnerWidth), .init("vocabulary", vocabularySize),
        ]
    }
}
