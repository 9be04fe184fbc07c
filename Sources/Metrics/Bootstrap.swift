import AttentionEngine

/// How sure a measure is: what it would be on other examples of the same kind (Efron, 1979).
public enum Bootstrap {
    /// The middle share of a measure over examples drawn anew with repetition.
    ///
    /// - Parameters:
    ///   - count: how many examples there are.
    ///   - confidence: the share, above 0 and below 1.
    ///   - samples: how often they are drawn.
    ///   - seed: what they are drawn from.
    ///   - measure: the measure of the examples at these places; draws of which it is not a number do not count.
    /// - Returns: `nil` where there are no examples, or no draw has a measure.
    public static func interval(
        count: Int, confidence: Double, samples: Int = 1000, seed: UInt64 = 0, measure: ([Int]) -> Double
    ) -> ClosedRange<Double>? {
        guard count > 0, samples > 0 else { return nil }
        var generator = SeededGenerator(state: seed)
        let values = (0..<samples).map { _ in
            measure((0..<count).map { _ in Int.random(in: 0..<count, using: &generator) })
        }.filter { !$0.isNaN }.sorted()
        guard let last = values.indices.last else { return nil }
        let rest = (1 - min(max(confidence, 0), 1)) / 2 * Double(last)
        let (low, high) = (Int(rest.rounded()), Int((Double(last) - rest).rounded()))
        return values[low]...values[max(low, high)]
    }
}
