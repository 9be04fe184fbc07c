/// Gives the text of ids as they come, in pieces that add up to what decoding them all at once gives.
///
/// A character may be spread over several ids; it is given when it is whole.
///
/// ```swift
/// var stream = TokenStreamDecoder(tokenizer)
/// for id in ids { print(stream.append(id), terminator: "") }
/// print(stream.finish())
/// ```
public struct TokenStreamDecoder: Sendable {
    private let tokenizer: any Tokenizer
    private let skipSpecialTokens: Bool
    /// The ids whose text is needed to tell that of the next: the last ones given, then those held back.
    private var window: [Int] = []
    private var givenCount = 0
    private var given: [UInt8] = []

    /// No character takes more ids than this; what is still broken then stays so.
    private static let longestCharacter = 8

    /// Creates a decoder of one text.
    public init(_ tokenizer: any Tokenizer, skipSpecialTokens: Bool = true) {
        self.tokenizer = tokenizer
        self.skipSpecialTokens = skipSpecialTokens
    }

    /// Takes one id and answers with the text that is whole by now, often none.
    public mutating func append(_ id: Int) -> String {
        window.append(id)
        let text = decoded(window)
        let isBroken = text.suffix(3) == [0xEF, 0xBF, 0xBD] && window.count - givenCount < Self.longestCharacter
        if isBroken || text.count <= given.count { return "" }
        return give(text)
    }

    /// The text held back, at the end; the decoder is then as new.
    public mutating func finish() -> String {
        let text = decoded(window)
        defer { self = TokenStreamDecoder(tokenizer, skipSpecialTokens: skipSpecialTokens) }
        return text.count > given.count ? give(text) : ""
    }

    private mutating func give(_ text: [UInt8]) -> String {
        let new = String(decoding: text[given.count...], as: UTF8.self)
        window.removeFirst(givenCount)
        givenCount = window.count
        given = decoded(window)
        return new
    }

    private func decoded(_ ids: [Int]) -> [UInt8] {
        Array(tokenizer.decode(ids, skipSpecialTokens: skipSpecialTokens, cleanUpSpaces: false).utf8)
    }
}
