import AttentionEngine
import PluginKit

/// A task done for many files, a batch at a time: no more than a batch of them is in memory, answers come in the
/// files' order, and a file that fails is named while the others are done.
struct BatchedWork<Input: Sendable> {
    private let registry: Registry
    private let checkpoint: Checkpoint
    private let limits: ReadingLimits
    private let batchSize: Int
    private let output: OutputOptions
    private let entries: [InputFiles.Entry]

    /// - Parameters:
    ///   - standardInput: what `-` stands for.
    ///   - checkpoint: the model that does the task.
    init(
        _ input: InputOptions, standardInput: InputFile = .standardInput(), _ reading: ReadingOptions, _ batch: BatchOptions,
        _ output: OutputOptions, registry: Registry, checkpoint: Checkpoint
    ) {
        self.init(
            InputFiles.expand(input.inputs, fileTypes: registry.fileTypes(of: Input.self), standardInput: standardInput),
            reading, batch, output, registry: registry, checkpoint: checkpoint)
    }

    /// - Parameters:
    ///   - entries: the files.
    ///   - checkpoint: the model that does the task.
    init(
        _ entries: [InputFiles.Entry], _ reading: ReadingOptions, _ batch: BatchOptions, _ output: OutputOptions,
        registry: Registry,
        checkpoint: Checkpoint
    ) {
        self.entries = entries
        self.registry = registry
        self.checkpoint = checkpoint
        self.output = output
        limits = reading.limits
        batchSize = batch.size
    }

    /// Does the task for every file, and prints the answers.
    ///
    /// - Parameters:
    ///   - task: an answer for each input.
    ///   - show: prints an answer; the name is the file's as the user knows it.
    /// - Throws: the exit status if a file failed; the error itself where the model or the output is at fault.
    func run<Answer>(_ task: ([Input]) throws -> [Answer], show: (_ name: String, Answer) throws -> Void) throws {
        var failures = Failures(asJSON: output.json)
        try run(task, naming: &failures) { index, answer in try show(entries[index].name, answer) }
        try failures.finish()
    }

    /// Does the task for every file.
    ///
    /// - Parameters:
    ///   - task: an answer for each input.
    ///   - failures: is told of files that fail.
    ///   - take: is given an answer, and its file's place among the files.
    /// - Throws: the error itself where the model is at fault, and what `take` throws.
    func run<Answer>(
        _ task: ([Input]) throws -> [Answer], naming failures: inout Failures, take: (_ index: Int, Answer) throws -> Void
    ) throws {
        var progress = ProgressBar(total: entries.count, isQuiet: output.quiet)
        for start in stride(from: 0, to: entries.count, by: batchSize) {
            progress.show(start)
            let batch = entries[start..<min(start + batchSize, entries.count)]
            let inputs = read(batch)
            var answers = try checkpoint.answers(to: inputs.compactMap { try? $0.get() }, by: task)[...]
            progress.erase()
            for (index, input) in zip(batch.indices, inputs) {
                switch input.flatMap({ _ in answers.removeFirst() }) {
                case .success(let answer): try take(index, answer)
                case .failure(let error): try failures.add(entries[index].name, error)
                }
            }
        }
    }

    /// Reads files on all threads.
    private func read(_ batch: ArraySlice<InputFiles.Entry>) -> [Result<Input, any Error>] {
        Processor.map(batch.map(\.file)) { try registry.read($0.get(), as: Input.self, limits: limits) }
    }
}

extension Checkpoint {
    /// Whether an error is about the model or a flag, and so about all inputs.
    func isAtFault(_ error: InputError) -> Bool { error.place.hasPrefix(folder) || error.place.hasPrefix("--") }

    /// Does a task for a batch or, if that fails, for each of its inputs alone, to find the one at fault.
    ///
    /// - Throws: the error itself where the model or a flag is at fault.
    func answers<Input, Answer>(
        to inputs: [Input], by task: ([Input]) throws -> [Answer]
    ) throws -> [Result<Answer, any Error>] {
        if inputs.isEmpty { return [] }
        do {
            let answers = try task(inputs)
            precondition(answers.count == inputs.count, "\(answers.count) answers to \(inputs.count) inputs")
            return answers.map { .success($0) }
        } catch let error as InputError where isAtFault(error) {
            throw error
        } catch {
            if inputs.count == 1 { return [.failure(error)] }
            return try inputs.flatMap { try answers(to: [$0], by: task) }
        }
    }
}
