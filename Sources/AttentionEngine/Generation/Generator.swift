/// Generates token ids with any model.
///
/// ```swift
/// let generator = Generator(configuration)
/// let results = try generator.generate(&step, prompts: [[startToken]])
/// print(results[0][0].ids)
/// ```
public struct Generator: Sendable {
    /// How tokens are chosen.
    public var configuration: GenerationConfiguration
    /// What is done to scores beside what the configuration says, and after it.
    public var processors: [any LogitsProcessor]
    /// Whether sequences made without beams get their `logProbability`, which beams have in their score.
    public var recordsLogProbabilities = false

    /// Creates a generator.
    public init(_ configuration: GenerationConfiguration, processors: [any LogitsProcessor] = []) {
        self.configuration = configuration
        self.processors = processors
    }

    /// Continues each prompt, by beam search where the configuration has several beams, or else by the likeliest or sampled
    /// tokens.
    ///
    /// - Parameters:
    ///   - step: the model, which has seen nothing yet.
    ///   - prompts: ids, at least one each.
    ///   - sources: what the encoder read for each, which some settings look at; the prompts where there is no encoder.
    ///   - onToken: without beams, called with each new token and its prompt's number; `false` ends that sequence.
    /// - Returns: for each prompt as many results as the configuration wants, the best first.
    /// - Throws: `InputError` for settings that cannot be, and what `step` throws.
    public func generate(
        _ step: inout some GenerationStep, prompts: [[Int]], sources: [[Int]]? = nil,
        onToken: ((_ prompt: Int, _ token: Int) throws -> Bool)? = nil
    ) throws -> [[GeneratedSequence]] {
        try configuration.validate(vocabularySize: step.vocabularySize)
        guard prompts.allSatisfy({ !$0.isEmpty }) else {
            throw InputError("prompt", found: "no tokens", needed: "at least one", remedy: "Write a prompt")
        }
        let sources = sources ?? prompts
        precondition(sources.count == prompts.count, "\(sources.count) sources of \(prompts.count) prompts")
        if prompts.isEmpty { return [] }
        let promptLength = prompts.map(\.count).max() ?? 0
        // The last token needs no position: nothing follows it.
        let room = max(1, step.positionLimit - max(1, promptLength) + 1)
        let limit = min(configuration.newTokenLimit(promptLength: promptLength), room)
        if limit == 0 {
            let empty = GeneratedSequence(ids: [], score: nil, ending: .length)
            return prompts.map { _ in Array(repeating: empty, count: configuration.resultCount) }
        }
        if configuration.beamCount > 1 {
            return try BeamSearch(self, prompts: prompts, sources: sources, limit: limit).run(&step)
        }
        return try followSingleTokens(&step, prompts: prompts, sources: sources, limit: limit, onToken: onToken)
    }

    /// The processors of the configuration, in the reference's order, with `processors` before those of sampling.
    func allProcessors(limit: Int, prompts: [[Int]]) -> [any LogitsProcessor] {
        let length = prompts.map(\.count).max() ?? 0
        return configuration.processors(limit: limit, promptLength: length) + processors + configuration.samplingProcessors
            + (configuration.renormalizesScores ? [Renormalization()] : [])
    }
}
