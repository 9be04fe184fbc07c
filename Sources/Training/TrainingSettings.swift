public import AttentionEngine

/// How a model learns: everything about a run but its data and its model.
public struct TrainingSettings: Sendable, Hashable, Codable {
    /// What changes parameters by their gradients.
    public enum OptimizerKind: String, Sendable, Hashable, Codable, CaseIterable {
        case adamw, sgd, lion
    }

    /// How often all examples are passed.
    public var epochs = 30
    /// How many steps there are; without it they follow from `epochs`.
    public var steps: Int?
    /// How many batches' gradients make a step.
    public var accumulation = 1
    /// What changes parameters.
    public var optimizer = OptimizerKind.adamw
    /// The highest learning rate.
    public var learningRate: Float = 1e-3
    /// How it falls.
    public var decay = LearningRateSchedule.Decay.cosine
    /// For what share of the steps it rises before.
    public var warmUp: Float = 0.05
    /// What share of matrices the learning rate takes away.
    public var weightDecay: Float = 0.05
    /// The largest norm of all gradients; 0 for no limit.
    public var gradientLimit: Float = 1
    /// The share that a step keeps of the moving average of parameters that is validated and saved; 0 for none.
    public var average: Float = 0
    /// What is left out at random.
    public var regularization = Regularization()
    /// Whether activations are computed again on the way back instead of kept.
    public var recomputesLayers = false
    /// After how many steps the model is measured; without it, after every epoch.
    public var validationInterval: Int?
    /// After how many steps the state is saved besides.
    public var savingInterval = 200
    /// What everything random is drawn from.
    public var seed: UInt64 = 0

    /// Creates the usual settings.
    public init() {}

    /// - Throws: `InputError` for a number out of its range, by its name.
    public func validate() throws(InputError) {
        func check(_ name: String, _ isRight: Bool, _ found: some CustomStringConvertible, _ needed: String) throws(InputError) {
            if !isRight { throw InputError(name, found: "\(found)", needed: needed, remedy: "Change it") }
        }
        try check("epochs", (1...1_000_000).contains(epochs), epochs, "1 to 1,000,000")
        if let steps { try check("steps", (1...1_000_000_000).contains(steps), steps, "1 or more") }
        try check("accumulation", (1...65_536).contains(accumulation), accumulation, "1 to 65,536")
        try check("learning rate", learningRate > 0 && learningRate.isFinite, learningRate, "a number above 0")
        try check("warm-up", (0...1).contains(warmUp), warmUp, "a share from 0 to 1")
        try check("weight decay", weightDecay >= 0 && weightDecay.isFinite, weightDecay, "0 or more")
        try check("gradient limit", gradientLimit >= 0, gradientLimit, "0 or more")
        try check("average", average >= 0 && average < 1, average, "a share from 0 to below 1")
        try check("dropout", (0..<1).contains(regularization.dropout), regularization.dropout, "a share from 0 to below 1")
        try check(
            "patch dropout", (0..<1).contains(regularization.patchDropout), regularization.patchDropout,
            "a share from 0 to below 1")
        try check(
            "stochastic depth", (0..<1).contains(regularization.stochasticDepth), regularization.stochasticDepth,
            "a share from 0 to below 1")
        if let validationInterval { try check("validation interval", validationInterval > 0, validationInterval, "1 or more") }
        try check("saving interval", savingInterval > 0, savingInterval, "1 or more")
    }

    /// A new optimizer as the settings say.
    var newOptimizer: any Optimizer {
        switch optimizer {
        case .adamw: AdamW(weightDecay: weightDecay)
        case .sgd: SGD(weightDecay: weightDecay)
        case .lion: Lion(weightDecay: weightDecay)
        }
    }
}
