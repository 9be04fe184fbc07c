import ArgumentParser
import AttentionEngine
import PluginKit

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure how fast a model is on this machine.",
        discussion: """
            Each task measures the model on inputs of its usual size, made up on the spot. What fill-mask and classify-text take, \
            embed tells: nearly all of it is the encoder.

            EXAMPLE:
              \(Program.name) bench classify --batch-size 8
            """,
        subcommands: [
            BenchClassifyCommand.self, BenchTranscribeCommand.self, BenchTranslateCommand.self, BenchGenerateCommand.self,
            BenchEmbedCommand.self, BenchTokenizeCommand.self, BenchMachineCommand.self,
        ])
}

/// How often to measure, and how to show it.
struct RunOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Runs to measure.", valueName: "n"))
    var runs = 7

    @Option(help: ArgumentHelp("Runs before the measurement.", valueName: "n"))
    var warmUp = 2

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        try Bounds.check(runs, in: 1...1_000_000, of: "--runs")
        try Bounds.check(warmUp, in: 0...1_000_000, of: "--warm-up")
    }
}

/// How a model is measured.
struct BenchOptions: ParsableArguments {
    @Option(name: .customLong("batch-size"), help: ArgumentHelp("Inputs that pass through the model at once.", valueName: "n"))
    var batchSize = 1

    @OptionGroup var runs: RunOptions

    func validate() throws { try Bounds.check(batchSize, in: 1...1024, of: "--batch-size") }

    /// Measures `forward` on a model's own example inputs and shows the result.
    func measure(_ task: String, _ model: ModelOptions, _ engine: EngineOptions) throws {
        try measure(task, model, engine, itemCount: batchSize) { model in
            let inputs = model.exampleInputs(batchSize: batchSize)
            return { _ = try model.forward(inputs, detail: .answer) }
        }
    }

    /// Measures writing a fixed number of tokens and shows the result, a token counted as an item.
    ///
    /// - Parameters:
    ///   - read: how many tokens each text or prompt has.
    ///   - written: how many each answer has.
    func measureWriting(
        _ task: String, _ model: ModelOptions, _ engine: EngineOptions, beams: Int, read: Int, written: Int
    ) throws {
        try measure(task, model, engine, itemCount: batchSize * written) { model in
            guard let writer = model as? any TensorGenerating else {
                throw InputError(
                    "--model", found: "a \(type(of: model).name) model", needed: "one that writes",
                    remedy: "Name one that can \(task)")
            }
            // Few ids, so that every vocabulary has them.
            let ids = (0..<batchSize * read).map { 2 + ($0 * 7_919) % 30 }
            let inputs = ["input_ids": Tensor(integers: ids, shape: [batchSize, read])]
            var options = WritingOptions()
            options.beamCount = beams
            options.temperature = 0
            options.maximumTokens = written
            options.minimumTokens = written
            return { _ = try writer.generate(inputs, options: options) }
        }
    }

    /// Measures what encodes windows of sound, and what writes a fixed number of tokens for them, and shows both.
    func measureSpeech(_ model: ModelOptions, _ engine: EngineOptions, beams: Int, written: Int) throws {
        try measureParts("transcribe", model, engine) { model in
            guard let speech = model as? any SpeechMeasuring else {
                throw InputError(
                    "--model", found: "a \(type(of: model).name) model", needed: "one that writes down what is said",
                    remedy: "Name one that can transcribe")
            }
            let windows = speech.exampleInputs(batchSize: batchSize)
            let encoding = try speech.encodeWindows(windows)
            return [
                ("encoding", batchSize, { _ = try speech.encodeWindows(windows) }),
                (
                    "writing", batchSize * written,
                    { try speech.writeTokens(for: encoding, beamCount: beams, tokenCount: written) }
                ),
            ]
        }
    }

    private func measure(
        _ task: String, _ model: ModelOptions, _ engine: EngineOptions, itemCount: Int,
        _ work: (any ModelFamily) throws -> (() throws -> Void)
    ) throws {
        try measureParts(task, model, engine) { [(nil, itemCount, try work($0))] }
    }

    private func measureParts(
        _ task: String, _ model: ModelOptions, _ engine: EngineOptions,
        _ parts: (any ModelFamily) throws -> [(name: String?, itemCount: Int, work: () throws -> Void)]
    ) throws {
        try engine.prepare()
        let checkpoint = try model.checkpoint(for: task, engine)
        let registry = try Session.registry
        let family = try registry.family(for: checkpoint)
        let start = ContinuousClock.now
        let model = try registry.load(checkpoint)
        let loading = ContinuousClock.now - start
        let peak = (0..<3).map { _ in Processor.peakOperations(in: checkpoint.precision, seconds: 0.05) }.max() ?? 0
        let measured = try parts(model).map { part in
            let before = Processor.operationCount
            let durations = try Measurement.durations(runs, part.work)
            let operations = (Processor.operationCount - before) / (runs.runs + runs.warmUp)
            return Measurement.Part(
                name: part.name,
                timing: Timing(itemCount: part.itemCount, operations: (operations, peak), runs: durations))
        }
        let measurement = Measurement(
            task: task, model: checkpoint.name, family: family.name, precision: checkpoint.precision, batchSize: batchSize,
            loading: loading, parts: measured)
        try measurement.show(asJSON: runs.json)
    }
}
