import AttentionEngine
import PluginKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writes the text of windows, several at once, and again at higher temperatures where it does not look good, as openai/whisper
/// does.
struct WindowDecoder: Sendable {
    let model: SpeechModel
    let vocabulary: SpeechVocabulary
    let tokenizer: any Tokenizer
    let settings: GenerationConfiguration
    let options: TranscriptionOptions
    let hasTimestamps: Bool

    /// See `TranscriptionOptions.temperatures`.
    private var temperatures: [Float] {
        let temperatures = options.temperatures ?? (vocabulary.knowsTimestamps ? [0, 0.2, 0.4, 0.6, 0.8, 1] : [0])
        return temperatures.isEmpty ? [0] : temperatures
    }

    /// As many tokens are enough for half a minute of any language; more are a text that repeats itself.
    private static let usualMaximumTokens = 224

    /// The language of each window, and its probability among languages.
    func languages(_ memory: CrossMemory) throws -> [(code: String, probability: Float)] {
        let count = memory.inputs.count
        var step = TransformerStep(model.tokens, model.decoder, model.head, memory: memory, for: settings)
        let scores = try step(Array(repeating: [vocabulary.start], count: count), continuing: Array(0..<count)).floats
        let languages = vocabulary.languages.sorted { $0.value < $1.value }
        return (0..<count).map { row in
            let found = Tensor(languages.map { scores[row * vocabulary.size + $0.value] }, shape: [languages.count]).softmax()
                .floats
            guard let best = found.indices.max(by: { found[$0] < found[$1] }) else { return ("", 0) }
            return (languages[best].key, found[best])
        }
    }

    /// What is written for each row of the memory.
    ///
    /// - Parameters:
    ///   - previous: what stands before, from the text of earlier windows.
    ///   - prompt: what asks for the text, as `SpeechVocabulary.prompt` has it.
    func decode(_ memory: CrossMemory, previous: [Int], prompt: [Int]) throws -> [DecodedWindow] {
        let count = memory.inputs.count
        var attempts = [[DecodedWindow]](repeating: [], count: count)
        var pending = Array(0..<count)
        for (number, temperature) in temperatures.enumerated() where !pending.isEmpty {
            var rows = memory
            rows.reorder(pending)
            let windows = try decode(rows, previous: previous, prompt: prompt, temperature: temperature, attempt: number)
            for (row, window) in zip(pending, windows) { attempts[row].append(window) }
            pending = pending.filter { row in attempts[row].last.map { !isGoodEnough($0) } ?? true }
        }
        return attempts.compactMap(best)
    }

    private func decode(
        _ memory: CrossMemory, previous: [Int], prompt: [Int], temperature: Float, attempt: Int
    ) throws -> [DecodedWindow] {
        let whole = previous + prompt
        var configuration = settings
        configuration.isSampling = temperature > 0
        configuration.resultCount = 1
        configuration.beamCount = options.beamCount ?? settings.beamCount
        configuration.lengthPenalty = options.lengthPenalty ?? settings.lengthPenalty
        if temperature > 0 {
            configuration.temperature = temperature
            configuration.beamCount = 1
            configuration.resultCount = options.sampleCount
            configuration.topK = 0
            configuration.topP = 1
            configuration.seed = options.seed &+ UInt64(attempt)
        }
        configuration.endTokens = [vocabulary.end]
        if let tokens = options.suppressedTokens { configuration.suppressedTokens = tokens }
        let room = model.decoder.positionLimit - whole.count
        configuration.maximumNewTokens = min(options.maximumTokens ?? Self.usualMaximumTokens, max(1, room))

        var generator = Generator(configuration, processors: hasTimestamps ? [TimestampRules(vocabulary: vocabulary)] : [])
        generator.recordsLogProbabilities = true
        var step = TransformerStep(
            model.tokens, model.decoder, model.head, memory: memory, for: configuration, keptPromptPositions: prompt.count)
        let results = try generator.generate(&step, prompts: Array(repeating: whole, count: memory.inputs.count))
        let silence = noSpeechProbabilities(step.promptScores)
        return zip(results, silence).compactMap { candidates, silence in
            let windows = candidates.map {
                window($0, lengthPenalty: configuration.lengthPenalty, temperature: temperature, noSpeechProbability: silence)
            }
            return windows.max { $0.averageLogProbability < $1.averageLogProbability }
        }
    }

    private func window(
        _ sequence: GeneratedSequence, lengthPenalty: Float, temperature: Float, noSpeechProbability: Float
    ) -> DecodedWindow {
        let ids = sequence.ids.last == vocabulary.end ? Array(sequence.ids.dropLast()) : sequence.ids
        let average: Float
        if let score = sequence.score {
            let length = Double(max(1, sequence.ids.count))
            average = Float(Double(score) * pow(length, Double(lengthPenalty) - 1))
        } else {
            average = (sequence.logProbability ?? 0) / Float(ids.count + 1)
        }
        let text = text(of: ids)
        return DecodedWindow(
            ids: ids, text: text, temperature: temperature, averageLogProbability: average,
            noSpeechProbability: noSpeechProbability, compressionRatio: CompressionRatio.of(text))
    }

    /// The text of ids, without times.
    func text(of ids: [Int]) -> String {
        tokenizer.decode(ids.filter { !vocabulary.isTimestamp($0) }, skipSpecialTokens: true, cleanUpSpaces: false)
    }

    /// How likely it is for each row that nobody speaks, from the scores where its text starts.
    private func noSpeechProbabilities(_ scores: Tensor?) -> [Float] {
        guard let scores else { return [] }
        guard let noSpeech = vocabulary.noSpeech else { return Array(repeating: 0, count: scores.shape[0]) }
        return scores.position(0).softmax().sliced(noSpeech..<noSpeech + 1, along: 1).floats
    }

    // MARK: Judging

    /// Whether a window holds no speech, by the model's own word.
    func isSilent(_ window: DecodedWindow) -> Bool {
        guard let threshold = options.noSpeechThreshold, window.noSpeechProbability > threshold else { return false }
        return options.logProbabilityThreshold.map { window.averageLogProbability <= $0 } ?? true
    }

    private func isGoodEnough(_ window: DecodedWindow) -> Bool {
        if options.noSpeechThreshold != nil, options.logProbabilityThreshold != nil, isSilent(window) { return true }
        return !repeatsItself(window) && window.averageLogProbability >= options.logProbabilityThreshold ?? -.infinity
    }

    private func repeatsItself(_ window: DecodedWindow) -> Bool {
        window.compressionRatio > options.compressionRatioThreshold ?? .infinity
    }

    /// The first that is good enough; else, of those that do not repeat themselves, the likeliest.
    private func best(_ attempts: [DecodedWindow]) -> DecodedWindow? {
        if let last = attempts.last, isGoodEnough(last) { return last }
        let varied = attempts.filter { !repeatsItself($0) }
        return (varied.isEmpty ? attempts : varied).max { $0.averageLogProbability < $1.averageLogProbability }
    }
}
