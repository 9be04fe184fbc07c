import ArgumentParser
import PluginKit

struct BenchClassifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify",
        abstract: "Measure a model that classifies: from the numbers of a converted input to the logits.",
        discussion: """
            EXAMPLE:
              apus bench classify --model google/vit-base-patch16-224 --batch-size 8
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var bench: BenchOptions
    @OptionGroup var engine: EngineOptions

    func run() throws {
        try engine.prepare()
        let checkpoint = try model.checkpoint(for: "classify")
        let family = try Session.registry.family(for: checkpoint)
        let start = ContinuousClock.now
        let model = try family.init(checkpoint)
        let loading = ContinuousClock.now - start
        let inputs = model.exampleInputs(batchSize: bench.batchSize)
        let runs = try Measurement.durations(bench) { _ = try model.forward(inputs, detail: .answer) }
        let measurement = Measurement(
            task: "classify", model: checkpoint.name, family: family.name, batchSize: bench.batchSize, loading: loading,
            runs: runs)
        try measurement.show(asJSON: bench.json)
    }
}
