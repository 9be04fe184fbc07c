import Synchronization
import Training

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Shows how a run goes: a line that changes on a terminal, and a line for every time the model is measured.
final class TrainingDisplay: Sendable {
    private struct State {
        var total = 0
        var shown = ContinuousClock.now
        var isVisible = false
        /// Since the model was last measured.
        var (loss, examples, seconds, steps) = (Float(0), 0, 0.0, 0)
        var last: StepReport?
        /// A mean of how long steps take, in which later ones count more.
        var stepSeconds = 0.0
        var skipped = 0
    }
    private let state = Mutex(State())
    private let isQuiet: Bool
    private let isTerminal: Bool

    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        isTerminal = !isQuiet && StandardError.isTerminal && !Terminal.isDumb
    }

    var skippedCount: Int { state.withLock(\.skipped) }

    func show(_ event: TrainingEvent) {
        state.withLock { state in
            switch event {
            case .began(let step, let total, _):
                state.total = total
                if !isQuiet, step > 0 { line("goes on after step \(step) of \(total)", &state) }
            case .step(let report):
                state.last = report
                state.loss += report.loss
                state.examples += report.examples
                state.seconds += report.seconds
                state.steps += 1
                state.stepSeconds += (state.stepSeconds == 0 ? 1 : 0.05) * (report.seconds - state.stepSeconds)
                status("", &state)
            case .validating(let share): status("  measuring \(Quantity.percentage(share))", &state)
            case .validated(let measures, let isBest): validated(measures, isBest, &state)
            case .skipped(let name, let error):
                state.skipped += 1
                line("\(Program.name): \(InputName.shortened(name)) is left out: \(StandardError.describe(error))", &state)
            }
        }
    }

    private func validated(_ measures: [TrainingMeasure], _ isBest: Bool, _ state: inout State) {
        guard !isQuiet, let last = state.last else { return }
        var text = "step \(last.step) of \(state.total), epoch \(last.epoch + 1)"
        text += "  loss \(Quantity.fixed(Double(state.loss) / Double(max(1, state.steps)), decimals: 3))"
        for measure in measures { text += "  \(measure.name) \(Self.shown(measure))" }
        if state.seconds > 0 { text += "  \(Quantity.fixed(Double(state.examples) / state.seconds, decimals: 1))/s" }
        if isBest { text += "  best so far" }
        line(text, &state)
        (state.loss, state.examples, state.seconds, state.steps) = (0, 0, 0, 0)
    }

    static func shown(_ measure: TrainingMeasure) -> String {
        ["accuracy", "top-5", "wer", "cer"].contains(measure.name)
            ? Quantity.percentage(measure.value) : Quantity.fixed(measure.value, decimals: 2)
    }

    private func status(_ more: String, _ state: inout State) {
        guard isTerminal, let last = state.last, ContinuousClock.now - state.shown > .milliseconds(100) else { return }
        state.shown = .now
        let left = Quantity.wait(.seconds(state.stepSeconds * Double(state.total - last.step)))
        let rate = Quantity.fixed(Double(last.examples) / max(1e-9, last.seconds), decimals: 1)
        let text =
            "\(last.step)/\(state.total)  loss \(Quantity.fixed(Double(last.loss), decimals: 3))  rate \(last.learningRate)  \(rate)/s"
            + (more.isEmpty ? "  \(left) left" : more)
        let room = Terminal.width - 1, width = min(30, room - text.count - 3)
        let filled = width > 4 ? width * last.step / max(1, state.total) : 0
        let bar =
            width > 4 ? "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled) + "] " : ""
        StandardError.write("\r" + String((bar + text).prefix(room)) + "\u{1B}[K")
        state.isVisible = true
    }

    private func line(_ text: String, _ state: inout State) {
        if state.isVisible { StandardError.write("\r\u{1B}[K") }
        state.isVisible = false
        StandardError.write(text + "\n")
    }

    /// Clears the line that changes.
    func end() {
        state.withLock { state in
            if state.isVisible { StandardError.write("\r\u{1B}[K") }
            state.isVisible = false
        }
    }
}

/// Lets Ctrl-C end a run after the step it is in; a second one ends the program at once.
enum StopRequest {
    static var wasMade: Bool { isStopRequested.load(ordering: .relaxed) }

    static func listen() {
        // Made before a signal comes.
        _ = wasMade
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                isStopRequested.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
    }
}

/// A signal handler reaches nothing else.
private let isStopRequested = Atomic<Bool>(false)
