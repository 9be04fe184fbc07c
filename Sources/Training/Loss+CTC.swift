public import AttentionEngine
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Loss {
    /// The mean over sequences of −log p(target) / target length, where p sums over all ways of spreading the target over the frames
    /// (connectionist temporal classification; Graves et al., 2006).
    ///
    /// - Parameters:
    ///   - scores: `[batch, frames, classes]`, before softmax.
    ///   - targets: for each sequence its classes, none of them the blank.
    ///   - frames: how many frames each sequence has; all where `nil`.
    ///   - blank: the class that stands for nothing.
    /// - Returns: a single number. A target that does not fit its frames counts as 0, and teaches nothing.
    /// - Throws: `InputError` if a target is no class, or counts do not agree.
    public static func ctc(_ scores: Tensor, _ targets: [[Int]], frames: [Int]? = nil, blank: Int = 0) throws -> Tensor {
        precondition(scores.rank == 3, "scores of \(scores.shape)")
        let batch = scores.shape[0], length = scores.shape[1], classes = scores.shape[2]
        let frames = frames ?? Array(repeating: length, count: batch)
        guard targets.count == batch, frames.count == batch, frames.allSatisfy({ (0...length).contains($0) }) else {
            throw InputError(
                "targets", found: "\(targets.count) targets and \(frames.count) counts of frames",
                needed: "one of each for each of \(batch) sequences, of up to \(length) frames",
                remedy: "Write one for each sequence")
        }
        guard targets.joined().allSatisfy({ $0 != blank && (0..<classes).contains($0) }), (0..<classes).contains(blank) else {
            throw InputError(
                "targets", found: "a class that is the blank or none",
                needed: "classes from 0 to \(classes - 1), except \(blank)",
                remedy: "Check that the vocabulary belongs to the model")
        }
        let results = Processor.map(Array(0..<batch)) { index in
            scores.detached.sliced(index..<index + 1, along: 0).withFloats { scores in
                Alignment(scores, frames: frames[index], classes: classes, target: targets[index], blank: blank)
            }
        }.compactMap { try? $0.get() }
        let total = zip(results, targets).reduce(0.0) { $0 + $1.0.loss / Double(max(1, $1.1.count)) }
        let loss = Tensor([Float(total / Double(max(1, batch)))], shape: [])
        return loss.computed(from: [scores]) { gradient in
            let factor = gradient.floats[0] / Float(max(1, batch))
            var all: [Float] = []
            all.reserveCapacity(scores.count)
            for (result, target) in zip(results, targets) {
                let share = factor / Float(max(1, target.count))
                all += result.gradient.map { share * $0 }
                all += repeatElement(0, count: length * classes - result.gradient.count)
            }
            return [Tensor(all, shape: scores.shape)]
        }
    }
}

/// The forward and backward sums of one sequence, in logarithms.
private struct Alignment: Sendable {
    /// −log p(target); 0 where the target does not fit.
    var loss = 0.0
    /// `[frames, classes]`, of the loss with respect to the scores.
    var gradient: [Float]

    init(_ scores: Span<Float>, frames: Int, classes: Int, target: [Int], blank: Int) {
        gradient = Array(repeating: 0, count: frames * classes)
        var logarithms = [Double](repeating: 0, count: frames * classes)
        for frame in 0..<frames {
            let start = frame * classes
            var most = -Double.infinity, sum = 0.0
            for c in 0..<classes { most = max(most, Double(scores[start + c])) }
            for c in 0..<classes { sum += exp(Double(scores[start + c]) - most) }
            for c in 0..<classes { logarithms[start + c] = Double(scores[start + c]) - most - log(sum) }
        }
        // The target with a blank before, between and after.
        let states = (0..<2 * target.count + 1).map { $0 % 2 == 0 ? blank : target[$0 / 2] }
        let count = states.count
        guard frames > 0 else {
            loss = 0
            return
        }
        func canSkip(to state: Int) -> Bool { state >= 2 && states[state] != blank && states[state] != states[state - 2] }
        var forward = [Double](repeating: -.infinity, count: frames * count), backward = forward
        forward[0] = logarithms[blank]
        if count > 1 { forward[1] = logarithms[states[1]] }
        for frame in 1..<max(1, frames) {
            for state in 0..<count {
                let before = (frame - 1) * count + state
                var sum = forward[before]
                if state > 0 { sum = Self.added(sum, forward[before - 1]) }
                if canSkip(to: state) { sum = Self.added(sum, forward[before - 2]) }
                forward[frame * count + state] = sum + logarithms[frame * classes + states[state]]
            }
        }
        let last = (frames - 1) * count
        // The backward sums leave out the frame's own probability.
        backward[last + count - 1] = 0
        if count > 1 { backward[last + count - 2] = 0 }
        for frame in stride(from: frames - 2, through: 0, by: -1) {
            for state in 0..<count {
                func after(_ next: Int) -> Double {
                    backward[(frame + 1) * count + next] + logarithms[(frame + 1) * classes + states[next]]
                }
                var sum = after(state)
                if state + 1 < count { sum = Self.added(sum, after(state + 1)) }
                if state + 2 < count, canSkip(to: state + 2) { sum = Self.added(sum, after(state + 2)) }
                backward[frame * count + state] = sum
            }
        }
        let probability =
            count > 1 ? Self.added(forward[last + count - 1], forward[last + count - 2]) : forward[last]
        guard probability > -.infinity else { return }
        loss = -probability
        for frame in 0..<frames {
            for c in 0..<classes { gradient[frame * classes + c] = Float(exp(logarithms[frame * classes + c])) }
            for state in 0..<count {
                let place = frame * count + state
                gradient[frame * classes + states[state]] -= Float(exp(forward[place] + backward[place] - probability))
            }
        }
    }

    /// log(eᵃ + eᵇ).
    private static func added(_ a: Double, _ b: Double) -> Double {
        let most = max(a, b)
        return most == -.infinity ? most : most + log1p(exp(min(a, b) - most))
    }
}
