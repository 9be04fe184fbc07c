/// The task of writing down what is said in a recording.
public protocol Transcribing<Input>: ModelFamily {
    /// What is transcribed; a `Reader` of it must be registered.
    associatedtype Input: Sendable

    /// The codes of the languages the model knows, sorted; empty where it knows one and does not say which.
    var languages: [String] { get }

    /// How long a recording is, in seconds.
    static func duration(of input: Input) -> Double

    /// Writes down what is said, however long the recording is.
    ///
    /// - Parameters:
    ///   - input: the recording.
    ///   - options: how to go about it.
    ///   - onEvent: called with each segment as soon as it is certain, and with what else a caller may show; `false`
    ///     ends the work.
    /// - Returns: what was written until then.
    /// - Throws: `InputError` if an option does not suit the model, or its tokenizer or preprocessor cannot be used.
    func transcribe(
        _ input: Input, options: TranscriptionOptions, onEvent: (TranscriptionEvent) throws -> Bool
    ) throws -> Transcription
}

/// What happens while a recording is transcribed.
public enum TranscriptionEvent: Sendable, Hashable {
    /// The language was found out; its probability is from 0 to 1.
    case language(String, probability: Float)
    /// One more segment is certain.
    case segment(TranscribedSegment)
    /// The recording is done up to here, in seconds.
    case progress(seconds: Double)
}

/// What is said in a recording.
public struct Transcription: Sendable, Hashable {
    /// The code of the language: `en`; `nil` where the model does not say.
    public var language: String?
    /// What is said, in order.
    public var segments: [TranscribedSegment]

    /// Creates a transcription.
    public init(language: String?, segments: [TranscribedSegment]) {
        self.language = language
        self.segments = segments
    }

    /// All that is said.
    public var text: String { segments.map(\.text).joined() }
}

/// A stretch of a recording and what is said in it: the fields that openai/whisper gives its segments.
public struct TranscribedSegment: Sendable, Hashable {
    /// Counted from 0.
    public var id: Int
    /// Where the window that was decoded starts, in hundredths of a second.
    public var seek: Int
    /// Where it starts, in seconds.
    public var start: Double
    /// Where it ends, in seconds.
    public var end: Double
    /// What is said, with the space before it that separates it from what came before.
    public var text: String
    /// The ids that were written, those of times included.
    public var tokens: [Int]
    /// What scores were divided by when the ids were chosen; 0 for the likeliest.
    public var temperature: Float
    /// The mean natural logarithm of the probabilities of the window's ids.
    public var averageLogProbability: Float
    /// How many times smaller the window's text gets when it is compressed; much for a text that repeats itself.
    public var compressionRatio: Float
    /// How likely it is that the window holds no speech at all, from 0 to 1.
    public var noSpeechProbability: Float
    /// Its words, where times for them were asked for.
    public var words: [TranscribedWord]?

    /// Creates a segment.
    public init(
        id: Int, seek: Int, start: Double, end: Double, text: String, tokens: [Int], temperature: Float = 0,
        averageLogProbability: Float = 0, compressionRatio: Float = 1, noSpeechProbability: Float = 0,
        words: [TranscribedWord]? = nil
    ) {
        self.id = id
        self.seek = seek
        self.start = start
        self.end = end
        self.text = text
        self.tokens = tokens
        self.temperature = temperature
        self.averageLogProbability = averageLogProbability
        self.compressionRatio = compressionRatio
        self.noSpeechProbability = noSpeechProbability
        self.words = words
    }
}

/// A word and when it is said.
public struct TranscribedWord: Sendable, Hashable {
    /// The word with the space before it and the punctuation around it.
    public var word: String
    /// Where it starts, in seconds.
    public var start: Double
    /// Where it ends, in seconds.
    public var end: Double
    /// The mean probability of its ids, from 0 to 1.
    public var probability: Float

    /// Creates a word.
    public init(word: String, start: Double, end: Double, probability: Float) {
        self.word = word
        self.start = start
        self.end = end
        self.probability = probability
    }
}

extension Transcribing {
    /// The segments of a recording, each as soon as it is certain. Ending the loop ends the work.
    public func segments(
        of input: Input, options: TranscriptionOptions = TranscriptionOptions()
    ) -> AsyncThrowingStream<TranscribedSegment, any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    _ = try transcribe(input, options: options) { event in
                        if case .segment(let segment) = event { continuation.yield(segment) }
                        return !Task.isCancelled
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}
