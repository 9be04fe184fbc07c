import ArgumentParser
import PluginKit

struct BenchClassifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify",
        abstract: "Measure a model that classifies: from the numbers of a converted input to the logits.",
        discussion: """
            EXAMPLE:
              \(Program.name) bench classify --model google/vit-base-patch16-224 --batch-size 8
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var bench: BenchOptions
    @OptionGroup var engine: EngineOptions

    func run() throws { try bench.measure("classify", model, engine) }
}
