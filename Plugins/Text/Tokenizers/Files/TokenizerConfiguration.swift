import AttentionEngine
import PluginKit

/// What tokenizer_config.json, and special_tokens_map.json beside it, say of a tokenizer.
struct TokenizerConfiguration: Sendable {
    let node: JSONNode
    private let map: JSONNode
    /// The names of special tokens where the files give none, those of the reference's class.
    var defaults: [String: String] = [:]

    init(_ checkpoint: Checkpoint) throws {
        func optional(_ name: String) throws(InputError) -> JSONNode {
            let path = checkpoint.path(of: name)
            return checkpoint.hasFile(name) ? try TextFile.json(path) : JSONNode(value: .null, file: path, path: "")
        }
        node = try optional("tokenizer_config.json")
        map = try optional("special_tokens_map.json")
    }

    /// The name of the reference's class, without `Fast`.
    var tokenizerClass: String {
        guard let name = try? node["tokenizer_class"].text() else { return "" }
        let text = String(decoding: name, as: UTF8.self)
        return text.hasSuffix("Fast") ? String(text.dropLast(4)) : text
    }

    /// The most ids the model was made for; the reference writes 10³⁰ where it does not know.
    var maximumLength: Int? {
        guard let length = try? node["model_max_length"].number(), length >= 1, length < 1e9 else { return nil }
        return Int(length)
    }

    /// The text of a special token, `bos_token` for example.
    func name(_ key: String) throws(InputError) -> [UInt8]? { try token(key)?.content }

    /// A special token, `bos_token` for example, as a text or an object with its properties.
    func token(_ key: String) throws(InputError) -> AddedToken? {
        let value = node[key].isNull ? map[key] : node[key]
        if !value.isNull { return try Self.special(value) }
        return defaults[key].map { AddedToken(content: Array($0.utf8), id: 0, isSpecial: true) }
    }

    private static func special(_ node: JSONNode) throws(InputError) -> AddedToken {
        if case .object = node.value { return try token(node, id: 0, isSpecial: true) }
        return AddedToken(content: try node.text(), id: 0, isSpecial: true)
    }

    private static func token(_ node: JSONNode, id: Int, isSpecial: Bool) throws(InputError) -> AddedToken {
        AddedToken(
            content: try node["content"].text(), id: id, isSingleWord: try node["single_word"].bool(or: false),
            stripsLeft: try node["lstrip"].bool(or: false), stripsRight: try node["rstrip"].bool(or: false),
            isNormalized: try node["normalized"].bool(or: !isSpecial), isSpecial: isSpecial)
    }

    /// The names of the tokens with a meaning of their own.
    static let names = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]

    /// The tokens to add to those a tokenizer has, in the reference's order; an id is -1 where the vocabulary decides.
    func addedTokens() throws(InputError) -> [AddedToken] {
        var tokens: [AddedToken] = []
        if !node["added_tokens_decoder"].isNull {
            for (key, member) in try node["added_tokens_decoder"].members() {
                guard let id = Int(String(decoding: key, as: UTF8.self)), 0..<TokenTable.idLimit ~= id else {
                    throw member.failure(found: "this id", needed: "a whole number from 0 to \(TokenTable.idLimit - 1)")
                }
                tokens.append(try Self.token(member, id: id, isSpecial: try member["special"].bool(or: false)))
            }
            tokens.sort { $0.id < $1.id }
        }
        var named: [AddedToken] = []
        for name in Self.names { if let token = try token(name) { named.append(token) } }
        for key in ["additional_special_tokens", "extra_special_tokens"] {
            for source in [node[key], map[key]] {
                switch source.value {
                case .array: for element in try source.elements() { named.append(try Self.special(element)) }
                case .object: for member in try source.members() { named.append(try Self.special(member.node)) }
                default: break
                }
            }
        }
        var known = Set(tokens.map(\.content))
        for var token in named where known.insert(token.content).inserted {
            token.id = -1
            token.isSpecial = true
            tokens.append(token)
        }
        return tokens
    }
}
