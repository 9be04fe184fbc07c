public import AttentionEngine

/// What a `Trainer` asks of a task: its examples, the loss of some of them, and how good the model has become.
///
/// A task owns its model. All that is random about it is drawn from the seeds it is given, so that a run that was stopped
/// goes on as if it had not been.
public protocol TrainingTask {
    /// An example as it is read and augmented, on a thread beside the step.
    associatedtype Example: Sendable

    /// What is trained. Frozen parameters may be among them.
    var parameters: ParameterStore { get }

    /// The examples to learn from, by index, and how they are put together to batches.
    var trainingIndices: [Int] { get }
    var batchPlan: BatchPlan { get }

    /// Reads examples and augments them; called on many threads, with a seed of the example's own in this epoch.
    var loading: @Sendable (_ index: Int, _ seed: UInt64) throws -> Example { get }

    /// What an example is called when something is wrong with it: its file, or its line in a table.
    func name(of index: Int) -> String

    /// The mean loss of a batch, recorded on the current tape.
    ///
    /// - Parameters:
    ///   - batch: what `loading` has read.
    ///   - seed: what is random about the batch is drawn from, such as how examples are mixed.
    func loss(of batch: [Example], seed: UInt64) throws -> Tensor

    /// Measures the model, as it is now, on held-out examples. The first measure tells which of two models is better.
    ///
    /// - Parameter progress: is told the share that is done, from 0 to 1.
    func validate(progress: (Double) -> Void) throws -> [TrainingMeasure]

    /// Writes the model, as it is now, as a checkpoint that loads.
    func save(to folder: String) throws
}

/// How good a model is by one measure.
public struct TrainingMeasure: Sendable, Hashable, Codable {
    /// What the measure is called, such as `accuracy` or `bleu`.
    public var name: String
    /// Its value.
    public var value: Double
    /// Whether more of it is better.
    public var isBetterHigher: Bool

    /// Creates a measure.
    public init(_ name: String, _ value: Double, isBetterHigher: Bool) {
        (self.name, self.value, self.isBetterHigher) = (name, value, isBetterHigher)
    }
}
