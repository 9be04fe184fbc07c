import ArgumentParser
import AttentionEngine
import PluginKit

/// Which texts are worked on.
struct TextOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("Texts; - stands for the lines of standard input, a text each.", valueName: "text"))
    var texts: [String]

    /// The texts, one after the other; the lines of standard input are read as they are needed.
    var all: TextSource { TextSource(texts) }
}

/// Texts from arguments and from the lines of standard input.
struct TextSource: Sequence, IteratorProtocol {
    private var arguments: ArraySlice<String>
    private var lines: StandardInputLines?

    /// - Parameter arguments: texts; `-` stands for the lines of standard input.
    init(_ arguments: [String]) { self.arguments = arguments[...] }

    mutating func next() -> String? { next(wait: true) }

    /// The next texts, at least one unless all are done. It does not wait for more than the first: a person who types, or a
    /// program that writes a line and waits, is answered at once.
    mutating func batch(atMost count: Int) -> [String] {
        guard let first = next() else { return [] }
        var batch = [first]
        // Nor may one that never quite pauses keep its first line waiting.
        let end = ContinuousClock.now + .milliseconds(100)
        while batch.count < count, ContinuousClock.now < end, let text = next(wait: false) { batch.append(text) }
        return batch
    }

    private mutating func next(wait: Bool) -> String? {
        while true {
            if let line = wait ? lines?.next() : lines?.nextAtHand() { return line }
            if lines?.isAtEnd == false { return nil }
            lines = nil
            guard let text = arguments.popFirst() else { return nil }
            guard text == "-" else { return text }
            lines = StandardInputLines()
        }
    }
}

/// A task done for many texts, a batch at a time: answers come in the texts' order, and a text that fails is named while the
/// others are done.
struct TextWork {
    let texts: TextOptions
    let batchSize: Int
    let output: OutputOptions
    let checkpoint: Checkpoint

    /// Does the task for every text.
    ///
    /// - Throws: the exit status if a text failed; the error itself where the model or the output is at fault.
    func run<Answer>(_ task: ([String]) throws -> [Answer], show: (_ text: String, Answer) throws -> Void) throws {
        var failures = Failures(asJSON: output.json)
        var texts = texts.all
        while case let batch = texts.batch(atMost: batchSize), !batch.isEmpty {
            for (text, answer) in zip(batch, try checkpoint.answers(to: batch, by: task)) {
                switch answer {
                case .success(let answer): try show(text, answer)
                case .failure(let error): try failures.add(text, error)
                }
            }
        }
        try failures.finish()
    }
}
