public import AttentionEngine

/// Gradient descent with momentum (Sutskever et al., 2013), as PyTorch has it.
public struct SGD: Optimizer {
    /// The share of the last step's direction that is kept.
    public var momentum: Float
    /// What matrices are multiplied by and added to their gradients; norms and biases are spared.
    public var weightDecay: Float

    private var steps = 0
    private var directions = Moments("direction")

    /// Creates an optimizer before its first step.
    public init(momentum: Float = 0.9, weightDecay: Float = 0) {
        self.momentum = momentum
        self.weightDecay = weightDecay
    }

    public mutating func step(_ parameters: [Parameter], learningRate: Float) {
        steps += 1
        let momentum = momentum
        for parameter in parameters where parameter.gradient != nil && !parameter.isFrozen {
            let decay = parameter.isDecayed ? weightDecay : 0
            parameter.updateElements(directions[parameter]) { p, g, direction, _, count in
                for i in 0..<count {
                    let d = momentum * direction[i] + g[i] + decay * p[i]
                    direction[i] = d
                    p[i] -= learningRate * d
                }
            }
            parameter.clearGradient()
        }
    }

    public var state: [String: Tensor] {
        directions.state.merging(["steps": Tensor(integers: [steps], shape: [1])]) { $1 }
    }

    public mutating func restore(_ state: [String: Tensor], for parameters: [Parameter]) throws {
        steps = try state.stepCount()
        try directions.restore(state, for: parameters)
    }
}

/// Steps of one size in the direction of a running mean's sign (Chen et al., 2023, arXiv:2302.06675).
public struct Lion: Optimizer {
    /// The share of the mean in a step's direction, and what is kept of the mean from step to step.
    public var betas: (Float, Float)
    /// The share of matrices that a step takes away, times the learning rate; norms and biases are spared.
    public var weightDecay: Float

    private var steps = 0
    private var means = Moments("mean")

    /// Creates an optimizer before its first step.
    public init(betas: (Float, Float) = (0.9, 0.99), weightDecay: Float = 0.1) {
        self.betas = betas
        self.weightDecay = weightDecay
    }

    public mutating func step(_ parameters: [Parameter], learningRate: Float) {
        steps += 1
        let (share, keep) = betas
        for parameter in parameters where parameter.gradient != nil && !parameter.isFrozen {
            let kept = parameter.isDecayed ? 1 - learningRate * weightDecay : 1
            parameter.updateElements(means[parameter]) { p, g, mean, _, count in
                for i in 0..<count {
                    let direction = share * mean[i] + (1 - share) * g[i]
                    let sign: Float = direction > 0 ? 1 : direction < 0 ? -1 : 0
                    p[i] = kept * p[i] - learningRate * sign
                    mean[i] = keep * mean[i] + (1 - keep) * g[i]
                }
            }
            parameter.clearGradient()
        }
    }

    public var state: [String: Tensor] {
        means.state.merging(["steps": Tensor(integers: [steps], shape: [1])]) { $1 }
    }

    public mutating func restore(_ state: [String: Tensor], for parameters: [Parameter]) throws {
        steps = try state.stepCount()
        try means.restore(state, for: parameters)
    }
}
