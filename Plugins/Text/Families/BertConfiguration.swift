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
        case hidden_size, dim, num_hidden_layers, n_layers, num_attention_heads, n_heads, intermediate_size, hidden_dim
        case hidden_act, activation, layer_norm_eps, vocab_size, max_position_embeddings, type_vocab_size, pad_token_id
        case position_embedding_type, sinusoidal_pos_embds, is_decoder, architectures
    }

    init(from decoder: any Decoder) throws {
        let file = try decoder.container(keyedBy: CodingKeys.self)
        func number(_ key: CodingKeys, or other: CodingKeys) throws -> Int {
            try file.decodeIfPresent(Int.self, forKey: other) ?? file.decode(Int.self, forKey: key)
        }
        width = try number(.hidden_size, or: .dim)
        layerCount = try number(.num_hidden_layers, or: .n_layers)
        headCount = try number(.num_attention_heads, or: .n_heads)
        innerWidth = try number(.intermediate_size, or: .hidden_dim)
        activationName =
            try file.decodeIfPresent(String.self, forKey: .activation)
            ?? file.decodeIfPresent(String.self, forKey: .hidden_act) ?? "gelu"
        normEpsilon = try file.decodeIfPresent(Float.self, forKey: .layer_norm_eps) ?? 1e-12
        vocabularySize = try file.decode(Int.self, forKey: .vocab_size)
        positionCount = try file.decodeIfPresent(Int.self, forKey: .max_position_embeddings) ?? 512
        typeCount = try file.decodeIfPresent(Int.self, forKey: .type_vocab_size) ?? 2
        padding = try file.decodeIfPresent(Int.self, forKey: .pad_token_id) ?? 0
        positionKind = try file.decodeIfPresent(String.self, forKey: .position_embedding_type) ?? "absolute"
        isCausal = try file.decodeIfPresent(Bool.self, forKey: .is_decoder) ?? false
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

    /// - Parameter positionOffset: the row of the first position.
    func backbone(_ checkpoint: Checkpoint, positionOffset: Int) throws -> TransformerConfiguration {
        var backbone = TransformerConfiguration(
            width: width, layerCount: layerCount, attention: .init(headCount: headCount, width: width),
            feedForward: .init(innerWidth: innerWidth, activation: try activation(checkpoint)), norm: .init(epsilon: normEpsilon))
        backbone.normPlacement = .after
        backbone.hasEmbeddingNorm = true
        backbone.hasFinalNorm = false
        backbone.positions = .learned(count: positionCount, offset: positionOffset)
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
