import ArgumentParser
import PluginKit

struct BenchTranslateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "translate",
        abstract: "Measure a model that translates: from the tokens of texts to those of their translations.",
        discussion: """
            An item is a token that is written.

            EXAMPLE:
              \(Program.name) bench translate --batch-size 32 --beam 4
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var bench: BenchOptions

    @Option(help: ArgumentHelp("Candidates to follow at once.", valueName: "n"))
    var beam = 1

    @Option(help: ArgumentHelp("Tokens of each text.", valueName: "n"))
    var inputTokens = 25

    @Option(help: ArgumentHelp("Tokens to write for each.", valueName: "n"))
    var outputTokens = 25

    @OptionGroup var engine: EngineOptions

    func validate() throws {
        try Bounds.check(inputTokens, in: 1...65_536, of: "--input-tokens")
        try Bounds.check(outputTokens, in: 1...65_536, of: "--output-tokens")
        try Bounds.check(beam, in: 1...64, of: "--beam")
    }

    func run() throws {
        try bench.measureWriting(
            "translate", model, engine, beams: beam, read: inputTokens, written: outputTokens)
    }
}
