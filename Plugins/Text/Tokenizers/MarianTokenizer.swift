import AttentionEngine
import PluginKit

/// Marian's tokenizer: sentencepiece models for the two languages, whose pieces are looked up in vocab.json.
///
/// A text may begin with the language to translate to, `>>fra<<`; that is a token of its own.
struct MarianTokenizer: Tokenizer {
    private let source: SentencePieceProcessor
    private let targetProcessor: SentencePieceProcessor
    private let sourceVocabulary: TokenTable
    private let targetVocabulary: TokenTable
    private let hasSeparateVocabularies: Bool
    private let addedTokens: AddedTokens
    private let unknown: Int
    private let end: Int
    private let cleansUpSpaces: Bool
    private var writesTarget = false
    let specialTokens: SpecialTokens
    let maximumLength: Int?

    init(_ checkpoint: Checkpoint) throws {
        var configuration = try TokenizerConfiguration(checkpoint)
        configuration.defaults = ["unk_token": "<unk>", "eos_token": "</s>", "pad_token": "<pad>"]
        source = try SentencePieceProcessor(checkpoint.path(of: "source.spm"))
        targetProcessor = try SentencePieceProcessor(checkpoint.path(of: "target.spm"))
        sourceVocabulary = try Self.vocabulary(checkpoint.path(of: "vocab.json"))
        hasSeparateVocabularies = try configuration.node["separate_vocabs"].bool(or: false)
        targetVocabulary =
            hasSeparateVocabularies ? try Self.vocabulary(checkpoint.path(of: "target_vocab.json")) : sourceVocabulary
        let vocabulary = sourceVocabulary
        func required(_ key: String) throws -> Int {
            let token = try configuration.name(key) ?? []
            guard let id = vocabulary.id(of: token) else {
                throw InputError(
                    checkpoint.path(of: "vocab.json"), found: "no “\(String(decoding: token, as: UTF8.self))”",
                    needed: "the \(key)",
                    remedy: "Use the files that were published together")
            }
            return id
        }
        unknown = try required("unk_token")
        end = try required("eos_token")
        var tokens: [AddedToken] = []
        for var token in try configuration.addedTokens() where !token.content.isEmpty {
            guard let id = vocabulary.id(of: token.content) ?? (token.id >= 0 ? token.id : nil) else { continue }
            token.id = id
            token.isNormalized = false
            tokens.append(token)
        }
        addedTokens = try AddedTokens(tokens, normalizer: nil)
        var special = SpecialTokens()
        special.end = end
        special.unknown = unknown
        special.padding = try configuration.name("pad_token").flatMap { vocabulary.id(of: $0) }
        special.all = Set(tokens.lazy.filter(\.isSpecial).map(\.id))
        specialTokens = special
        maximumLength = configuration.maximumLength ?? 512
        cleansUpSpaces = try configuration.node["clean_up_tokenization_spaces"].bool(or: false)
    }

    private static func vocabulary(_ path: String) throws(InputError) -> TokenTable {
        var scanner = JSONScanner(try TextFile.bytes(path), place: path)
        let vocabulary = try ModelSection.vocabulary(&scanner, place: path)
        try scanner.finish()
        return vocabulary
    }

    var vocabularySize: Int { max(sourceVocabulary.idCount, targetVocabulary.idCount) }

    var target: any Tokenizer {
        var target = self
        target.writesTarget = true
        return target
    }

    func encode(_ text: String, pair: String?, addSpecialTokens: Bool) throws -> TokenizedText {
        var ids = ids(of: Array(text.utf8))
        if let pair { ids += self.ids(of: Array(pair.utf8)) }
        return TokenizedText(ids: addSpecialTokens ? ids + [end] : ids)
    }

    private func ids(of text: [UInt8]) -> [Int] {
        let vocabulary = writesTarget ? targetVocabulary : sourceVocabulary
        let processor = writesTarget ? targetProcessor : source
        var ids: [Int] = []
        for segment in addedTokens.split(text, isNormalized: false) {
            if let token = segment.token {
                ids.append(token)
                continue
            }
            var piece = text[segment.range]
            if let code = Self.languageCode(of: piece) {
                ids.append(vocabulary.id(of: Array(code)) ?? unknown)
                piece = piece.dropFirst(code.count)
            }
            for token in processor.encode(Array(piece)) { ids.append(vocabulary.id(of: token) ?? unknown) }
        }
        return ids
    }

    /// `>>fra<<` at the start of a text.
    private static func languageCode(of text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard text.starts(with: Array(">>".utf8)) else { return nil }
        let end = text.indices.dropLast().first { text[$0] == UInt8(ascii: "<") && text[$0 + 1] == UInt8(ascii: "<") }
        return end.map { text[text.startIndex..<$0 + 2] }
    }

    func decode(_ ids: [Int], skipSpecialTokens: Bool, cleanUpSpaces: Bool?) -> String {
        let processor = hasSeparateVocabularies ? targetProcessor : source
        var text: [UInt8] = []
        var pieces: [[UInt8]] = []
        for id in ids where !(skipSpecialTokens && specialTokens.all.contains(id)) {
            guard let token = bytes(of: id) else { continue }
            if specialTokens.all.contains(id) {
                text += processor.decode(pieces) + token + [UInt8(ascii: " ")]
                pieces = []
            } else {
                pieces.append(token)
            }
        }
        text += processor.decode(pieces)
        text = Self.stripped(text.replacing(SentencePieceProcessor.space, with: [UInt8(ascii: " ")]))
        if cleanUpSpaces ?? cleansUpSpaces { text = SpaceCleaning.applied(to: text, rules: SpaceCleaning.texts) }
        return String(decoding: text, as: UTF8.self)
    }

    private static func stripped(_ text: [UInt8]) -> [UInt8] {
        func isSpace(_ scalar: UInt32) -> Bool { ScalarProperties(scalar).isWhitespace || 0x1C...0x1F ~= scalar }
        let scalars = text.scalars
        guard let start = scalars.firstIndex(where: { !isSpace($0) }), let end = scalars.lastIndex(where: { !isSpace($0) }) else {
            return []
        }
        var result: [UInt8] = []
        for scalar in scalars[start...end] { result.append(scalar: scalar) }
        return result
    }

    private func bytes(of id: Int) -> [UInt8]? {
        addedTokens.tokens[id]?.content ?? targetVocabulary.token(of: id).map(Array.init)
    }

    func token(of id: Int) -> String? { bytes(of: id).map { String(decoding: $0, as: UTF8.self) } }

    func id(of token: String) -> Int? {
        let token = Array(token.utf8)
        return (writesTarget ? targetVocabulary : sourceVocabulary).id(of: token)
            ?? addedTokens.tokens.values.first { $0.content == token }?.id
    }
}
