/// Writes each byte as a letter that can be seen, so that the vocabulary covers all text (GPT-2's `bytes_to_unicode`).
enum ByteAlphabet {
    /// The scalar of each byte: itself where it can be seen in Latin-1, else one from 256 up.
    static let scalars: [UInt32] = {
        var next: UInt32 = 256
        return (UInt32(0)..<256).map { byte in
            if 0x21...0x7E ~= byte || 0xA1...0xAC ~= byte || 0xAE...0xFF ~= byte { return byte }
            defer { next += 1 }
            return next
        }
    }()

    /// The byte of each scalar below 324, or -1.
    private static let bytes: [Int16] = {
        var bytes = Array(repeating: Int16(-1), count: 324)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = Int16(byte) }
        return bytes
    }()

    /// The byte that a letter stands for; `nil` where it stands for none.
    static func byte(of scalar: UInt32) -> UInt8? {
        guard scalar < 324, bytes[Int(scalar)] >= 0 else { return nil }
        return UInt8(truncatingIfNeeded: bytes[Int(scalar)])
    }

    /// The text in letters of the alphabet.
    static func spelled(_ text: some Collection<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count * 2)
        append(text, to: &result)
        return result
    }

    @inline(__always)
    static func append(_ text: some Collection<UInt8>, to result: inout [UInt8]) {
        for byte in text {
            if byte &- 0x21 < 0x5E { result.append(byte) } else { result.append(scalar: scalars[Int(byte)]) }
        }
    }
}

/// GPT-2's words, or the words there are, in letters of the byte alphabet (`ByteLevel`).
struct ByteLevel: PreTokenizer {
    let addsPrefixSpace: Bool
    let splits: Bool

    func apply(to text: inout PreTokenizedText) {
        if addsPrefixSpace {
            text.rewrite { bytes, word, result in
                if bytes[word.range.lowerBound] != UInt8(ascii: " ") { result.append(UInt8(ascii: " ")) }
                result.append(contentsOf: bytes[word.range])
            }
        }
        if splits {
            text.split { bytes, word, add in
                var position = word.range.lowerBound
                while position < word.range.upperBound {
                    let end = GPT2Words.end(of: bytes, from: position, before: word.range.upperBound)
                    add(position..<end)
                    position = end
                }
            }
        }
        text.rewrite { bytes, word, result in ByteAlphabet.append(bytes[word.range], to: &result) }
    }
}

/// The regular expression of GPT-2, written out:
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
enum GPT2Words {
    private enum Kind: UInt8 { case other, letter, number, space }

    private static let ascii: [Kind] = (UInt32(0)..<128).map(searched)

    @inline(__always)
    private static func kind(_ scalar: UInt32) -> Kind { scalar < 128 ? ascii[Int(scalar)] : searched(scalar) }

    private static func searched(_ scalar: UInt32) -> Kind {
        let properties = ScalarProperties(scalar)
        if properties.isWhitespace { return .space }
        switch properties.category {
        case 4...8: return .letter
        case 12...14: return .number
        default: return .other
        }
    }

    /// Where the word that begins at `start` ends.
    static func end(of text: UnsafeBufferPointer<UInt8>, from start: Int, before limit: Int) -> Int {
        if text[start] == UInt8(ascii: "'"), let end = contraction(text, start, limit) { return end }
        var position = start
        if text[start] == UInt8(ascii: " "), start + 1 < limit { position += 1 }
        var (scalar, length) = text.scalar(at: position)
        let first = kind(scalar)
        if first != .space {
            repeat {
                position += length
                if position >= limit { return limit }
                (scalar, length) = text.scalar(at: position)
            } while kind(scalar) == first
            return position
        }
        // White space: all of it at the end of the text, else all but the last, which belongs to the next word.
        position = start
        var last = start
        while position < limit {
            (scalar, length) = text.scalar(at: position)
            if kind(scalar) != .space { return last > start ? last : position }
            last = position
            position += length
        }
        return limit
    }

    private static func contraction(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ limit: Int) -> Int? {
        guard start + 1 < limit else { return nil }
        switch text[start + 1] {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
        default: break
        }
        guard start + 2 < limit else { return nil }
        switch (text[start + 1], text[start + 2]) {
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return start + 3
        default: return nil
        }
    }
}
