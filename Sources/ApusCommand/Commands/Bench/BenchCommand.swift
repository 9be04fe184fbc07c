import ArgumentParser
import PluginKit

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure how fast a model is on this machine.",
        discussion: """
            Each task measures the model on inputs of its usual size, made up on the spot.

            EXAMPLE:
              apus bench classify --batch-size 8
            """,
        subcommands: [BenchClassifyCommand.self, BenchEmbedCommand.self])
}

/// How often to measure.
struct BenchOptions: ParsableArguments {
    @Option(name: .customLong("batch-size"), help: ArgumentHelp("Inputs that pass through the model at once.", valueName: "n"))
    var batchSize = 1

    @Option(help: ArgumentHelp("Runs to measure.", valueName: "n"))
    var runs = 7

    @Option(help: ArgumentHelp("Runs before the measurement.", valueName: "n"))
    var warmUp = 2

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        try Bounds.check(batchSize, in: 1...1024, of: "--batch-size")
        try Bounds.check(runs, in: 1...1_000_000, of: "--runs")
        try Bounds.check(warmUp, in: 0...1_000_000, of: "--warm-up")
    }

    /// Measures `forward` on a model's own example inputs and shows the result.
    func measure(_ task: String, _ model: ModelOptions, _ engine: EngineOptions) throws {
        try engine.prepare()
        let checkpoint = try model.checkpoint(for: task)
        let registry = try Session.registry
        let family = try registry.family(for: checkpoint)
        let start = ContinuousClock.now
        let model = try registry.load(checkpoint)
        let loading = ContinuousClock.now - start
        let inputs = model.exampleInputs(batchSize: batchSize)
        let runs = try Measurement.durations(self) { _ = try model.forward(inputs, detail: .answer) }
        let measurement = Measurement(
            task: task, model: checkpoint.name, family: family.name, batchSize: batchSize, loading: loading, runs: runs)
        try measurement.show(asJSON: json)
    }
}
