import AttentionEngine
import PluginKit

/// Trains a task's model: steps, measures it as it goes, keeps the best and the state to go on from.
///
/// In its folder stand the best model so far as a checkpoint that loads, in `last` the model as it was at the end, the state,
/// `training-state.safetensors`, and `training-log.jsonl`. A run that was stopped at any moment goes on from its last state to the
/// same weights, bit for bit, that it would have had.
public final class Trainer<Task: TrainingTask> {
    private let task: Task
    private let settings: TrainingSettings
    private let folder: String
    private let workers: Int
    private let resumes: Bool
    private let adapters: LowRankAdapters?
    private var optimizer: any Optimizer
    private var average: ExponentialMovingAverage

    /// Creates a trainer.
    ///
    /// - Parameters:
    ///   - task: what is learned.
    ///   - settings: how.
    ///   - folder: where everything is kept; it is there already.
    ///   - resumes: whether to go on from the state in the folder.
    ///   - workers: how many threads read examples.
    ///   - adapters: what is trained in place of the task's parameters.
    /// - Throws: `InputError` for a setting out of its range.
    public init(
        _ task: Task, settings: TrainingSettings, folder: String, resumes: Bool = false, workers: Int = 2,
        adapters: LowRankAdapters? = nil
    ) throws {
        try settings.validate()
        self.adapters = adapters
        (self.task, self.settings, self.folder, self.resumes, self.workers) = (task, settings, folder, resumes, workers)
        optimizer = settings.newOptimizer
        average = ExponentialMovingAverage(decay: settings.average)
    }

    private var statePath: String { "\(folder)/\(TrainingState.fileName)" }

    /// Trains to the end, or until asked to stop.
    ///
    /// - Parameters:
    ///   - shouldStop: is asked after every step; where it says yes, the state is saved and the run ends.
    ///   - report: is told what happens.
    /// - Returns: the measures of the best model, and whether the run came to its end.
    /// - Throws: `InputError` for a loss that is no number, examples none of which can be read, a file that cannot be written, or a
    ///   state of another run. The last state and the best model stay as they were.
    @discardableResult
    public func run(
        shouldStop: () -> Bool = { false }, report: @escaping @Sendable (TrainingEvent) -> Void = { _ in }
    ) throws -> (best: [TrainingMeasure], isComplete: Bool) {
        let parameters = adapters?.parameters ?? task.parameters.parameters
        var state = TrainingState(
            position: DataPosition(seed: settings.seed), settings: settings, exampleCount: task.trainingIndices.count)
        if resumes {
            state = try TrainingState.read(
                statePath, settings: settings, exampleCount: task.trainingIndices.count, into: parameters, &optimizer, &average)
            adapters?.apply()
        }
        let log = try TrainingLog("\(folder)/\(TrainingLog.fileName)", upToStep: state.step)
        if !resumes { try state.write(to: statePath, parameters, optimizer, average) }

        // The task itself stays on this thread.
        let names = Dictionary(task.trainingIndices.map { ($0, task.name(of: $0)) }) { first, _ in first }
        let loader = try DataLoader<Task.Example>(
            task.trainingIndices, plan: task.batchPlan, seed: settings.seed, position: state.position, workers: workers,
            report: { index, error in report(.skipped(names[index] ?? "example \(index)", error)) }, load: task.loading)
        let stepsInEpoch = max(1, (loader.batchCount + settings.accumulation - 1) / settings.accumulation)
        let schedule = schedule(stepsInEpoch)
        let interval = settings.validationInterval ?? stepsInEpoch
        report(.began(step: state.step, of: schedule.totalSteps, stepsInEpoch: stepsInEpoch))

        while state.step < schedule.totalSteps {
            let done = try takeStep(state.step, schedule, loader, parameters)
            state.step += 1
            state.position = done.position
            try log.add(done.report)
            report(.step(done.report))
            let isLast = state.step == schedule.totalSteps
            if isLast || state.step % interval == 0 {
                try validate(&state, parameters, log, report)
            }
            let stops = !isLast && shouldStop()
            if isLast || stops || state.step % interval == 0 || state.step % settings.savingInterval == 0 {
                // What the log says up to a state is on the disk before the state is.
                try log.sync()
                try state.write(to: statePath, parameters, optimizer, average)
            }
            if stops { return (state.best, false) }
        }
        try averaged(parameters) { try save(to: "\(folder)/last") }
        return (state.best, true)
    }

