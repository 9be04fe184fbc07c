import ArgumentParser
import PluginKit

struct BenchTranscribeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transcribe",
        abstract: "Measure a model that transcribes: encoding windows of sound, and writing tokens for them.",
        discussion: """
            An item of encoding is a window; an item of writing is a token that is written, whatever the candidates.

            EXAMPLE:
              \(Program.name) bench transcribe --model openai/whisper-tiny --beam 5
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var bench: BenchOptions

    @Option(help: ArgumentHelp("Candidates to follow at once.", valueName: "n"))
    var beam = 1

    @Option(help: ArgumentHelp("Tokens to write for each window.", valueName: "n"))
    var outputTokens = 64

    @OptionGroup var engine: EngineOptions

    func validate() throws {
        try Bounds.check(outputTokens, in: 1...65_536, of: "--output-tokens")
        try Bounds.check(beam, in: 1...64, of: "--beam")
    }

    func run() throws { try bench.measureSpeech(model, engine, beams: beam, written: outputTokens) }
}
