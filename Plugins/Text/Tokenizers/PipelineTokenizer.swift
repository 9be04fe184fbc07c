import AttentionEngine
import PluginKit

/// A tokenizer in the steps of the reference's `tokenizer.json`: added tokens are cut out, what is between is normalized, split
/// into words, and turned into ids; then the marks a model expects are put around.
struct PipelineTokenizer: Tokenizer {
    var normalizer: (any Normalizer)?
    var preTokenizer: (any PreTokenizer)?
    var model: any TokenizationModel
    var postProcessor = PostProcessor.none
    var decoder: (any TokenDecoder)?
    var addedTokens = AddedTokens()
    var cleansUpSpaces = false
    /// What goes from decoded text: Whisper's marks of time.
    var omission: ReplaceNormalizer?
    var specialTokens = SpecialTokens()
    var maximumLength: Int?

    init(model: any TokenizationModel) { self.model = model }

    var vocabularySize: Int { max(model.vocabulary.idCount, (addedTokens.tokens.keys.max() ?? -1) + 1) }

    func encode(_ text: String, pair: String?, addSpecialTokens: Bool) throws -> TokenizedText {
        var texts = [try ids(of: Array(text.utf8))]
        if let pair { texts.append(try ids(of: Array(pair.utf8))) }
        return postProcessor.apply(texts, addSpecialTokens: addSpecialTokens)
    }

    private func ids(of text: [UInt8]) throws -> [Int] {
        var ids: [Int] = []
        ids.reserveCapacity(text.count / 3 + 8)
        for outer in addedTokens.split(text, isNormalized: false) {
            if let token = outer.token {
                ids.append(token)
                continue
            }
            let piece = outer.range.count == text.count ? text : Array(text[outer.range])
            let normalized = try normalizer?.normalize(piece) ?? piece
            let keepsStart = outer.range.lowerBound == 0 ? try isKept(piece) : false
            for inner in addedTokens.split(normalized, isNormalized: true) {
                if let token = inner.token {
                    ids.append(token)
                    continue
                }
                var words = PreTokenizedText(
                    inner.range.count == normalized.count ? normalized : Array(normalized[inner.range]),
                    isFirst: keepsStart && inner.range.lowerBound == 0)
                try preTokenizer?.apply(to: &words)
                try model.tokenize(words, into: &ids)
            }
        }
        return ids
    }

    /// Whether the first scalar is still there after the normalizer; what follows one that is not does not begin the text.
    private func isKept(_ text: [UInt8]) throws -> Bool {
        guard let normalizer, let first = text.first, first >= 0x80 || first <= 0x20 || first == 0x7F else { return true }
        let length = text.withUnsafeBufferPointer { $0.scalar(at: 0).length }
        return try !normalizer.normalize(Array(text.prefix(length))).isEmpty
    }

    func decode(_ ids: [Int], skipSpecialTokens: Bool, cleanUpSpaces: Bool?) -> String {
        var tokens: [[UInt8]] = []
        tokens.reserveCapacity(ids.count)
        for id in ids {
            if skipSpecialTokens, specialTokens.all.contains(id) { continue }
            if let token = addedTokens.decoded(id) ?? model.vocabulary.token(of: id).map(Array.init) { tokens.append(token) }
        }
        var text = decoder.map { Array($0.decode(tokens).joined()) } ?? Array(tokens.joined(separator: [UInt8(ascii: " ")]))
        if let omission { text = (try? omission.normalize(text)) ?? text }
        if cleanUpSpaces ?? cleansUpSpaces, !model.mergesPairs {
            text = SpaceCleaning.applied(to: text, rules: SpaceCleaning.texts)
        }
        return String(decoding: text, as: UTF8.self)
    }

    func token(of id: Int) -> String? {
        let token = addedTokens.tokens[id]?.content[...] ?? model.vocabulary.token(of: id)
        return token.map { String(decoding: $0, as: UTF8.self) }
    }

    func id(of token: String) -> Int? { id(of: Array(token.utf8)) }

    func id(of token: [UInt8]) -> Int? {
        addedTokens.tokens.values.first { $0.content == token }?.id ?? model.vocabulary.id(of: token)
    }
}
