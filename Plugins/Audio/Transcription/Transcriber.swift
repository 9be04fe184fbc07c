import AttentionEngine
import PluginKit

/// Writes down recordings of any length, window by window: each starts where the last time before it says, as openai/whisper does
/// (Radford et al., 2022, arXiv:2212.04356, section 4.5).
struct Transcriber: Sendable {
    let model: SpeechModel
    let converter: LogMelConverter
    let tokenizer: any Tokenizer
    let vocabulary: SpeechVocabulary
    private let settings: GenerationConfiguration
    private let name: String

    init(_ model: SpeechModel, _ configuration: WhisperConfiguration, _ checkpoint: Checkpoint) throws {
        self.model = model
        name = checkpoint.name
        tokenizer = try checkpoint.tokenizer
        converter = try LogMelConverter(checkpoint)
        vocabulary = try SpeechVocabulary(configuration, checkpoint, tokenizer)
        settings = try checkpoint.generationConfiguration(vocabularySize: configuration.vocabularySize)
        let file = "preprocessor_config.json"
        try checkpoint.require(
            converter.melCount == configuration.bins, "feature_size", found: converter.melCount,
            needed: "the \(configuration.bins) of num_mel_bins in config.json", file: file)
        let positions = model.frames.positionCount(frames: converter.windowFrameCount)
        try checkpoint.require(
            positions <= configuration.sourcePositionCount, "chunk_length", found: "a window of \(positions) positions",
            needed: "at most the \(configuration.sourcePositionCount) of max_source_positions in config.json", file: file)
    }

    /// See `Transcribing.transcribe`.
    func transcribe(
        _ waveform: Waveform, options: TranscriptionOptions, onEvent: (TranscriptionEvent) throws -> Bool
    ) throws -> Transcription {
        try withoutActuallyEscaping(onEvent) { onEvent in
            var work = try TranscriptionWork(self, waveform, options, onEvent: onEvent)
            return try work.run()
        }
    }

    // MARK: What the work needs

    /// - Throws: `InputError` if the model cannot do what is asked.
    func decoder(for options: TranscriptionOptions) throws -> WindowDecoder {
        let hasTimestamps = options.hasTimestamps ?? vocabulary.knowsTimestamps
        func require(_ condition: Bool, _ flag: String, found: String, needed: String, remedy: String) throws {
            if !condition { throw InputError(flag, found: found, needed: needed, remedy: remedy) }
        }
        try require(
            !hasTimestamps || vocabulary.noTimestamps != nil, "--timestamps", found: "\(name), which has no tokens for times",
            needed: "a model that writes times", remedy: "Leave the flag out")
        if let language = options.language, vocabulary.languages[language] == nil {
            let known = vocabulary.languages.keys.sorted()
            try require(
                vocabulary.languages.isEmpty && language == "en", "--language", found: language,
                needed: known.isEmpty ? "en, all that \(name) knows" : "auto or one of \(known.joined(separator: ", "))",
                remedy: "Use a model that knows the language")
        }
        try require(
            options.task == .transcribe || !vocabulary.languages.isEmpty && vocabulary.translate != nil, "--task",
            found: "translate", needed: "transcribe, all that \(name) can", remedy: "Use a model of several languages")
        try require(
            options.initialPrompt == nil || vocabulary.previousText != nil, "--initial-prompt",
            found: "\(name), which has no token for earlier text", needed: "a model with <|startofprev|>",
            remedy: "Leave the flag out")
        for token in options.suppressedTokens ?? [] {
            try require(
                (0..<vocabulary.size).contains(token), "--suppress-tokens", found: "\(token)",
                needed: "ids from 0 to \(vocabulary.size - 1)", remedy: "Name ids of the model's tokenizer")
        }
        return WindowDecoder(
            model: model, vocabulary: vocabulary, tokenizer: tokenizer, settings: settings, options: options,
            hasTimestamps: hasTimestamps)
    }

    /// The heads by which words are aligned: those the checkpoint names, or else all of the upper half of the layers.
    var alignmentHeads: [CrossAttentionHead] {
        if !vocabulary.alignmentHeads.isEmpty { return vocabulary.alignmentHeads }
        let layers = model.decoder.configuration.layerCount
        let heads = model.decoder.configuration.crossAttention?.headCount ?? 0
        return (layers / 2..<layers).flatMap { layer in (0..<heads).map { CrossAttentionHead(layer: layer, head: $0) } }
    }

    /// The ids of the words to expect.
    func initialIDs(_ prompt: String?) throws -> [Int] {
        guard let words = prompt?.split(whereSeparator: \.isWhitespace), !words.isEmpty else { return [] }
        return try tokenizer.encode(" " + words.joined(separator: " "), addSpecialTokens: false).ids
    }

    /// The most ids of earlier text that stand before a window's own.
    var previousTextLimit: Int { model.decoder.positionLimit / 2 - 1 }

    /// Frames in a step of time: as many as make one position of the encoder.
    var framesPerStep: Int {
        let frames = converter.windowFrameCount
        return max(1, frames / max(1, model.frames.positionCount(frames: frames)))
    }

    /// Seconds in a frame.
    var secondsPerFrame: Double { Double(converter.hopLength) / Double(converter.sampleRate) }
}
