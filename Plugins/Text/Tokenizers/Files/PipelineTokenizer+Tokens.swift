import AttentionEngine
import PluginKit

extension PipelineTokenizer {
    /// Takes in added tokens: those of the tokenizer's own file, and those of its configuration that it lacks.
    ///
    /// A token the vocabulary has keeps its id there. Another gets the id the file says; where it says none, the next free one.
    mutating func add(_ own: [AddedToken], _ configuration: TokenizerConfiguration, place: String) throws {
        var tokens: [AddedToken] = []
        var ids: [Int: [UInt8]] = [:]
        var known: [[UInt8]: Int] = [:]
        var next = model.vocabulary.idCount
        for (index, var token) in (own + (try configuration.addedTokens())).enumerated() where !token.content.isEmpty {
            if let place = known[token.content] {
                // Named in the configuration, it is special.
                if index >= own.count, token.isSpecial, !tokens[place].isSpecial {
                    tokens[place].isSpecial = true
                    tokens[place].isNormalized = token.isNormalized
                }
                continue
            }
            let vocabularyID = model.vocabulary.id(of: token.content)
            if let vocabularyID, token.id >= 0, token.id != vocabularyID, index < own.count {
                throw contradiction(place, token, "the id \(token.id), and \(vocabularyID) in the vocabulary")
            }
            token.id = vocabularyID ?? (token.id >= 0 ? token.id : next)
            if let other = ids[token.id] ?? (vocabularyID == nil ? model.vocabulary.token(of: token.id).map(Array.init) : nil) {
                throw contradiction(
                    place, token, "the id \(token.id), which “\(String(decoding: other.prefix(60), as: UTF8.self))” has")
            }
            guard token.id < TokenTable.idLimit else { throw contradiction(place, token, "the id \(token.id)") }
            next = max(next, token.id + 1)
            ids[token.id] = token.content
            known[token.content] = tokens.count
            tokens.append(token)
        }
        addedTokens = try AddedTokens(tokens, normalizer: normalizer)
        try name(configuration)
        maximumLength = configuration.maximumLength
        cleansUpSpaces = try configuration.node["clean_up_tokenization_spaces"].bool(or: false)
    }

    /// Does what the reference's class for Whisper does beside the tokenizer's file: the marks before a text are those of the
    /// configuration's language and task, and marks of time, `<|1.20|>`, are left out of decoded text.
    mutating func applyWhisperRules(_ configuration: TokenizerConfiguration) throws {
        guard configuration.tokenizerClass == "WhisperTokenizer" else { return }
        let time = try RegularExpression(Array(#"<\|\d+\.\d+\|>"#.utf8), place: configuration.node.file)
        omission = ReplaceNormalizer(pattern: .expression(time), content: [])
        var names = ["startoftranscript"]
        for key in ["language", "task"] where !configuration.node[key].isNull {
            names.append(String(decoding: try configuration.node[key].text(), as: UTF8.self))
        }
        if try !configuration.node["predict_timestamps"].bool(or: false) { names.append("notimestamps") }
        let ids = names.compactMap { id(of: "<|\($0)|>") }
        guard let end = specialTokens.end, ids.count == names.count else { return }
        let start: [PostProcessor.Part] = [.marks(ids, typeID: 0), .text(0, typeID: 0)]
        let mark = PostProcessor.Part.marks([end], typeID: 0)
        postProcessor = PostProcessor(single: start + [mark], pair: start + [.text(1, typeID: 0), mark])
    }

    private func contradiction(_ place: String, _ token: AddedToken, _ found: String) -> InputError {
        InputError(
            place, found: "the added token “\(String(decoding: token.content.prefix(60), as: UTF8.self))” with \(found)",
            needed: "one id for each token, from 0 to \(TokenTable.idLimit - 1)",
            remedy: "Check the files against those that were published")
    }

    private mutating func name(_ configuration: TokenizerConfiguration) throws {
        func id(_ key: String) throws -> Int? { try configuration.name(key).flatMap { self.id(of: $0) } }
        var special = SpecialTokens()
        special.beginning = try id("bos_token")
        special.end = try id("eos_token")
        special.padding = try id("pad_token")
        special.unknown = try id("unk_token")
        special.mask = try id("mask_token")
        special.separator = try id("sep_token")
        special.classification = try id("cls_token")
        // The reference looks at what a decoder gets: a special token that the normalizer changes is not left out.
        let contents = Set(addedTokens.tokens.values.lazy.filter(\.isSpecial).map(\.content))
        special.all = Set(addedTokens.tokens.keys.filter { id in addedTokens.decoded(id).map(contents.contains) ?? false })
        specialTokens = special
    }
}
