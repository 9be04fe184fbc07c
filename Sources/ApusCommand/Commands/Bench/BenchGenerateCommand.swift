import ArgumentParser
import PluginKit

struct BenchGenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Measure a model that writes on: from the tokens of prompts to those that follow.",
        discussion: """
            An item is a token that is written.

            EXAMPLE:
              \(Program.name) bench generate --model gpt2 --batch-size 8
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var bench: BenchOptions

    @Option(help: ArgumentHelp("Tokens of each prompt.", valueName: "n"))
    var inputTokens = 32

    @Option(help: ArgumentHelp("Tokens to write for each.", valueName: "n"))
    var outputTokens = 64

    @OptionGroup var engine: EngineOptions

    func validate() throws {
        try Bounds.check(inputTokens, in: 1...65_536, of: "--input-tokens")
        try Bounds.check(outputTokens, in: 1...65_536, of: "--output-tokens")
    }

    func run() throws {
        try bench.measureWriting(
            "generate", model, engine, beams: 1, read: inputTokens, written: outputTokens)
    }
}
