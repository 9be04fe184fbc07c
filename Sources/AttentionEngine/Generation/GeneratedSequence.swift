/// A sequence that was generated.
public struct GeneratedSequence: Sendable, Hashable {
    /// The new tokens, with the end token where one came.
    public var ids: [Int]
    /// With beams, the log-probability of the sequence under the length penalty.
    public var score: Float?
    /// Why there are no more.
    public var ending: Ending

    /// Creates a sequence.
    public init(ids: [Int], score: Float?, ending: Ending) {
        self.ids = ids
        self.score = score
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
