/// Turns text into the ids a model reads, and the ids it writes into text.
///
/// A registry gives the tokenizer of a checkpoint, so that any plugin may read and write text:
///
/// ```swift
/// let tokenizer = try registry.tokenizer(for: checkpoint)
/// let ids = try tokenizer.encode("How are you?").ids
/// ```
public protocol Tokenizer: Sendable {
    /// One more than the highest id, added tokens included.
    var vocabularySize: Int { get }
    /// The ids with a meaning of their own.
    var specialTokens: SpecialTokens { get }
    /// The most ids the model was made for (`model_max_length`), where the checkpoint says so.
    var maximumLength: Int? { get }
    /// The tokenizer of the text the model writes, where that has other pieces than the text it reads; else this one.
    var target: any Tokenizer { get }

    /// The ids of a text, or of a pair of texts.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - pair: the second text, where there is one.
    ///   - addSpecialTokens: whether the marks the model expects around a text (`[CLS]`, `</s>`) are put there.
    /// - Throws: `InputError` where the vocabulary has neither the text nor a token for the unknown.
    func encode(_ text: String, pair: String?, addSpecialTokens: Bool) throws -> TokenizedText

    /// The text of ids; those beyond the vocabulary are left out.
    ///
    /// - Parameters:
    ///   - ids: the ids.
    ///   - skipSpecialTokens: whether ids with a meaning of their own are left out.
    ///   - cleanUpSpaces: whether the spaces before punctuation are taken away; `nil` does as the checkpoint says.
    func decode(_ ids: [Int], skipSpecialTokens: Bool, cleanUpSpaces: Bool?) -> String

    /// The token of an id as the vocabulary writes it, `▁the` for example; `nil` beyond the vocabulary.
    func token(of id: Int) -> String?

    /// The id of a token as the vocabulary writes it.
    func id(of token: String) -> Int?
}

/// What a text became.
public struct TokenizedText: Sendable, Hashable {
    /// The tokens' ids.
    public var ids: [Int]
    /// For each id which text of a pair it is of: 0 or 1 (`token_type_ids`).
    public var typeIDs: [Int]

    /// Creates a tokenized text; without types all are 0.
    public init(ids: [Int], typeIDs: [Int]? = nil) {
        self.ids = ids
        self.typeIDs = typeIDs ?? Array(repeating: 0, count: ids.count)
    }
}

/// The ids with a meaning of their own, where the checkpoint names them.
public struct SpecialTokens: Sendable, Hashable {
    /// What a text begins with.
    public var beginning: Int?
    /// What a text ends with.
    public var end: Int?
    /// What fills up the shorter texts of a batch.
    public var padding: Int?
    /// What stands for pieces the vocabulary lacks.
    public var unknown: Int?
    /// What a model is to replace.
    public var mask: Int?
    /// What stands between two texts.
    public var separator: Int?
    /// What a classifier reads its answer from.
    public var classification: Int?
    /// Every id that is left out of decoded text, those above included.
    public var all: Set<Int> = []

    /// Creates special tokens, none of them named.
    public init() {}
}

extension Tokenizer {
    public var target: any Tokenizer { self }

    /// The ids of a text with the marks the model expects.
    public func encode(_ text: String) throws -> TokenizedText { try encode(text, pair: nil, addSpecialTokens: true) }

    /// The ids of a text.
    public func encode(_ text: String, addSpecialTokens: Bool) throws -> TokenizedText {
        try encode(text, pair: nil, addSpecialTokens: addSpecialTokens)
    }

    /// The text of ids, without special tokens.
    public func decode(_ ids: [Int]) -> String { decode(ids, skipSpecialTokens: true, cleanUpSpaces: nil) }

    /// The text of ids.
    public func decode(_ ids: [Int], skipSpecialTokens: Bool) -> String {
        decode(ids, skipSpecialTokens: skipSpecialTokens, cleanUpSpaces: nil)
    }

    /// The pieces that ids stand for, as the vocabulary writes them; empty for ids beyond it.
    public func pieces(of ids: [Int]) -> [String] { ids.map { token(of: $0) ?? "" } }
}

/// Finds the tokenizer files of a checkpoint and makes a tokenizer from them.
public protocol TokenizerLoading: Sendable {
    /// - Throws: `InputError` naming the file and key that is missing or cannot be used.
    func tokenizer(for checkpoint: Checkpoint) throws -> any Tokenizer
}
