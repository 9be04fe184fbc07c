import Synchronization

/// Where the time of models goes, by kind of layer: nothing until it is started, and then for the rest of the program.
public enum Profile {
    /// What is measured apart; each with the norms and activations that belong to it.
    public enum Part: String, Sendable, CaseIterable {
        /// Convolutions and patches, which make vectors of what is no text.
        case convolutions
        /// Positions, and what is done to embeddings before the first layer.
        case positions
        case selfAttention = "self-attention"
        /// What a decoder's layers look at of the encoder's states, computed once for an input.
        case memory = "keys and values of what was read"
        case crossAttention = "cross-attention"
        case feedForward = "feed-forward"
        /// The scores of all tokens.
        case head = "scores of tokens"
        /// Processing scores and choosing among them.
        case choice = "choice of tokens"
    }

    /// What one part took.
    public struct Entry: Sendable {
        /// How long, in all.
        public var duration = Duration.zero
        /// How often it was run.
        public var count = 0
    }

    private static let isStarted = Atomic(false)
    private static let entries = Mutex<[Part: Entry]>([:])

    /// Starts measuring.
    public static func start() { isStarted.store(true, ordering: .relaxed) }

    /// What each part has taken since; `nil` where nothing was started.
    public static var results: [Part: Entry]? {
        isStarted.load(ordering: .relaxed) ? entries.withLock { $0 } : nil
    }

    /// Runs `body` as some of the work of a part.
    static func measure<Result, Failure: Error>(_ part: Part, _ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        guard isStarted.load(ordering: .relaxed) else { return try body() }
        let start = ContinuousClock.now
        let result = try body()
        let duration = ContinuousClock.now - start
        entries.withLock {
            $0[part, default: Entry()].duration += duration
            $0[part, default: Entry()].count += 1
        }
        return result
    }
}
