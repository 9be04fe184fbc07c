public import AttentionEngine

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The likeliest way of spreading a target over frames, as connectionist temporal classification spreads it: each class in one frame or
/// more, in order, with blanks between (Graves et al., 2006; by the algorithm of Viterbi, 1967).
public struct ForcedAlignment: Sendable, Hashable {
    /// For each class of the target, the frames that it stands in.
    public let frames: [Range<Int>]
    /// The mean over frames of the logarithm of what stands there: 0 where all is certain.
    public let score: Double

    /// Finds it.
    ///
    /// - Parameters:
    ///   - scores: `[frames, classes]`, before softmax.
    ///   - target: classes, none of them the blank.
    ///   - blank: the class that stands for nothing.
    /// - Returns: `nil` if the target does not fit the frames.
    /// - Throws: `InputError` if a target is no class.
    public init?(_ scores: Tensor, target: [Int], blank: Int = 0) throws(InputError) {
        precondition(scores.rank == 2, "scores of \(scores.shape)")
        let (length, classes) = (scores.shape[0], scores.shape[1])
        guard target.allSatisfy({ $0 != blank && (0..<classes).contains($0) }), (0..<classes).contains(blank) else {
            throw InputError(
                "target", found: "a class that is the blank or none", needed: "classes from 0 to \(classes - 1), except \(blank)",
                remedy: "Check that the vocabulary belongs to the model")
        }
        let values = scores.floats
        let states = (0..<2 * target.count + 1).map { $0 % 2 == 0 ? blank : target[$0 / 2] }
        guard length > 0, length >= target.count else { return nil }
        var best = [Double](repeating: -.infinity, count: states.count)
        // How many states back the best way to each state came from.
        var steps = [UInt8](repeating: 0, count: length * states.count)
        for frame in 0..<length {
            let row = values[frame * classes..<(frame + 1) * classes]
            let most = Double(row.max() ?? 0)
            let logarithm = most + log(row.reduce(0) { $0 + exp(Double($1) - most) })
            var next = [Double](repeating: -.infinity, count: states.count)
            for state in states.indices {
                var (value, step) = (frame == 0 ? (state < 2 ? 0 : -.infinity) : best[state], UInt8(0))
                if frame > 0, state > 0, best[state - 1] > value { (value, step) = (best[state - 1], 1) }
                if frame > 0, state > 1, states[state] != blank, states[state] != states[state - 2], best[state - 2] > value {
                    (value, step) = (best[state - 2], 2)
                }
                next[state] = value + Double(row[row.startIndex + states[state]]) - logarithm
                steps[frame * states.count + state] = step
            }
            best = next
        }
        var state = states.count - 1
        if state > 0, best[state - 1] > best[state] { state -= 1 }
        guard best[state] > -.infinity else { return nil }
        score = best[state] / Double(length)
        var found = [Range<Int>?](repeating: nil, count: target.count)
        for frame in stride(from: length - 1, through: 0, by: -1) {
            if state % 2 == 1 { found[state / 2] = frame..<(found[state / 2]?.upperBound ?? frame + 1) }
            state -= Int(steps[frame * states.count + state])
        }
        frames = found.compactMap { $0 }
        guard frames.count == target.count else { return nil }
    }
}
