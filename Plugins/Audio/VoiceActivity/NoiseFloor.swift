/// The level of the noise behind a sound, followed as it changes.
///
/// The lowest level in a time longer than any stretch of speech without a gap is that of the noise (minimum statistics,
/// Martin, 2001, IEEE Transactions on Speech and Audio Processing 9(5)). Here the time before and the time after each frame
/// are looked at separately and the higher minimum counts: where noise sets in or ends, one of the two holds it alone.
enum NoiseFloor {
    /// - Parameters:
    ///   - levels: in decibels.
    ///   - reach: the frames to look at on either side.
    static func follow(_ levels: [Float], reach: Int) -> [Float] {
        let before = trailingMinimum(levels, reach: reach)
        let after = Array(trailingMinimum(levels.reversed(), reach: reach).reversed())
        return levels.indices.map { index in
            // Near an end there may be only speech to that side.
            let isWhole = index >= reach && index < levels.count - reach
            return isWhole ? max(before[index], after[index]) : min(before[index], after[index])
        }
    }

    /// The smallest of each level and the `reach` before it.
    static func trailingMinimum(_ levels: [Float], reach: Int) -> [Float] {
        // Indices that may yet be the smallest, their levels rising; those before `first` are done with.
        var candidates: [Int] = []
        var first = 0
        return levels.indices.map { index in
            while candidates.count > first, levels[candidates[candidates.count - 1]] >= levels[index] { candidates.removeLast() }
            candidates.append(index)
            if candidates[first] < index - reach { first += 1 }
            return levels[candidates[first]]
        }
    }
}
