public import AttentionEngine

/// What a caller asks of generated text; what is left `nil` is as the checkpoint's `generation_config.json` has it.
public struct WritingOptions: Sendable, Hashable {
    /// How many candidates are followed at once.
    public var beamCount: Int?
    /// Above 0 favours long results.
    public var lengthPenalty: Float?
    /// The most tokens to write.
    public var maximumTokens: Int?
    /// As many tokens must come before the end.
    public var minimumTokens: Int?
    /// How many results there are for each text.
    public var resultCount: Int?
    /// What scores are divided by before sampling; 0 takes the likeliest token.
    public var temperature: Float?
    /// Sampling considers only this many of the likeliest tokens.
    public var topK: Int?
    /// Sampling considers only the likeliest tokens that together have this probability.
    public var topP: Float?
    /// Sampling considers only tokens at least this much as probable as the likeliest.
    public var minP: Float?
    /// Above 1, tokens that were there already become less likely.
    public var repetitionPenalty: Float?
    /// The same seed gives the same text.
    public var seed: UInt64?

    /// Creates options that leave everything to the checkpoint.
    public init() {}

    /// A checkpoint's settings with what is asked for in their place.
    public func applied(to settings: GenerationConfiguration) -> GenerationConfiguration {
        var result = settings
        if let beamCount { result.beamCount = beamCount }
        if let lengthPenalty { result.lengthPenalty = lengthPenalty }
        if let maximumTokens { result.maximumNewTokens = maximumTokens }
        if let minimumTokens { result.minimumNewTokens = minimumTokens }
        if let resultCount {
            result.resultCount = resultCount
            // The best of several are the best beams.
            if !result.isSampling { result.beamCount = max(result.beamCount, resultCount) }
        }
        if let temperature {
            result.isSampling = temperature > 0
            if temperature > 0 { result.temperature = temperature }
        }
        if let topK { result.topK = topK }
        if let topP { result.topP = topP }
        if let minP { result.minP = minP }
        if let repetitionPenalty { result.repetitionPenalty = repetitionPenalty }
        if let seed { result.seed = seed }
        return result
    }
}

/// One translation of a text.
public struct Translation: Sendable, Hashable {
    /// The text in the other language.
    public var text: String
    /// With beams, the log-probability under the length penalty; of a text of several sentences, their mean.
    public var score: Float?

    /// Creates a translation.
    public init(text: String, score: Float?) {
        self.text = text
        self.score = score
    }
}

/// The task of saying a text in another language.
public protocol Translating: ModelFamily {
    /// The translations of each text, the best first. Texts too long for the model are translated sentence by sentence.
    ///
    /// - Parameters:
    ///   - texts: what is to be translated.
    ///   - source: the code of the language the texts are in, `en`; the model's own where `nil`.
    ///   - target: the code of the language to translate to.
    ///   - options: what is asked for in place of the checkpoint's settings.
    /// - Throws: `InputError` if the model does not know a language, or its tokenizer cannot be used.
    func translate(_ texts: [String], from source: String?, to target: String?, options: WritingOptions) throws -> [[Translation]]
}

/// The task of writing on from a beginning.
///
/// `forward` answers `input_ids` with `logits`, of what follows each.
public protocol TextGenerating: ModelFamily {
    /// The most tokens that the model sees at once; `nil` where there is no limit.
    var positionLimit: Int? { get }

    /// Writes on from a prompt.
    ///
    /// - Parameters:
    ///   - prompt: the beginning.
    ///   - options: what is asked for in place of the checkpoint's settings.
    ///   - onText: called with each new piece of text as it is written; `false` ends it.
    /// - Returns: the ids that were written.
    /// - Throws: `InputError` if the prompt is too long, or the tokenizer cannot be used.
    func generate(_ prompt: String, options: WritingOptions, onText: (String) throws -> Bool) throws -> [Int]
}

/// What any model that writes can do for a comparison with the reference: write from tensors.
public protocol TensorGenerating: ModelFamily {
    /// The ids written for inputs under the reference's argument names, best results only.
    ///
    /// - Returns: `[rows, length]`, with what each row started with in front, filled up as the reference's `generate` does.
    /// - Throws: `InputError` naming the input that is missing or has the wrong shape, or the setting that cannot be.
    func generate(_ inputs: NamedTensors, options: WritingOptions) throws -> Tensor
}

extension Tensor {
    /// Rows of ids, filled up to one length: `[rows, length]`.
    public static func filled(_ rows: [[Int]], with padding: Int) -> Tensor {
        let length = rows.map(\.count).max() ?? 0
        return Tensor(
            integers: rows.flatMap { $0 + Array(repeating: padding, count: length - $0.count) }, shape: [rows.count, length])
    }
}

extension TextGenerating {
    /// None.
    public var positionLimit: Int? { nil }

    /// The pieces of text that follow a prompt, as they are written. Ending the loop ends the writing.
    public func text(after prompt: String, options: WritingOptions = WritingOptions()) -> AsyncThrowingStream<String, any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    _ = try generate(prompt, options: options) { piece in
                        continuation.yield(piece)
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
