import ArgumentParser
import Metrics

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure how good a model is.",
        discussion: """
            EXAMPLE:
              \(Program.name) evaluate classify --model my-model --data photos/
              \(Program.name) evaluate transcribe --data clips.tsv --worst 5
              \(Program.name) evaluate translate --data pairs.tsv --confidence 0.95
              \(Program.name) evaluate embed --model sentence-transformers/all-MiniLM-L6-v2 --data pairs.tsv
              \(Program.name) evaluate generate --model gpt2 --data book.txt
            """,
        subcommands: [
            EvaluateClassifyCommand.self, EvaluateTranscribeCommand.self, EvaluateTranslateCommand.self,
            EvaluateEmbedCommand.self, EvaluateGenerateCommand.self,
        ])
}

/// How measures are taken and shown.
struct EvaluationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Say in what range the measures are with this probability, by drawing the examples anew a thousand times.",
            valueName: "share"))
    var confidence: Double?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let confidence, !(confidence > 0 && confidence < 1) {
            throw ValidationError("--confidence is \(confidence), and must be above 0 and below 1.")
        }
    }

    /// A measure of all examples and, where it was asked for, where it falls on others.
    ///
    /// - Parameters:
    ///   - count: how many examples there are.
    ///   - measure: of the examples at these places.
    func measured(_ count: Int, _ measure: ([Int]) -> Double) -> MeasuredValue {
        let interval = confidence.flatMap { Bootstrap.interval(count: count, confidence: $0, measure: measure) }
        return MeasuredValue(
            value: measure(Array(0..<count)), low: interval?.lowerBound, high: interval?.upperBound)
    }
}

/// A measure, and where it falls on other examples of the kind.
struct MeasuredValue: Encodable {
    var value: Double
    var low: Double?
    var high: Double?

    /// As a share of a hundred.
    var percentage: String { text { Quantity.percentage($0) } }
    /// As it is.
    var number: String { places(2) }

    /// As it is, with so many decimals.
    func places(_ decimals: Int) -> String { text { Quantity.fixed($0, decimals: decimals) } }

    private func text(_ shown: (Double) -> String) -> String {
        guard let low, let high else { return shown(value) }
        return "\(shown(value))  (\(shown(low)) to \(shown(high)))"
    }
}
