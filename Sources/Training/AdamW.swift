public import AttentionEngine

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019, arXiv:1711.05101).
public struct AdamW: Optimizer {
    /// The share of the mean gradient, and of the mean square, that is kept from step to step.
    public var betas: (Float, Float)
    /// Added to the root of the mean square.
    public var epsilon: Float
    /// The share of matrices that a step takes away, times the learning rate; norms and biases are spared.
    public var weightDecay: Float

    private var steps = 0
    private var means = Moments("mean")
    private var squares = Moments("square")

    /// Creates an optimizer before its first step.
    public init(betas: (Float, Float) = (0.9, 0.999), epsilon: Float = 1e-8, weightDecay: Float = 0.01) {
        self.betas = betas
        self.epsilon = epsilon
        self.weightDecay = weightDecay
    }

    public mutating func step(_ parameters: [Parameter], learningRate: Float) {
        steps += 1
        let (keep, keepSquare) = betas, epsilon = epsilon
        let size = learningRate / Float(1 - pow(Double(keep), Double(steps)))
        let root = Float((1 - pow(Double(keepSquare), Double(steps))).squareRoot())
        for parameter in parameters where parameter.gradient != nil && !parameter.isFrozen {
            let kept = parameter.isDecayed ? 1 - learningRate * weightDecay : 1
            parameter.updateElements(means[parameter], squares[parameter]) { p, g, mean, square, count in
                for i in 0..<count {
                    let gradient = g[i]
                    let m = keep * mean[i] + (1 - keep) * gradient
                    let v = keepSquare * square[i] + (1 - keepSquare) * gradient * gradient
                    mean[i] = m
                    square[i] = v
                    p[i] = kept * p[i] - size * m / (v.squareRoot() / root + epsilon)
                }
            }
            parameter.clearGradient()
        }
    }

    public var state: [String: Tensor] {
        means.state.merging(squares.state) { $1 }.merging(["steps": Tensor(integers: [steps], shape: [1])]) { $1 }
    }

    public mutating func restore(_ state: [String: Tensor], for parameters: [Parameter]) throws {
        steps = try state.stepCount()
        try means.restore(state, for: parameters)
        try squares.restore(state, for: parameters)
    }
}
