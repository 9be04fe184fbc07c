public import AttentionEngine
public import PluginKit

/// GPT-2 (Radford et al., 2019, "Language Models are Unsupervised Multitask Learners") and DistilGPT2.
public struct GPT2Family: CausalLanguageModeling {
    public static let name = "GPT-2"
    public static let modelTypes: Set = ["gpt2"]

    public let model: CausalLanguageModel

    public init(_ checkpoint: Checkpoint) throws {
        let configuration = try GPT2Configuration(checkpoint)
        let weights = try checkpoint.weights
        let stack = weights.contains("transformer") ? weights["transformer"] : weights
        let (width, count) = (configuration.width, configuration.vocabularySize)
        let embedding = try TokenEmbedding(count, width, stack["wte"])
        model = CausalLanguageModel(
            checkpoint, embedding: embedding,
            decoder: try Transformer(configuration.backbone(checkpoint), stack, names: .gpt2),
            head: try TokenHead(
                weights.contains("lm_head") ? weights.stored("lm_head.weight", [count, width]) : embedding.table))
    }

    public static func initialization(of checkpoint: Checkpoint) throws -> ParameterInitialization {
        let layers = try GPT2Configuration(checkpoint).layerCount
        return ParameterInitialization(
            .normal(deviation: 0.02),
            rules: ["c_proj.weight": .normal(deviation: 0.02 / Float(2 * max(1, layers)).squareRoot())],
            optional: ["transformer.wte.weight": 2])
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
