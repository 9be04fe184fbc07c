/// How many stretches of characters, and in chrF++ of words, translations share with references (Popović, 2015 and 2017), as
/// sacrebleu counts them: six characters, two words, recall counting twice as much as precision.
public struct ChrFScore: Sendable, Hashable, Codable {
    /// The longest stretch of words; 0 for chrF, 2 for chrF++.
    public let wordOrder: Int
    private static let characterOrder = 6

    /// For each order how many stretches translation and reference have, and share.
    private struct Counts: Hashable, Codable {
        var (hypothesis, reference, shared) = (0, 0, 0)
    }
    private var counts: [Counts]

    /// Creates a score of nothing yet.
    public init(wordOrder: Int = 2) {
        self.wordOrder = max(0, wordOrder)
        counts = Array(repeating: Counts(), count: Self.characterOrder + self.wordOrder)
    }

    /// Counts a translation, by the reference that it is most like.
    ///
    /// - Parameters:
    ///   - hypothesis: the translation.
    ///   - references: at least one that is right.
    public mutating func add(_ hypothesis: String, references: [String]) {
        let own = stretches(hypothesis)
        var best: (score: Double, counts: [Counts])?
        for reference in references {
            let counts = zip(own, stretches(reference)).map { own, other in
                Counts(
                    // What has no counterpart is not held against the translation.
                    hypothesis: other.isEmpty ? 0 : own.values.reduce(0, +), reference: other.values.reduce(0, +),
                    shared: own.reduce(0) { $0 + min($1.value, other[$1.key] ?? 0) })
            }
            let score = Self.score(counts)
            if best.map({ score > $0.score }) ?? true { best = (score, counts) }
        }
        if let best { add(best.counts) }
    }

    /// Adds what another of the same orders has counted.
    public mutating func merge(_ other: ChrFScore) { add(other.counts) }

    private mutating func add(_ other: [Counts]) {
        for (index, part) in other.enumerated() where counts.indices.contains(index) {
            counts[index].hypothesis += part.hypothesis
            counts[index].reference += part.reference
            counts[index].shared += part.shared
        }
    }

    private func stretches(_ text: String) -> [[ArraySlice<[Unicode.Scalar]>: Int]] {
        let words = Words.split(text.unicodeScalars)
        let characters = words.flatMap { $0 }.map { [$0] }
        let parted = words.flatMap(Self.parted)
        return (1...Self.characterOrder).map { BLEUScore.stretches(characters, $0) }
            + (0..<wordOrder).map { BLEUScore.stretches(parted, $0 + 1) }
    }

    /// A word without the mark at its end or, where there is none, at its start.
    private static func parted(_ word: [Unicode.Scalar]) -> [[Unicode.Scalar]] {
        guard word.count > 1, let first = word.first, let last = word.last else { return [word] }
        if isMark(last) { return [Array(word.dropLast()), [last]] }
        if isMark(first) { return [[first], Array(word.dropFirst())] }
        return [word]
    }

    /// ASCII's punctuation and symbols.
    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "!"..."/", ":"..."@", "["..."`", "{"..."~": true
        default: false
        }
    }

    private static func score(_ counts: [Counts]) -> Double {
        var (precision, recall, orders) = (0.0, 0.0, 0.0)
        for part in counts where part.hypothesis > 0 && part.reference > 0 {
            precision += Double(part.shared) / Double(part.hypothesis)
            recall += Double(part.shared) / Double(part.reference)
            orders += 1
        }
        guard precision + recall > 0 else { return 0 }
        (precision, recall) = (precision / orders, recall / orders)
        return 100 * 5 * precision * recall / (4 * precision + recall)
    }

    /// From 0 to 100.
    public var score: Double { Self.score(counts) }
}
