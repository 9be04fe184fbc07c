/// One label and how likely it is.
public struct Classification: Sendable, Hashable {
    /// The label's name in the checkpoint's `id2label`.
    public var label: String
    /// The label's row in the logits.
    public var index: Int
    /// From 0 to 1; over all labels they add up to 1.
    public var probability: Float

    /// Creates a classification.
    public init(label: String, index: Int, probability: Float) {
        self.label = label
        self.index = index
        self.probability = probability
    }
}

/// The task of naming what an input is: photos, sensor readings, clips.
public protocol Classifying<Input>: ModelFamily {
    /// What is classified; a `Reader` of it must be registered.
    associatedtype Input: Sendable

    /// Every label for each input, the likeliest first.
    ///
    /// - Throws: `InputError` if the checkpoint has no classifier, or its preprocessor cannot be used.
    func classify(_ inputs: [Input]) throws -> [[Classification]]
}
