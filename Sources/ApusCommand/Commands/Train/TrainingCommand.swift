import ArgumentParser
import AttentionEngine
import PluginKit
import Training

/// A command that trains a model: its options may come from a recipe, and what it began it can go on with.
protocol TrainingCommand: ParsableCommand {
    var goal: GoalOptions { get }
    var training: TrainingOptions { get }

    /// Every option that a recipe may hold.
    var entries: [Recipe.Entry] { get }

    /// Trains as the options say, those of the recipe among them.
    func train(to output: String) throws
}

extension TrainingCommand {
    func run() throws {
        guard let output = goal.output else { throw ValidationError("Name the folder for the model: --output my-model.") }
        guard let file = goal.resume ? "\(output)/\(Recipe.fileName)" : goal.recipe else {
            return try prepareAndTrain(to: output)
        }
        let saved = try Recipe.arguments(file, known: entries)
        // What is said later wins: the command line over the file.
        let own = CommandLine.arguments.dropFirst().drop { $0 != Self.configuration.commandName }.dropFirst()
        let command = try Self.parse(saved + own)
        if goal.resume, let change = try Recipe.change(from: Self.parse(saved).entries, to: command.entries) {
            throw InputError(
                file, found: "a run with other options: \(change)", needed: "the same ones",
                remedy: "Leave them out, or start anew in another folder")
        }
        try command.prepareAndTrain(to: output)
    }

    private func prepareAndTrain(to output: String) throws {
        try Processor.validateOverride()
        _ = try training.settings(learningRate: 1e-3)
        if let threads = training.threads { Processor.threadCount = threads }
        try train(to: output)
    }

    /// Makes the folder for a new run.
    ///
    /// - Throws: `InputError` if there is a model or a run in it.
    func prepare(_ output: String) throws {
        let taken = ["training-state.safetensors", "model.safetensors", "model.safetensors.index.json"]
        if !goal.resume, let file = taken.first(where: { Paths.kind(of: "\(output)/\($0)") != nil }) {
            throw InputError(
                output, found: "a model or a run, with \(file)", needed: "a new folder",
                remedy: "Add --resume to go on with a run, or name another folder")
        }
        try OutputFolder.make(output)
    }

    /// The checkpoint of the output folder and what is trained: the weights of a base, or new ones.
    ///
    /// - Parameter isLeftOut: which of the base's are drawn anew, by name.
    func trainable(
        _ output: String, from original: Checkpoint?, leavingOut isLeftOut: @escaping @Sendable (String) -> Bool = { _ in false },
        registry: Registry
    ) throws -> (checkpoint: Checkpoint, parameters: ParameterStore) {
        let checkpoint = try Checkpoint(folder: output), precision = training.precision.precision
        let initialization = try registry.family(for: checkpoint).initialization(of: checkpoint)
        guard let original else {
            return checkpoint.trainable(drawing: initialization, seed: training.seed, precision: precision)
        }
        return try checkpoint.trainable(
            from: original, leavingOut: isLeftOut, drawing: initialization, seed: training.seed, precision: precision)
    }

    /// Freezes the parameters that `--freeze` names.
    func freeze(_ parameters: ParameterStore) throws {
        let patterns = training.freeze
        for pattern in patterns where !parameters.parameters.contains(where: { NamePattern.matches($0.name, pattern) }) {
            throw InputError(
                "--freeze", found: "“\(pattern)”, which no parameter's name matches",
                needed: "names as `\(Program.name) inspect` lists",
                remedy: "Write * for any part of a name, such as vit.embeddings.*")
        }
        parameters.freeze { name in patterns.contains { NamePattern.matches(name, $0) } }
    }

    /// What is trained in place of a base's parameters, where `--lora` asks for it.
    private func adapters(of parameters: ParameterStore, unsaved isUnsaved: @escaping (String) -> Bool) throws -> LowRankAdapters?
    {
        guard let rank = training.lora else { return nil }
        guard let base = goal.base else {
            throw ValidationError("--lora learns on from a model: name it with --base.")
        }
        var options = LowRankAdapters.Options()
        (options.rank, options.alpha, options.seed) = (rank, training.loraAlpha ?? Float(2 * rank), training.seed)
        if training.keepAdapters { options.base = GoalOptions.path(base) }
        return try LowRankAdapters(
            parameters, options: options, adapting: LowRankAdapters.isOfLayer, training: parameters.isDrawn,
            leavingOut: isUnsaved)
    }

    /// A picture that cannot be drawn is no reason to stop.
    private static func drawCurves(_ folder: String) {
        do {
            try TrainingCurves(log: "\(folder)/training-log.jsonl").write(to: "\(folder)/\(TrainingCurves.fileName)")
        } catch {
            StandardError.write("\(Program.name): \(StandardError.describe(error))\n")
        }
    }

    /// Runs the training of a task, shows how it goes, and says how it ended.
    ///
    /// - Parameters:
    ///   - task: what is learned.
    ///   - learningRate: the usual one.
    ///   - examples: what they are called: `photos`.
    ///   - summary: what there is of them, for the first line.
    ///   - unreadable: those that nothing is measured by.
    ///   - isUnsaved: which parameters only training has, by name.
    ///   - adjust: sets what only this kind of task has.
    func run<Task: TrainingTask>(
        _ task: Task, usualLearningRate learningRate: Float, to output: String, examples: String, summary: String,
        unreadable: [(name: String, error: any Error)] = [],
        unsaved isUnsaved: @escaping (String) -> Bool = { _ in false },
        adjusting adjust: (inout TrainingSettings) -> Void = { _ in }
    ) throws {
        var settings = try training.settings(learningRate: learningRate)
        adjust(&settings)
        let display = TrainingDisplay(isQuiet: goal.quiet), name = Self.configuration.commandName ?? ""
        for (name, error) in unreadable { display.show(.skipped(name, error)) }
        if !goal.resume { try Recipe.write(entries, of: "train \(name)", to: "\(output)/\(Recipe.fileName)") }
        let adapters = try adapters(of: task.parameters, unsaved: isUnsaved)
        if !goal.quiet {
            func count(_ parameters: [Parameter]) -> Int { parameters.reduce(0) { $0 + $1.value.count } }
            let all = count(task.parameters.parameters)
            let trained = adapters.map { count($0.parameters) } ?? count(task.parameters.parameters.filter { !$0.isFrozen })
            StandardError.write(
                "\(summary), \(Quantity.count(all)) parameters\(trained == all ? "" : ", of which \(Quantity.count(trained)) are trained")\n"
            )
        }
        let trainer = try Trainer(
            task, settings: settings, folder: output, resumes: goal.resume, workers: training.workers, adapters: adapters)
        StopRequest.listen()
        let result: (best: [TrainingMeasure], isComplete: Bool)
        do {
            defer { display.end() }
            result = try trainer.run(shouldStop: { StopRequest.wasMade }) { event in
                display.show(event)
                if case .validated = event { Self.drawCurves(output) }
            }
        }
        if display.skippedCount > 0 { StandardError.write("\(display.skippedCount) \(examples) could not be used\n") }
        guard result.isComplete else {
            StandardError.write("stopped; `\(Program.name) train \(name) --resume --output \(output)` goes on\n")
            throw ExitCode(130)
        }
        if !goal.quiet, let best = result.best.first {
            StandardError.write("\(output): \(best.name) \(TrainingDisplay.shown(best)) on the \(examples) held out\n")
        }
    }
}