    private func save(to folder: String) throws {
        try task.save(to: folder)
        try adapters?.saveIfKept(beside: folder)
    }

    private func schedule(_ stepsInEpoch: Int) -> LearningRateSchedule {
        let steps = settings.steps ?? settings.epochs * stepsInEpoch
        return LearningRateSchedule(
            peak: settings.learningRate, decay: settings.decay, warmUpSteps: Int(Double(settings.warmUp) * Double(steps)),
            totalSteps: steps)
    }

    /// Adds up the gradients of some batches, and changes the parameters by them.
    private func takeStep(
        _ step: Int, _ schedule: LearningRateSchedule, _ loader: DataLoader<Task.Example>, _ parameters: [Parameter]
    ) throws -> (report: StepReport, position: DataPosition) {
        let start = ContinuousClock.now
        let epoch = loader.position.epoch
        var (loss, examples, position): (Float, [Int], DataPosition) = (0, [], loader.position)
        for part in 0..<settings.accumulation {
            let batch = try loader.next()
            position = batch.next
            examples += batch.indices
            let seed = RandomSeed.of(settings.seed &+ 0x7469, epoch: step, index: part)
            let tape = GradientTape(seed: seed)
            tape.regularization = settings.regularization
            tape.recomputesLayers = settings.recomputesLayers
            let result = try tape.record { try task.loss(of: batch.values, seed: seed) }
            let value = result.floats.first ?? .nan
            guard value.isFinite else { throw diverged("a loss of \(value)", step, examples) }
            loss += value / Float(settings.accumulation)
            tape.backward(from: result)
        }
        adapters?.takeGradients()
        if settings.accumulation > 1 { Gradients.scale(parameters, by: 1 / Float(settings.accumulation)) }
        let norm =
            settings.gradientLimit > 0
            ? Gradients.clip(parameters, to: settings.gradientLimit) : Gradients.norm(of: parameters)
        guard norm.isFinite else { throw diverged("gradients whose norm is \(norm)", step, examples) }
        let rate = schedule.rate(at: step)
        optimizer.step(parameters, learningRate: rate)
        adapters?.apply()
        if settings.average > 0 { average.update(parameters) }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        return (
            StepReport(
                step: step + 1, epoch: epoch, loss: loss, learningRate: rate, gradientNorm: norm, examples: examples.count,
                seconds: seconds), position
        )
    }

    private func diverged(_ found: String, _ step: Int, _ examples: [Int]) -> InputError {
        let names = examples.prefix(5).map(task.name(of:)).joined(separator: ", ")
        let more = examples.count > 5 ? " and \(examples.count - 5) more" : ""
        return InputError(
            "step \(step + 1)", found: "\(found), learning from \(names)\(more)", needed: "numbers",
            remedy:
                "Take a lower learning rate or a longer warm-up, and look at these examples; the best model and the last state are kept"
        )
    }

    /// Measures the model, and keeps it where it is the best so far.
    private func validate(
        _ state: inout TrainingState, _ parameters: [Parameter], _ log: TrainingLog,
        _ report: @escaping @Sendable (TrainingEvent) -> Void
    ) throws {
        try averaged(parameters) {
            let measures = try task.validate { report(.validating($0)) }
            let isBest = Self.isBetter(measures, than: state.best)
            if isBest {
                try save(to: folder)
                state.best = measures
            }
            try log.add(measures, isBest: isBest, step: state.step)
            report(.validated(measures, isBest: isBest))
        }
    }

    /// Runs `body` with the average in the parameters' place, if there is one.
    private func averaged<Result>(_ parameters: [Parameter], _ body: () throws -> Result) rethrows -> Result {
        guard settings.average > 0 else { return try body() }
        func exchange() {
            average.swap(parameters)
            adapters?.apply()
        }
        exchange()
        defer { exchange() }
        return try body()
    }

    private static func isBetter(_ measures: [TrainingMeasure], than best: [TrainingMeasure]) -> Bool {
        guard let new = measures.first, let old = best.first, !old.value.isNaN else { return true }
        return new.isBetterHigher ? new.value > old.value : new.value < old.value
    }
}
