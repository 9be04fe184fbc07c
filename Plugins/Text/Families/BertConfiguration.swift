import AttentionEngine
import PluginKit

/// `config.json` of BERT and its kin; DistilBERT has names of its own for the same numbers.
struct BertConfiguration: Decodable {
    private(set) var width: Int
    private(set) var layerCount: Int
    private(set) var headCount: Int
    private(set) var innerWidth: Int
    private(set) var activationName: String
    private(set) var normEpsilon: Float
    private(set) var vocabularySize: Int
    private(set) var positionCount: Int
    private(set) var typeCount: Int
    private(set) var padding: Int
    private(set) var positionKind: String
    private(set) var isCausal: Bool
    private(set) var architectures: [String]

    private enum CodingKeys: String, CodingKey {
        case hiddenSize = "hidden_size"
        case distilWidth = "dim"
        case hiddenLayerCount = "num_hidden_layers"
        case distilLayerCount = "n_layers"
        case attentionHeadCount = "num_attention_heads"
        case distilHeadCount = "n_heads"
        case intermediateSize = "intermediate_size"
        case distilInnerWidth = "hidden_dim"
        case hiddenActivation = "hidden_act"
        case distilActivation = "activation"
        case normEpsilon = "layer_norm_eps"
        case vocabularySize = "vocab_size"
        case positionCount = "max_position_embeddings"
        case typeCount = "type_vocab_size"
        case padding = "pad_token_id"
        case positionKind = "position_embedding_type"
        case isDecoder = "is_decoder"
        case architectures
    }

    init(from decoder: any Decoder) throws {
        let file = try decoder.container(keyedBy: CodingKeys.self)
        func number(_ key: CodingKeys, or other: CodingKeys) throws -> Int {
            try file.decodeIfPresent(Int.self, forKey: other) ?? file.decode(Int.self, forKey: key)
        }
        width = try number(.hiddenSize, or: .distilWidth)
        layerCount = try number(.hiddenLayerCount, or: .distilLayerCount)
        headCount = try number(.attentionHeadCount, or: .distilHeadCount)
        innerWidth = try number(.intermediateSize, or: .distilInnerWidth)
        activationName =
            try file.decodeIfPresent(String.self, forKey: .distilActivation)
            ?? file.decodeIfPresent(String.self, forKey: .hiddenActivation) ?? "gelu"
        normEpsilon = try file.decodeIfPresent(Float.self, forKey: .normEpsilon) ?? 1e-12
        vocabularySize = try file.decode(Int.self, forKey: .vocabularySize)
        positionCount = try file.decodeIfPresent(Int.self, forKey: .positionCount) ?? 512
        typeCount = try file.decodeIfPresent(Int.self, forKey: .typeCount) ?? 2
        padding = try file.decodeIfPresent(Int.self, forKey: .padding) ?? 0
        positionKind = try file.decodeIfPresent(String.self, forKey: .positionKind) ?? "absolute"
        isCausal = try file.decodeIfPresent(Bool.self, forKey: .isDecoder) ?? false
        architectures = try file.decodeIfPresent([String].self, forKey: .architectures) ?? []
    }

    /// Reads and checks the file.
    init(_ checkpoint: Checkpoint) throws {
        self = try checkpoint.configuration(as: Self.self)
        try checkpoint.checked("hidden_size", width, in: 1...65_536)
        try checkpoint.checked("num_hidden_layers", layerCount, in: 1...1_024)
        try checkpoint.checked("num_attention_heads", headCount, in: 1...1_024)
        try checkpoint.checked("intermediate_size", innerWidth, in: 1...1_048_576)
        try checkpoint.checked("layer_norm_eps", normEpsilon, in: 0...1)
        try checkpoint.checked("vocab_size", vocabularySize, in: 1...16_777_216)
        try checkpoint.checked("max_position_embeddings", positionCount, in: 4...16_777_216)
        try checkpoint.checked("type_vocab_size", typeCount, in: 0...65_536)
        try checkpoint.checked("pad_token_id", padding, in: 0...vocabularySize - 1)
        try checkpoint.require(
            width % headCount == 0, "hidden_size", found: width, needed: "a multiple of the \(headCount) heads")
        try checkpoint.require(
            positionKind == "absolute", "position_embedding_type", found: positionKind, needed: "absolute positions")
        try checkpoint.require(!isCausal, "is_decoder", found: true, needed: "an encoder")
    }

    /// - Parameter hasPositions: whether positions are numbered from the first, padding or not.
    func backbone(_ checkpoint: Checkpoint, hasPositions: Bool) throws -> TransformerConfiguration {
        var backbone = TransformerConfiguration(
            width: width, layerCount: layerCount, attention: .init(headCount: headCount, width: width),
            feedForward: .init(innerWidth: innerWidth, activation: try activation(checkpoint)), norm: .init(epsilon: normEpsilon))
        backbone.normPlacement = .after
        backbone.hasEmbeddingNorm = true
        backbone.hasFinalNorm = false
        backbone.positions = hasPositions ? .learned(count: positionCount) : .none
        return backbone
    }

    func activation(_ checkpoint: Checkpoint) throws -> Activation {
        try Activation(named: activationName, key: "hidden_act", of: checkpoint)
    }

    /// What `apus inspect` says.
    var sizes: [ModelSummary.Fact] {
        [
            .init("width", width), .init("layers", layerCount), .init("heads", headCount),
            .init("feed-forward width", innerWidth),
            .init("vocabulary", vocabularySize), .init("positions", positionCount),
        ]
    }
}
