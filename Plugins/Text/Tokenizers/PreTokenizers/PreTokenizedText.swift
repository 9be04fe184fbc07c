/// A text and the words it was split into so far.
struct PreTokenizedText: Sendable {
    /// One word.
    struct Word: Sendable {
        /// Where it stands in `text`.
        var range: Range<Int>
        /// Whether it begins where the user's text does.
        var isFirst: Bool
    }

    /// Valid UTF-8.
    var text: [UInt8]
    /// In order, none of them empty.
    var words: [Word]

    /// A text that is one word.
    init(_ text: [UInt8], isFirst: Bool) {
        self.text = text
        words = text.isEmpty ? [] : [Word(range: 0..<text.count, isFirst: isFirst)]
    }

    /// Replaces each word by parts of it, which `body` hands in order to `add`.
    mutating func split(
        _ body: (UnsafeBufferPointer<UInt8>, Word, _ add: (Range<Int>) -> Void) throws -> Void
    ) rethrows {
        var parts: [Word] = []
        parts.reserveCapacity(Swift.max(words.count, text.count / 4))
        try text.withUnsafeBufferPointer { text in
            for word in words {
                try body(text, word) { range in
                    if range.isEmpty { return }
                    parts.append(Word(range: range, isFirst: word.isFirst && range.lowerBound == word.range.lowerBound))
                }
            }
        }
        words = parts
    }

    /// Writes each word anew: `body` appends it to the new text.
    mutating func rewrite(_ body: (UnsafeBufferPointer<UInt8>, Word, _ text: inout [UInt8]) -> Void) {
        var rewritten: [UInt8] = []
        rewritten.reserveCapacity(text.count + text.count / 2 + words.count)
        text.withUnsafeBufferPointer { text in
            for index in words.indices {
                let start = rewritten.count
                body(text, words[index], &rewritten)
                words[index].range = start..<rewritten.count
            }
        }
        text = rewritten
        words.removeAll { $0.range.isEmpty }
    }
}

/// The step from text to words.
protocol PreTokenizer: Sendable {
    /// - Throws: `InputError` where a regular expression does not end in reasonable time.
    func apply(to text: inout PreTokenizedText) throws
}

/// Several steps, one after the other.
struct PreTokenizerSequence: PreTokenizer {
    let steps: [any PreTokenizer]

    func apply(to text: inout PreTokenizedText) throws {
        let count = text.text.count
        for step in steps {
            try step.apply(to: &text)
            if GrowthLimit.isExceeded(text.text.count, from: count) { throw GrowthLimit.error }
        }
    }
}
