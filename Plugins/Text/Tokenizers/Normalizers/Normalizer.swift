/// A step that changes text before it is split, from valid UTF-8 to valid UTF-8.
protocol Normalizer: Sendable {
    /// - Throws: `InputError` where a regular expression does not end in reasonable time, or the text grows without measure.
    func normalize(_ text: [UInt8]) throws -> [UInt8]
}

/// Several steps, one after the other.
struct NormalizerSequence: Normalizer {
    let steps: [any Normalizer]

    func normalize(_ text: [UInt8]) throws -> [UInt8] {
        var result = text
        for step in steps {
            result = try step.normalize(result)
            if GrowthLimit.isExceeded(result.count, from: text.count) { throw GrowthLimit.error }
        }
        return result
    }
}

/// One of the normal forms of Unicode.
struct UnicodeNormalizer: Normalizer {
    let form: NormalizationForm

    func normalize(_ text: [UInt8]) -> [UInt8] { form.applied(to: text) }
}

/// Puts something before text that is not empty.
struct PrependNormalizer: Normalizer {
    let prefix: [UInt8]

    func normalize(_ text: [UInt8]) -> [UInt8] { text.isEmpty ? text : prefix + text }
}

/// Replaces each match of a pattern.
struct ReplaceNormalizer: Normalizer {
    let pattern: PatternSplit.Pattern
    let content: [UInt8]

    func normalize(_ text: [UInt8]) throws -> [UInt8] {
        if case .text(let old) = pattern { return text.replacing(old, with: content) }
        var result: [UInt8] = []
        var end = 0
        try text.withUnsafeBufferPointer { bytes in
            try pattern.forEachMatch(in: bytes, 0..<text.count) { range in
                result += bytes[end..<range.lowerBound]
                result += content
                end = range.upperBound
            }
        }
        return result + text[end...]
    }
}

/// The letters of the byte alphabet in place of bytes.
struct ByteLevelNormalizer: Normalizer {
    func normalize(_ text: [UInt8]) -> [UInt8] { ByteAlphabet.spelled(text) }
}
