/// A sequence that was generated.
public struct GeneratedSequence: Sendable, Hashable {
    /// The new tokens, with the end token where one came.
    public var ids: [Int]
    /// With beams, the log-probability of the sequence under the length penalty.
    public var score: Float?
    /// Without beams, where it was asked for: the sum of the natural logarithms of the ids' probabilities among the tokens that
    /// were allowed, before any temperature.
    public var logProbability: Float?
    /// Why there are no more.
    public var ending: Ending

    /// Creates a sequence.
    public init(ids: [Int], score: Float?, logProbability: Float? = nil, ending: Ending) {
        self.ids = ids
        self.score = score
        self.logProbability = logProbability
        self.ending = ending
    }

    /// Why a sequence is as long as it is.
    public enum Ending: String, Sendable, Hashable {
        /// The model ended it.
        case endToken
        /// The length allowed was used up.
        case length
        /// The caller wanted no more.
        case stopped
    }
}
