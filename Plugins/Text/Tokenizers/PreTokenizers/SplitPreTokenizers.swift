/// Splits at each match of a regular expression or text (`Split`).
struct PatternSplit: PreTokenizer {
    /// What to split at.
    enum Pattern: Sendable {
        case text([UInt8])
        case expression(RegularExpression)
    }

    let pattern: Pattern
    let behavior: SplitBehavior
    let isInverted: Bool

    func apply(to text: inout PreTokenizedText) throws {
        try behavior.split(&text, isInverted: isInverted) { bytes, range, found in
            try pattern.forEachMatch(in: bytes, range, found)
        }
    }
}

extension PatternSplit.Pattern {
    /// Calls `found` with each match from left to right.
    func forEachMatch(in text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ found: (Range<Int>) -> Void) throws {
        switch self {
        case .expression(let expression): try expression.forEachMatch(in: text, range, found)
        case .text(let literal):
            guard let first = literal.first else { return }
            var position = range.lowerBound
            while position + literal.count <= range.upperBound {
                if text[position] == first, text[position..<position + literal.count].elementsEqual(literal) {
                    found(position..<position + literal.count)
                    position += literal.count
                } else {
                    position += 1
                }
            }
        }
    }
}

/// Splits at scalars of one kind: white space, punctuation, digits, a delimiter.
struct ScalarSplit: PreTokenizer {
    let behavior: SplitBehavior
    let isDelimiter: @Sendable (UInt32) -> Bool

    func apply(to text: inout PreTokenizedText) {
        behavior.split(&text) { bytes, range, found in
            var position = range.lowerBound
            while position < range.upperBound {
                let (scalar, length) = bytes.scalar(at: position)
                if isDelimiter(scalar) { found(position..<position + length) }
                position += length
            }
        }
    }

    /// White space goes.
    static let whitespace = ScalarSplit(behavior: .removed) { ScalarProperties($0).isWhitespace }
    /// Each punctuation mark stands alone.
    static let punctuation = ScalarSplit(behavior: .isolated) { ScalarProperties($0).isPunctuation }
}

/// White space goes and punctuation stands alone, in one pass (`BertPreTokenizer`).
struct BertPreTokenizer: PreTokenizer {
    func apply(to text: inout PreTokenizedText) {
        text.split { bytes, word, add in
            var start = word.range.lowerBound
            var position = start
            while position < word.range.upperBound {
                let (scalar, length) = bytes.scalar(at: position)
                let properties = ScalarProperties(scalar)
                if properties.isWhitespace || properties.isPunctuation {
                    add(start..<position)
                    if properties.isPunctuation { add(position..<position + length) }
                    start = position + length
                }
                position += length
            }
            add(start..<position)
        }
    }
}

/// Runs of word scalars, and runs of others that are no white space (`Whitespace`: `\w+|[^\w\s]+`).
struct WordRuns: PreTokenizer {
    func apply(to text: inout PreTokenizedText) {
        text.split { bytes, word, add in
            var start = word.range.lowerBound
            var kind = 0
            var position = start
            while position < word.range.upperBound {
                let (scalar, length) = bytes.scalar(at: position)
                let properties = ScalarProperties(scalar)
                let next = properties.isWord ? 1 : properties.isWhitespace ? 0 : 2
                if next != kind {
                    if kind != 0 { add(start..<position) }
                    start = position
                    kind = next
                }
                position += length
            }
            if kind != 0 { add(start..<position) }
        }
    }
}
