/// What a caller asks of a transcription. The defaults are those of openai/whisper, except that `nil` leaves a choice to the
/// checkpoint.
public struct TranscriptionOptions: Sendable, Hashable {
    /// The code of the language that is spoken, `en`; found out by listening where `nil`.
    public var language: String?
    /// Whether what is said is written as it is, or in English.
    public var task = Task.transcribe
    /// Whether the model writes down times; as it was trained where `nil`.
    public var hasTimestamps: Bool?
    /// Whether each word gets its times.
    public var hasWordTimestamps = false

    /// How many candidates are followed at once where nothing is drawn.
    public var beamCount: Int?
    /// Above 0 favours long results of beams.
    public var lengthPenalty: Float?
    /// How many candidates are drawn where scores are drawn from; the best is taken.
    public var sampleCount = 5
    /// What scores are divided by, one after the other until a result is good enough; 0 takes the likeliest. Where `nil`, 0 to
    /// 1 in steps of 0.2 for models that write times, whose results the thresholds below were made for; 0 alone for others.
    public var temperatures: [Float]?
    /// The same seed draws the same.
    public var seed: UInt64 = 0
    /// The most tokens that are written for a window.
    public var maximumTokens: Int?
    /// Ids that may not be written, in place of the checkpoint's.
    public var suppressedTokens: [Int]?

    /// A window whose text gets more than this many times smaller when compressed repeats itself, and is decoded anew.
    public var compressionRatioThreshold: Float? = 2.4
    /// A window whose mean logarithm of probabilities is less is decoded anew.
    public var logProbabilityThreshold: Float? = -1
    /// A window that holds no speech with a higher probability is silent, unless its mean logarithm of probabilities passes.
    public var noSpeechThreshold: Float? = 0.6
    /// Whether stretches without speech, as a detector finds them, are passed over.
    public var skipsSilence = true

    /// Whether what was written before helps with what follows; where `nil`, for models that write times, which learnt to be
    /// helped, and not for others.
    public var conditionsOnPreviousText: Bool?
    /// Words and names to expect.
    public var initialPrompt: String?
    /// Whether they help with every window and not with the first alone.
    public var carriesInitialPrompt = false

    /// The parts of the recording to do, in seconds, in order; all of it where empty. A bound of infinity is the end.
    public var clips: [Range<Double>] = []
    /// Whether the recording is cut at silence and its parts are decoded together, for speed.
    public var isBatched = false
    /// How many parts are decoded together.
    public var batchSize = 8

    /// Creates the defaults.
    public init() {}

    /// What becomes of what is said.
    public enum Task: String, Sendable, Hashable, CaseIterable {
        /// It is written in its own language.
        case transcribe
        /// It is written in English.
        case translate
    }
}
