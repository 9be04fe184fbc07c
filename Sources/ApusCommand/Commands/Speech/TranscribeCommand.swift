import ArgumentParser
import AttentionEngine
import PluginKit

struct TranscribeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transcribe",
        abstract: "Write down what is said in recordings.",
        discussion: """
            Prints a line for each segment as soon as it is certain, or with --output-dir writes files. The flags are those \
            of openai/whisper.

            EXAMPLE:
              \(Program.name) transcribe clip.wav
              \(Program.name) transcribe talk.mp3 --language French --format srt > talk.srt
              \(Program.name) transcribe recordings/ --output-dir transcripts/ --word-timestamps
            """)

    @OptionGroup var input: InputOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup(title: "Transcript") var transcript: TranscriptOptions
    @OptionGroup(title: "Decoding") var decoding: DecodingOptions

    @Option(help: ArgumentHelp("Refuse recordings that are longer. (default: as the reader does)", valueName: "n"))
    var maxSeconds: Int?

    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        try maxSeconds.map { try Bounds.check($0, in: 1...(.max), of: "--max-seconds") }
        try transcript.validate(hasWordTimestamps: decoding.wordTimestamps, asJSON: output.json)
        try transcript.shown(asJSON: output.json)?.validate(recordingCount: input.inputs.count)
    }

    func run() throws {
        try engine.prepare()
        let registry = try Session.registry
        let checkpoint = try model.checkpoint(for: "transcribe", engine)
        try transcribe(with: registry.load(checkpoint, as: (any Transcribing).self), checkpoint, registry)
    }

    private func transcribe<Model: Transcribing>(with model: Model, _ checkpoint: Checkpoint, _ registry: Registry) throws {
        let options = try decoding.options
        try Self.check(options.language, of: model, checkpoint)
        let fileTypes = registry.fileTypes(of: Model.Input.self)
        guard !fileTypes.isEmpty else {
            throw InputError(
                checkpoint.name, found: "a \(Model.name) model, and nothing that reads recordings", needed: "a plugin that does",
                remedy: "Add that plugin")
        }
        let work = RecordingWork(
            model: model, checkpoint: checkpoint, registry: registry, options: options, limits: limits,
            display: transcript.shown(asJSON: output.json), files: transcript.files, isQuiet: output.quiet)
        try work.run(InputFiles.expand(input.inputs, fileTypes: fileTypes))
    }

    /// - Throws: `InputError` if the model does not know the language.
    private static func check(_ language: String?, of model: some Transcribing, _ checkpoint: Checkpoint) throws {
        guard let language, !model.languages.contains(language) else { return }
        // A model that lists no languages knows one, and says itself what it makes of others.
        if model.languages.isEmpty, SpokenLanguage.code(of: language) != nil { return }
        let known = model.languages.isEmpty ? "auto" : "one of " + model.languages.joined(separator: ", ")
        throw InputError(
            "--language", found: "\(language), which \(checkpoint.name) does not know", needed: known,
            remedy: "Name one of those, or another model")
    }

    /// Readers of sound count samples, 16,000 a second, which is what models hear.
    private var limits: ReadingLimits {
        ReadingLimits(maximumElements: maxSeconds.map { min($0, .max / 16_000) * 16_000 })
    }
}
