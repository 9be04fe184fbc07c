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

/// The generator behind sampling: the same numbers everywhere for the same seed (SplitMix64; Steele et al., 2014).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
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
