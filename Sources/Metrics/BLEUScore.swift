#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How many stretches of words translations share with references (Papineni et al., 2002), as sacrebleu counts them
/// (Post, 2018): of a whole corpus, with exponential smoothing.
public struct BLEUScore: Sendable, Hashable, Codable {
    /// How texts are parted.
    public let tokenization: BLEUTokenization
    /// Stretches of one to four words that are right, and all there are.
    private var (matches, totals) = ([0, 0, 0, 0], [0, 0, 0, 0])
    /// Words of the translations, and of the references nearest in length.
    private var (length, referenceLength) = (0, 0)

    /// Creates a score of nothing yet.
    public init(_ tokenization: BLEUTokenization = .mteval13a) { self.tokenization = tokenization }

    /// Counts a translation.
    ///
    /// - Parameters:
    ///   - hypothesis: the translation.
    ///   - references: at least one that is right.
    public mutating func add(_ hypothesis: String, references: [String]) {
        let words = Words.exact(tokenization.words(hypothesis))
        let others = references.map { Words.exact(tokenization.words($0)) }
        length += words.count
        let nearest = others.map(\.count).min { (abs($0 - words.count), $0) < (abs($1 - words.count), $1) }
        referenceLength += nearest ?? 0
        for order in 1...4 where words.count >= order {
            totals[order - 1] += words.count - order + 1
            var most: [ArraySlice<[Unicode.Scalar]>: Int] = [:]
            for other in others { most.merge(Self.stretches(other, order)) { max($0, $1) } }
            for (stretch, count) in Self.stretches(words, order) { matches[order - 1] += min(count, most[stretch] ?? 0) }
        }
    }

    /// Adds what another has counted.
    public mutating func merge(_ other: BLEUScore) {
        for order in 0..<4 {
            matches[order] += other.matches[order]
            totals[order] += other.totals[order]
        }
        length += other.length
        referenceLength += other.referenceLength
    }

    static func stretches(_ words: [[Unicode.Scalar]], _ order: Int) -> [ArraySlice<[Unicode.Scalar]>: Int] {
        guard words.count >= order else { return [:] }
        return (0...words.count - order).reduce(into: [:]) { $0[words[$1..<$1 + order], default: 0] += 1 }
    }

    /// How much shorter translations than the references are held against them, from 0 to 1.
    public var brevityPenalty: Double {
        length >= referenceLength ? 1 : length > 0 ? exp(1 - Double(referenceLength) / Double(length)) : 0
    }

    /// From 0 to 100.
    public var score: Double {
        guard matches.contains(where: { $0 > 0 }) else { return 0 }
        var (smoothing, logarithms) = (1.0, 0.0)
        for (match, total) in zip(matches, totals) {
            if total == 0 { return 0 }
            if match == 0 { smoothing *= 2 }
            logarithms += log(100 * (match == 0 ? 1 / smoothing : Double(match)) / Double(total))
        }
        return brevityPenalty * exp(logarithms / 4)
    }
}
