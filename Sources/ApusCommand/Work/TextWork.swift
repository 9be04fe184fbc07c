import ArgumentParser
import AttentionEngine
import PluginKit

/// Which texts are worked on.
struct TextOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("Texts; - stands for the lines of standard input, a text each.", valueName: "text"))
    var texts: [String]

    /// The texts, one after the other; the lines of standard input are read as they are needed.
    var all: AnyIterator<String> {
        var arguments = texts.makeIterator()
        var lines: StandardInputLines?
        return AnyIterator {
            while true {
                if let line = lines?.next() { return line }
                guard let text = arguments.next() else { return nil }
                guard text == "-" else { return text }
                lines = StandardInputLines()
            }
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
        let texts = texts.all
        while true {
            let batch = Array(texts.prefix(batchSize))
            if batch.isEmpty { break }
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
