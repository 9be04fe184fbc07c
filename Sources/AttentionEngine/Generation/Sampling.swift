#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Divides scores.
struct Temperature: LogitsProcessor {
    let temperature: Float

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        for token in 0..<scores.count { scores[token] /= temperature }
    }
}

/// Leaves the `count` best tokens, and those that score as high as the last of them.
struct TopK: LogitsProcessor {
    let count: Int

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        guard count < scores.count else { return }
        let least = scores.withUnsafeMutableBufferPointer { scores in
            // Where nearly all are wanted, sorting is quicker.
            if count > 512 { return scores.sorted(by: >)[count - 1] }
            var best = Selection(count: count)
            best.add(UnsafeBufferPointer(scores), plus: 0, row: 0)
            return best.candidates[count - 1].score
        }
        for token in 0..<scores.count where scores[token] < least { scores[token] = -.infinity }
    }
}

/// Leaves the best tokens until together they have a probability (Holtzman et al., 2020, arXiv:1904.09751).
struct TopP: LogitsProcessor {
    let probability: Float

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        var order: [(token: Int, score: Float)] = []
        for token in 0..<scores.count where scores[token] > -.infinity { order.append((token, scores[token])) }
        order.sort { $0.score > $1.score }
        guard let most = order.first?.score else { return }
        let total = order.reduce(0) { $0 + exp(Double($1.score - most)) }
        var mass = 0.0
        for (rank, entry) in order.enumerated() {
            if rank > 0, mass / total >= Double(probability) { scores[entry.token] = -.infinity }
            mass += exp(Double(entry.score - most))
        }
    }
}

/// Leaves the tokens that are at least a share as probable as the likeliest (Nguyen et al., 2024, arXiv:2407.01082).
struct MinP: LogitsProcessor {
    let share: Float

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        var most = -Float.infinity
        for token in 0..<scores.count { most = max(most, scores[token]) }
        let least = Double(most) + log(Double(share))
        for token in 0..<scores.count where scores[token] < most && Double(scores[token]) < least { scores[token] = -.infinity }
    }
}

/// Leaves the tokens whose information is nearest to the expected, until together they have a probability (Meister et al., 2022,
/// arXiv:2202.00666).
struct TypicalP: LogitsProcessor {
    let probability: Float

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        var tokens: [(token: Int, score: Double)] = []
        for token in 0..<scores.count where scores[token] > -.infinity { tokens.append((token, Double(scores[token]))) }
        guard let most = tokens.map(\.score).max() else { return }
        let total = most + log(tokens.reduce(0) { $0 + exp($1.score - most) })
        let entropy = tokens.reduce(0) { $0 + exp($1.score - total) * (total - $1.score) }
        // How far each token's information is from the expected, the nearest first.
        let order = tokens.map { (token: $0.token, score: $0.score, distance: abs(total - $0.score - entropy)) }
            .sorted { ($0.distance, $0.token) < ($1.distance, $1.token) }
        var mass = 0.0
        let last = order.first { entry in
            mass += exp(entry.score - total)
            return mass >= Double(probability)
        }
        guard let last else { return }
        // Those as far as the last to be left are left, too.
        for entry in order where entry.distance > last.distance { scores[entry.token] = -.infinity }
    }
}

/// The generator behind sampling and tests: the same numbers everywhere for the same seed (SplitMix64; Steele et al., 2014).
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Creates a generator whose numbers follow from its state.
    public init(state: UInt64) { self.state = state }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    /// A token drawn by its probability among scores before softmax.
    mutating func draw(_ scores: UnsafeBufferPointer<Float>) -> Int {
        let most = scores.max() ?? 0
        let total = scores.reduce(0.0) { $0 + ($1 == -.infinity ? 0 : exp(Double($1 - most))) }
        var left = Double(next() >> 11) * 0x1p-53 * total
        var last = 0
        for (token, score) in scores.enumerated() where score > -.infinity {
            last = token
            left -= exp(Double(score - most))
            if left < 0 { break }
        }
        return last
    }
}
