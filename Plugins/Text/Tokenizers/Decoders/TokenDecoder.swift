/// A step from tokens back to text; after the last one the tokens are joined.
protocol TokenDecoder: Sendable {
    func decode(_ tokens: [[UInt8]]) -> [[UInt8]]
}

/// Several steps, one after the other.
struct DecoderSequence: TokenDecoder {
    let steps: [any TokenDecoder]

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        let count = tokens.reduce(0) { $0 + $1.count }
        var result = tokens
        // Steps of a hostile file that let the text grow without measure are left out.
        for step in steps where !GrowthLimit.isExceeded(result.reduce(0) { $0 + $1.count }, from: count) {
            result = step.decode(result)
        }
        return result
    }
}

/// Letters of the byte alphabet to bytes; what is no UTF-8 then becomes U+FFFD (`ByteLevel`).
struct ByteLevelDecoder: TokenDecoder {
    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        var result: [UInt8] = []
        for token in tokens {
            let start = result.count
            var isSpelled = true
            token.forEachScalar { scalar in
                if let byte = ByteAlphabet.byte(of: scalar) { result.append(byte) } else { isSpelled = false }
            }
            // A token that is not in the alphabet, such as one that was added, stands for itself.
            if !isSpelled { result.replaceSubrange(start..., with: token) }
        }
        return [Array(String(decoding: result, as: UTF8.self).utf8)]
    }
}

/// Tokens `<0x0A>` to bytes, and runs of them that are no UTF-8 to U+FFFD each (`ByteFallback`).
struct ByteFallbackDecoder: TokenDecoder {
    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        var result: [[UInt8]] = []
        var pending: [UInt8] = []
        func flush() {
            if pending.isEmpty { return }
            if String(validating: pending, as: UTF8.self) != nil {
                result.append(pending)
            } else {
                result += Array(repeating: [0xEF, 0xBF, 0xBD], count: pending.count)
            }
            pending = []
        }
        for token in tokens {
            if let byte = ByteFallback.byte(of: token) {
                pending.append(byte)
            } else {
                flush()
                result.append(token)
            }
        }
        flush()
        return result
    }
}

/// Pieces inside words lose their prefix, others get a space before (`WordPiece`).
struct WordPieceDecoder: TokenDecoder {
    let prefix: [UInt8]
    let cleansUp: Bool

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        tokens.enumerated().map { index, token in
            var token = token
            if index > 0 {
                token = token.starts(with: prefix) ? Array(token.dropFirst(prefix.count)) : [UInt8(ascii: " ")] + token
            }
            return cleansUp ? SpaceCleaning.applied(to: token, rules: SpaceCleaning.pieces) : token
        }
    }
}

/// `▁` to spaces, but for the one before the text (`Metaspace`).
struct MetaspaceDecoder: TokenDecoder {
    let replacement: [UInt8]
    let dropsFirst: Bool

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        tokens.enumerated().map { index, token in
            token.replacing(replacement, with: index == 0 && dropsFirst ? [] : [UInt8(ascii: " ")])
        }
    }
}

/// The mark at the end of words to spaces (`BPEDecoder`).
struct SuffixDecoder: TokenDecoder {
    let suffix: [UInt8]

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        tokens.enumerated().map { index, token in
            token.replacing(suffix, with: index == tokens.count - 1 ? [] : [UInt8(ascii: " ")])
        }
    }
}

/// All tokens to one (`Fuse`).
struct FuseDecoder: TokenDecoder {
    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] { [Array(tokens.joined())] }
}

/// Takes away a letter at the ends of each token (`Strip`).
struct StripDecoder: TokenDecoder {
    let content: UInt32
    let start: Int
    let stop: Int

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        tokens.map { token in
            var scalars = token.scalars[...]
            for _ in 0..<Swift.min(start, scalars.count) where scalars.first == content { scalars.removeFirst() }
            for _ in 0..<Swift.min(stop, scalars.count) where scalars.last == content { scalars.removeLast() }
            var result: [UInt8] = []
            for scalar in scalars { result.append(scalar: scalar) }
            return result
        }
    }
}

/// Replaces a pattern in each token (`Replace`); one whose expression does not end stays as it is.
struct ReplaceDecoder: TokenDecoder {
    let replacement: ReplaceNormalizer

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] { tokens.map { (try? replacement.normalize($0)) ?? $0 } }
}

/// Tokens that stand for time steps: repetitions and padding go (`CTC`).
struct TimeStepDecoder: TokenDecoder {
    let padding: [UInt8]
    let wordDelimiter: [UInt8]
    let cleansUp: Bool

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        var result: [[UInt8]] = []
        var previous: [UInt8]?
        for token in tokens where token != previous {
            previous = token
            var text = token.replacing(padding, with: [])
            if cleansUp {
                text = SpaceCleaning.applied(to: text, rules: SpaceCleaning.pieces).replacing(
                    wordDelimiter, with: [UInt8(ascii: " ")])
            }
            if !text.isEmpty { result.append(text) }
        }
        return result
    }
}
