public import AttentionEngine

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Loss {
    /// The mean over rows of −Σ t · log p, for targets that are probabilities: those of mixed or smoothed labels.
    ///
    /// - Parameters:
    ///   - scores: `[rows, classes]`, before softmax.
    ///   - targets: `[rows, classes]`, row by row.
    /// - Throws: `InputError` if there are not as many targets as scores.
    public static func crossEntropy(_ scores: Tensor, probabilities targets: [Float]) throws -> Tensor {
        let width = scores.width, rows = width == 0 ? 0 : scores.count / width
        guard targets.count == scores.count, rows > 0 else {
            throw InputError(
                "targets", found: "\(targets.count)", needed: "one for each of \(scores.count) scores",
                remedy: "Give each class of each row a probability")
        }
        let elements = scores.floats
        var (loss, gradient) = (0.0, [Float](repeating: 0, count: elements.count))
        for row in stride(from: 0, to: elements.count, by: width) {
            let largest = elements[row..<row + width].max() ?? 0
            var (sum, weight): (Float, Float) = (0, 0)
            for index in row..<row + width {
                sum += exp(elements[index] - largest)
                weight += targets[index]
            }
            let logarithm = largest + log(sum)
            for index in row..<row + width {
                loss -= Double(targets[index]) * Double(elements[index] - logarithm)
                gradient[index] = (weight * exp(elements[index] - logarithm) - targets[index]) / Float(rows)
            }
        }
        let slope = Tensor(gradient, shape: scores.shape)
        return Tensor([Float(loss / Double(rows))], shape: [1]).computed(from: [scores]) { outer in
            [slope.scaled(by: outer.floats[0])]
        }
    }
}
