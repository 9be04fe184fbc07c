import AttentionEngine
import PluginKit

/// How the states of a text's tokens become one vector, as the checkpoint's sentence-transformers files say (Reimers and Gurevych,
/// 2019, arXiv:1908.10084): `modules.json`, `1_Pooling/config.json`, `sentence_bert_config.json`.
///
/// A checkpoint without these files gets the mean, as that library does.
struct SentencePooling: Sendable, CustomStringConvertible {
    /// The kinds that are computed.
    enum Kind: String, Sendable {
        case first = "cls"
        case mean
        case largest = "max"
        case last = "lasttoken"
        case meanOfRoot = "mean_sqrt_len_tokens"
    }

    private let kinds: [Kind]
    private let normalizes: Bool
    /// The most tokens of a text that count, where the files say.
    let maximumLength: Int?

    init(_ checkpoint: Checkpoint) throws {
        maximumLength = try checkpoint.file("sentence_bert_config.json", as: SentenceFile.self)?.maximumLength
        if let maximumLength {
            try checkpoint.checked("max_seq_length", maximumLength, in: 1...16_777_216, file: "sentence_bert_config.json")
        }
        guard let modules = try checkpoint.file("modules.json", as: [Module].self) else {
            (kinds, normalizes) = ([.mean], false)
            return
        }
        var kinds: [Kind]?
        var normalizes = false
        for module in modules {
            switch module.kind {
            case "Transformer": break
            case "Pooling":
                let name = "\(module.path)/config.json"
                guard !module.path.split(separator: "/").contains(".."),
                    let file = try checkpoint.file(name, as: PoolingFile.self)
                else {
                    throw InputError(
                        checkpoint.path(of: name), found: "no such file", needed: "the pooling that modules.json names",
                        remedy: "Download the model's folder \(module.path) as well")
                }
                kinds = try file.kinds(checkpoint, name)
            case "Normalize": normalizes = true
            default:
                throw InputError(
                    checkpoint.path(of: "modules.json"), found: "the module \(module.type)",
                    needed: "Transformer, Pooling and Normalize alone", remedy: "Use another sentence model")
            }
        }
        self.kinds = kinds ?? [.mean]
        self.normalizes = normalizes
    }

    /// The positions of states that are looked at.
    var needed: Transformer.NeededPositions { kinds == [.first] ? .first(1) : .all }

    /// For `apus inspect`.
    var description: String {
        kinds.map(\.name).joined(separator: " and ") + (normalizes ? ", of length 1" : "")
    }

    /// The vector of one text.
    ///
    /// - Parameters:
    ///   - states: `[1, positions, width]`, of which `count` are the text's.
    func callAsFunction(_ states: Tensor, count: Int) -> [Float] {
        let count = min(count, states.shape[1])
        let own = states.sliced(0..<count, along: 1)
        var vector = kinds.flatMap { kind -> [Float] in
            switch kind {
            case .first: own.position(0).floats
            case .last: own.position(count - 1).floats
            case .mean: own.mean(along: 1).floats
            case .meanOfRoot: own.mean(along: 1).scaled(by: Float(count).squareRoot()).floats
            case .largest:
                (1..<max(1, count)).reduce(into: own.position(0).floats) { largest, position in
                    for (index, value) in own.position(position).floats.enumerated() {
                        largest[index] = max(largest[index], value)
                    }
                }
            }
        }
        if normalizes {
            let length = max(vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot(), 1e-12)
            vector = vector.map { Float(Double($0) / length) }
        }
        return vector
    }

    /// An entry of `modules.json`.
    private struct Module: Decodable {
        var path: String
        var type: String
        var kind: Substring { type.split(separator: ".").last ?? "" }
    }

    private struct SentenceFile: Decodable {
        var maximumLength: Int?
        enum CodingKeys: String, CodingKey { case maximumLength = "max_seq_length" }
    }

    /// `config.json` of a pooling module: a flag for each kind, or the kinds by name.
    private struct PoolingFile: Decodable {
        var flags: [String: Bool] = [:]
        var mode: String?

        private struct Key: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let file = try decoder.container(keyedBy: Key.self)
            for key in file.allKeys where key.stringValue.hasPrefix("pooling_mode_") {
                flags[key.stringValue] = try file.decode(Bool.self, forKey: key)
            }
            mode = try? file.decode(String.self, forKey: Key(stringValue: "pooling_mode"))
        }

        func kinds(_ checkpoint: Checkpoint, _ file: String) throws -> [Kind] {
            let asked = mode.map { [$0] } ?? flags.filter(\.value).keys.sorted { Self.order($0) < Self.order($1) }
            return try asked.map { name in
                guard let kind = Kind(rawValue: name) ?? Self.kinds[name] else {
                    throw InputError(
                        checkpoint.path(of: file), found: "the pooling “\(name)”", needed: "cls, mean, max or lasttoken",
                        remedy: "Use another sentence model")
                }
                return kind
            }
        }

        private static let kinds: [String: Kind] = [
            "pooling_mode_cls_token": .first, "pooling_mode_max_tokens": .largest, "pooling_mode_mean_tokens": .mean,
            "pooling_mode_mean_sqrt_len_tokens": .meanOfRoot, "pooling_mode_lasttoken": .last,
        ]

        /// Several kinds stand side by side in this order.
        private static func order(_ name: String) -> Int {
            [
                "pooling_mode_cls_token", "pooling_mode_max_tokens", "pooling_mode_mean_tokens",
                "pooling_mode_mean_sqrt_len_tokens",
            ].firstIndex(of: name) ?? 9
        }
    }
}

extension SentencePooling.Kind {
    fileprivate var name: String {
        switch self {
        case .first: "the first state"
        case .mean: "the mean of the states"
        case .largest: "the largest of each channel"
        case .last: "the last state"
        case .meanOfRoot: "the sum of the states over the root of their number"
        }
    }
}
