public import AttentionEngine

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Mixes the pixels and labels of a batch with those of the batch in another order.
public struct BatchMixing: Sendable {
    /// How two examples are put together.
    public enum Method: Sendable {
        /// Both are seen through each other (Zhang et al., 2018, arXiv:1710.09412).
        case mixup
        /// A rectangle of one stands in the other (Yun et al., 2019, arXiv:1905.04899).
        case cutmix
    }

    /// How examples are put together.
    public var method: Method
    /// The parameter of the beta distribution that shares are drawn from; 0 changes nothing.
    public var alpha: Double

    /// Creates the augmentation.
    public init(_ method: Method, alpha: Double = 1) { (self.method, self.alpha) = (method, alpha) }

    /// Mixes a batch.
    ///
    /// - Parameters:
    ///   - pixels: `[batch, 3, height, width]`.
    ///   - height: of each picture.
    ///   - width: of each picture.
    ///   - labels: each example's label, from 0 to `labelCount - 1`.
    ///   - labelCount: how many labels there are.
    ///   - generator: what partners and shares are drawn from.
    /// - Returns: the pixels, and the probability of each label, `[batch, labels]`, both row by row.
    public func callAsFunction(
        _ pixels: [Float], height: Int, width: Int, labels: [Int], labelCount: Int, using generator: inout SeededGenerator
    ) -> (pixels: [Float], targets: [Float]) {
        let batch = labels.count, area = max(0, height) * max(0, width)
        precondition(pixels.count == 3 * area * batch, "three channels for each example")
        var share = alpha > 0 ? Self.beta(alpha, using: &generator) : 1
        var result = pixels
        // Each example goes with the one before it, as in torchvision.
        func partner(_ example: Int) -> Int { (example + batch - 1) % batch }
        if alpha > 0 {
            switch method {
            case .mixup:
                let (own, other) = (Float(share), Float(1 - share))
                for example in 0..<batch {
                    let (start, from) = (3 * area * example, 3 * area * partner(example))
                    for index in 0..<3 * area {
                        result[start + index] = own * pixels[start + index] + other * pixels[from + index]
                    }
                }
            case .cutmix:
                let (row, column) = (
                    Int.random(in: 0..<max(1, height), using: &generator), Int.random(in: 0..<max(1, width), using: &generator)
                )
                let half = 0.5 * (1 - share).squareRoot()
                let (halfHeight, halfWidth) = (Int(half * Double(height)), Int(half * Double(width)))
                let rows = max(0, row - halfHeight)..<min(height, row + halfHeight)
                let columns = max(0, column - halfWidth)..<min(width, column + halfWidth)
                for example in 0..<batch {
                    for channel in 0..<3 {
                        for y in rows {
                            let place = (channel * height + y) * width
                            for x in columns {
                                result[3 * area * example + place + x] = pixels[3 * area * partner(example) + place + x]
                            }
                        }
                    }
                }
                // What was really pasted counts.
                share = 1 - Double(rows.count * columns.count) / Double(max(1, area))
            }
        }
        var targets = Array(repeating: Float(0), count: batch * max(0, labelCount))
        for example in 0..<batch {
            targets[example * labelCount + labels[example]] += Float(share)
            targets[example * labelCount + labels[partner(example)]] += Float(1 - share)
        }
        return (result, targets)
    }

    /// A number from the beta distribution with both parameters alike: a ratio of gamma variates (Marsaglia and Tsang, 2000).
    static func beta(_ alpha: Double, using generator: inout SeededGenerator) -> Double {
        func uniform() -> Double { Double.random(in: Double.leastNormalMagnitude..<1, using: &generator) }
        func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * Double.pi * uniform()) }
        /// The logarithm, since variates of small parameters vanish.
        func logGamma(_ shape: Double) -> Double {
            if shape < 1 { return logGamma(shape + 1) + log(uniform()) / shape }
            let d = shape - 1.0 / 3
            let c = 1 / (9 * d).squareRoot()
            while true {
                let x = normal()
                let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
                if v > 0, log(uniform()) < 0.5 * x * x + d - d * v + d * log(v) { return log(d) + log(v) }
            }
        }
        let difference = logGamma(alpha) - logGamma(alpha)
        return 1 / (1 + exp(-difference))
    }
}

/// Sets a rectangle of an example's pixels to random numbers or to zero (Zhong et al., 2020, arXiv:1708.04896).
public struct RandomErasing: Sendable {
    /// How often.
    public var probability: Double
    /// The rectangle's share of the area.
    public var scale: ClosedRange<Double>
    /// Its height over its width.
    public var aspectRatio: ClosedRange<Double>
    /// Whether it is filled with normal random numbers, of each pixel its own; else with zeros.
    public var isRandom: Bool

    /// Creates the augmentation with torchvision's numbers.
    public init(
        probability: Double = 0.5, scale: ClosedRange<Double> = 0.02...0.33, aspectRatio: ClosedRange<Double> = 0.3...3.3,
        isRandom: Bool = false
    ) {
        (self.probability, self.scale, self.aspectRatio, self.isRandom) = (probability, scale, aspectRatio, isRandom)
    }

    /// Erases in one example.
    ///
    /// - Parameters:
    ///   - pixels: `[3, height, width]`, scaled as the model takes them.
    ///   - height: of the picture.
    ///   - width: of the picture.
    ///   - generator: what place and size are drawn from.
    public func callAsFunction(_ pixels: inout [Float], height: Int, width: Int, using generator: inout SeededGenerator) {
        precondition(pixels.count == 3 * height * width, "three channels")
        guard Double.random(in: 0..<1, using: &generator) < probability else { return }
        let area = Double(height) * Double(width)
        for _ in 0..<10 {
            let target = area * Double.random(in: scale, using: &generator)
            let aspect = exp(Double.random(in: log(aspectRatio.lowerBound)...log(aspectRatio.upperBound), using: &generator))
            let h = (target * aspect).squareRoot().rounded(.toNearestOrEven)
            let w = (target / aspect).squareRoot().rounded(.toNearestOrEven)
            guard h < Double(height), w < Double(width) else { continue }
            let top = Int.random(in: 0...height - Int(h), using: &generator)
            let left = Int.random(in: 0...width - Int(w), using: &generator)
            for channel in 0..<3 {
                for y in top..<top + Int(h) {
                    for x in left..<left + Int(w) {
                        var value = 0.0
                        if isRandom {
                            let first = Double.random(in: Double.leastNormalMagnitude..<1, using: &generator)
                            value = (-2 * log(first)).squareRoot() * cos(2 * .pi * Double.random(in: 0..<1, using: &generator))
                        }
                        pixels[(channel * height + y) * width + x] = Float(value)
                    }
                }
            }
            return
        }
    }
}
