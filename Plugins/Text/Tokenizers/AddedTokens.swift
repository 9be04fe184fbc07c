/// A token beside the model's vocabulary: found in the text before all else.
struct AddedToken: Sendable {
    var content: [UInt8]
    var id: Int
    /// Only where no letter or digit stands next to it.
    var isSingleWord = false
    /// With the white space before it, or after it.
    var stripsLeft = false
    var stripsRight = false
    /// Looked for in normalized text, normalized itself.
    var isNormalized = false
    /// Left out of decoded text.
    var isSpecial = false
}

/// Cuts added tokens out of a text, as the reference does.
struct AddedTokens: Sendable {
    /// A piece of text, or the token that stands there.
    struct Segment: Sendable {
        var range: Range<Int>
        var token: Int?
    }

    /// By id.
    private(set) var tokens: [Int: AddedToken] = [:]
    /// What tokens read like after the normalizer, where that differs.
    private var normalized: [Int: [UInt8]] = [:]
    private var plainTrie = ByteTrie([])
    private var normalizedTrie = ByteTrie([])

    init() {}

    init(_ list: [AddedToken], normalizer: (any Normalizer)?) throws {
        for token in list {
            tokens[token.id] = token
            if token.isNormalized, let normalizer {
                let text = try normalizer.normalize(token.content)
                if text != token.content { normalized[token.id] = text }
            }
        }
        let sorted = tokens.values.sorted { $0.id < $1.id }
        plainTrie = ByteTrie(sorted.filter { !$0.isNormalized }.map { ($0.content, $0.id) })
        normalizedTrie = ByteTrie(sorted.filter(\.isNormalized).map { (normalized[$0.id] ?? $0.content, $0.id) })
    }

    /// What a decoder gets for the id of an added token.
    func decoded(_ id: Int) -> [UInt8]? { tokens[id].map { normalized[id] ?? $0.content } }

    /// The text cut at the tokens that are looked for before normalization, or at those looked for after it.
    func split(_ text: [UInt8], isNormalized: Bool) -> [Segment] {
        let trie = isNormalized ? normalizedTrie : plainTrie
        var segments: [Segment] = []
        var end = 0
        if !trie.isEmpty {
            text.withUnsafeBufferPointer { bytes in
                var position = 0
                while position < bytes.count {
                    guard trie.canBegin(with: bytes[position]), let match = trie.longestMatch(in: bytes, at: position) else {
                        position += 1
                        continue
                    }
                    if let range = range(of: match.value, in: bytes, position..<match.end, after: end) {
                        if end < range.lowerBound { segments.append(Segment(range: end..<range.lowerBound)) }
                        segments.append(Segment(range: range, token: match.value))
                        end = range.upperBound
                    }
                    position = match.end
                }
            }
        }
        if end < text.count { segments.append(Segment(range: end..<text.count)) }
        return segments
    }

    /// The place a token takes, with the white space it takes along; `nil` where it may not stand.
    private func range(of id: Int, in text: UnsafeBufferPointer<UInt8>, _ match: Range<Int>, after end: Int) -> Range<Int>? {
        guard let token = tokens[id], match.lowerBound >= end else { return nil }
        var (start, stop) = (match.lowerBound, match.upperBound)
        if token.isSingleWord {
            if start > 0, ScalarProperties(text.scalar(at: Self.before(start, text)).value).isWord { return nil }
            if stop < text.count, ScalarProperties(text.scalar(at: stop).value).isWord { return nil }
        }
        if token.stripsLeft {
            while start > end, case let previous = Self.before(start, text),
                ScalarProperties(text.scalar(at: previous).value).isWhitespace
            { start = previous }
        }
        if token.stripsRight {
            while stop < text.count, case let (scalar, length) = text.scalar(at: stop), ScalarProperties(scalar).isWhitespace {
                stop += length
            }
        }
        return start..<stop
    }

    private static func before(_ position: Int, _ text: UnsafeBufferPointer<UInt8>) -> Int {
        var position = position - 1
        while position > 0, text[position] & 0xC0 == 0x80 { position -= 1 }
        return position
    }
}
