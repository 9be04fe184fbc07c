/// What happens while a model is trained.
public enum TrainingEvent: Sendable {
    /// The run begins, or goes on after so many steps.
    case began(step: Int, of: Int, stepsInEpoch: Int)
    /// A step was taken.
    case step(StepReport)
    /// The share of the held-out examples that have been looked at.
    case validating(Double)
    /// The model was measured; whether it is the best so far.
    case validated([TrainingMeasure], isBest: Bool)
    /// An example cannot be read and is left out, by its name.
    case skipped(String, any Error)
}

/// What a step was like.
public struct StepReport: Sendable, Hashable, Codable {
    /// Which it was, from 1.
    public var step: Int
    /// How often all examples had been passed before.
    public var epoch: Int
    /// The mean loss of its batches.
    public var loss: Float
    /// The learning rate.
    public var learningRate: Float
    /// The norm of all gradients, before it was limited.
    public var gradientNorm: Float
    /// How many examples were learned from.
    public var examples: Int
    /// How long it took.
    public var seconds: Double
}
