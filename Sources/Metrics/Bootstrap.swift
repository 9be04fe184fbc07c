import AttentionEngine

/// How sure a measure is: what it would be on other examples of the same kind (Efron, 1979).
public enum Bootstrap {
    /// The middle share of a measure over examples drawn anew with repetition.
    ///
    /// - Parameters:
    ///   - count: how many examples there are; at least one.
    ///   - confidence: the share, above 0 and below 1.
    ///   - samples: how often they are drawn.
    ///   - seed: what they are drawn from.
    ///   - measure: the measure of the examples at these places.
    public static func interval(
        count: Int, confidence: Double, samples: Int = 1000, seed: UInt64 = 0, measure: ([Int]) -> Double
    ) -> ClosedRange<Double> {
        precondition(count > 0 && samples > 0 && confidence > 0 && confidence < 1)
        var generator = SeededGenerator(state: seed)
        let values = (0..<samples).map { _ in
            measure((0..<count).map { _ in Int.random(in: 0..<count, using: &generator) })
        }.sorted()
        let rest = (1 - confidence) / 2 * Double(samples - 1)
        let (low, high) = (Int(rest.rounded()), Int((Double(samples - 1) - rest).rounded()))
        return values[low]...values[max(low, high)]
    }
}
