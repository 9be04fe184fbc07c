public import AttentionEngine

/// What training makes small. Each is a single number that a `GradientTape` records.
public enum Loss {
    /// What stands in place of a target where there is none: −100.
    public static let ignored = Tensor.ignoredTarget

    /// The mean of −log p(target) over all positions that have a target.
    ///
    /// - Parameters:
    ///   - scores: `[…, classes]`, before softmax.
    ///   - targets: a class, or `ignored`, for each row of `scores`.
    ///   - smoothing: the share of each target that is spread over all classes (Szegedy et al., 2016, arXiv:1512.00567).
    /// - Throws: `InputError` if a target is no class, or there are not as many as rows.
    public static func crossEntropy(_ scores: Tensor, _ targets: [Int], smoothing: Float = 0) throws -> Tensor {
        let rows = scores.width == 0 ? 0 : scores.count / scores.width
        guard targets.count == rows else {
            throw InputError(
                "targets", found: "\(targets.count)", needed: "one for each of \(rows) rows of scores",
                remedy: "Mark positions without a target with \(ignored)")
        }
        for target in targets where target != ignored && !(0..<scores.width).contains(target) {
            throw InputError(
                "targets", found: "\(target)", needed: "classes from 0 to \(scores.width - 1), or \(ignored) for none",
                remedy: "Check that labels and model belong together")
        }
        return scores.crossEntropy(targets, smoothing: smoothing)
    }

    /// The mean of squared differences.
    ///
    /// - Parameters:
    ///   - values: what a model says, of any shape.
    ///   - targets: what it should say, of the same shape.
    public static func meanSquare(_ values: Tensor, _ targets: Tensor) -> Tensor {
        precondition(values.shape == targets.shape, "\(values.shape) and \(targets.shape)")
        let difference = values.adding(targets.detached.scaled(by: -1))
        return difference.multiplied(by: difference).reshaped(to: [values.count]).mean(along: 0)
    }
}
