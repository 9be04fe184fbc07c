public import AttentionEngine
public import PluginKit

/// Whisper (Radford et al., 2022, arXiv:2212.04356) as `openai/whisper-*` and `distil-whisper/*` publish it.
public struct WhisperFamily: SpeechTranscribing, TensorGenerating {
    public static let name = "Whisper"
    public static let modelTypes: Set = ["whisper"]

    private let checkpoint: Checkpoint
    let configuration: WhisperConfiguration
    let model: SpeechModel
    let transcriber: Result<Transcriber, any Error>

    public init(_ checkpoint: Checkpoint) throws {
        self.checkpoint = checkpoint
        let configuration = try WhisperConfiguration(checkpoint)
        let model = try SpeechModel(configuration, checkpoint)
        self.configuration = configuration
        self.model = model
        transcriber = Result { try Transcriber(model, configuration, checkpoint) }
    }

    public var languages: [String] { (try? transcriber.get().vocabulary.languages.keys.sorted()) ?? [] }

    public static func duration(of input: Waveform) -> Double { input.duration }

    public func transcribe(
        _ input: Waveform, options: TranscriptionOptions, onEvent: (TranscriptionEvent) throws -> Bool
    ) throws -> Transcription {
        try transcriber.get().transcribe(input, options: options, onEvent: onEvent)
    }

    public func forward(_ inputs: NamedTensors, detail: ForwardDetail) throws -> NamedTensors {
        try model.forward(inputs, detail: detail)
    }

    public func generate(_ inputs: NamedTensors, options: WritingOptions) throws -> Tensor {
        var settings = options.applied(to: try checkpoint.generationConfiguration(vocabularySize: configuration.vocabularySize))
        settings.paddingToken = settings.paddingToken ?? configuration.padding
        let memory = try model.memory(of: model.features(inputs))
        let start = [settings.decoderStartToken ?? configuration.start]
        var step = TransformerStep(model.tokens, model.decoder, model.head, memory: memory, for: settings)
        let results = try Generator(settings).generate(&step, prompts: memory.inputs.map { _ in start })
        return Tensor.filled(results.map { start + $0[0].ids }, with: settings.paddingToken ?? configuration.end)
    }

    public func exampleInputs(batchSize: Int) -> NamedTensors {
        let shape = [batchSize, configuration.bins, 2 * configuration.sourcePositionCount]
        let features = (0..<shape.reduce(1, *)).map { Float(($0 &* 7_919) % 1_009) / 1_009 - 0.5 }
        return [
            "input_features": Tensor(features, shape: shape),
            "decoder_input_ids": Tensor(
                integers: Array(repeating: configuration.start, count: batchSize), shape: [batchSize, 1]),
        ]
    }

    public static func initialization(of checkpoint: Checkpoint) throws -> ParameterInitialization {
        let configuration = try WhisperConfiguration(checkpoint)
        let positions = TransformerConfiguration.SinusoidLayout.halvesToEnd.table(
            count: configuration.sourcePositionCount, width: configuration.width)
        return ParameterInitialization(
            .normal(deviation: configuration.deviation), values: ["model.encoder.embed_positions.weight": positions],
            optional: ["model.decoder.embed_tokens.weight": 2])
    }

    public static func summary(of checkpoint: Checkpoint) throws -> ModelSummary {
        let configuration = try WhisperConfiguration(checkpoint)
        let preprocessing: [String]
        do { preprocessing = try LogMelConverter(checkpoint).steps } catch { preprocessing = ["unusable: \(error)"] }
        return ModelSummary(tasks: ["transcribe"], sizes: configuration.sizes, preprocessing: preprocessing)
    }
}
