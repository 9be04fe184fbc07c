import ArgumentParser
import PluginKit

struct BenchEmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Measure a model that embeds texts: from texts of 128 tokens to the states of every token.",
        discussion: """
            A model that fills masks or classifies texts is measured with its head.

            EXAMPLE:
              \(Program.name) bench embed --model sentence-transformers/all-MiniLM-L6-v2 --batch-size 32
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var bench: BenchOptions
    @OptionGroup var engine: EngineOptions

    func run() throws { try bench.measure("embed", model, engine) }
}
