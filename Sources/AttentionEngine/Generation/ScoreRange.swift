#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import CKernels

/// What processors of scores do with stretches of a vocabulary.
extension MutableSpan<Float> {
    /// Forbids the tokens of a range; those beyond the vocabulary are left out.
    public mutating func forbid(_ tokens: Range<Int>) {
        let tokens = tokens.clamped(to: 0..<count)
        withUnsafeMutableBufferPointer { $0[tokens].update(repeating: -.infinity) }
    }

    /// The largest score of a range of tokens; −∞ where the range is empty.
    public func largest(in tokens: Range<Int>) -> Float {
        let tokens = tokens.clamped(to: 0..<count)
        if tokens.isEmpty { return -.infinity }
        return span.withUnsafeBufferPointer { scores in
            guard let start = scores.baseAddress else { return -.infinity }
            return kernels.pointee.largest(start + tokens.lowerBound, Int64(tokens.count))
        }
    }

    /// The logarithm of the sum of the exponentials of a range of scores: the score of its tokens taken together.
    public func logSumExp(in tokens: Range<Int>) -> Float {
        let tokens = tokens.clamped(to: 0..<count)
        guard largest(in: tokens) > -.infinity else { return -.infinity }
        var maximum = -Float.infinity, sum: Float = 0
        var scores = span.withUnsafeBufferPointer { Array($0[tokens]) }
        scores.withUnsafeMutableBufferPointer { scores in
            guard let start = scores.baseAddress else { return }
            _ = kernels.pointee.softmax_step(start, Int64(scores.count), &maximum, &sum)
        }
        return maximum + logf(sum)
    }
}
