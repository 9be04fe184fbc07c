import ArgumentParser
import AttentionEngine
import PluginKit

struct ClassifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify",
        abstract: "Name what is in photos or other inputs.",
        discussion: """
            Prints the likeliest labels of each input with their probabilities.

            EXAMPLE:
              apus classify apple.jpg photos/
              apus classify --model google/vit-base-patch16-224 --top 3 --json photo.png
            """)

    @OptionGroup var input: InputOptions

    @Option(help: ArgumentHelp("Labels to print for each input.", valueName: "n"))
    var top = 5

    @OptionGroup var model: ModelOptions
    @OptionGroup var batch: BatchOptions
    @OptionGroup var engine: EngineOptions
    @OptionGroup var reading: ReadingOptions
    @OptionGroup var output: OutputOptions

    func validate() throws { try Bounds.check(top, in: 1...(.max), of: "--top") }

    func run() throws {
        try engine.prepare()
        let registry = try Session.registry
        let checkpoint = try model.checkpoint(for: "classify")
        try classify(with: registry.load(checkpoint, as: (any Classifying).self), checkpoint, registry)
    }

    private func classify<Model: Classifying>(with model: Model, _ checkpoint: Checkpoint, _ registry: Registry) throws {
        let work = BatchedWork<Model.Input>(input, reading, batch, output, registry: registry, checkpoint: checkpoint)
        try work.run { inputs in
            try model.classify(inputs).map(Self.checked)
        } show: { name, classifications in
            let likeliest = classifications.prefix(top)
            if output.json {
                try StandardOutput.write(JSONLine.encode(Answer(input: name, predictions: likeliest.map(Prediction.init))))
            } else {
                try StandardOutput.write(lines: Self.lines(name, likeliest))
            }
        }
    }

    /// - Throws: `InputError` where the model makes no sense of its input, or at all.
    private static func checked(_ classifications: [Classification]) throws -> [Classification] {
        if classifications.allSatisfy({ $0.probability.isFinite }) { return classifications }
        throw InputError(
            "", found: "the model answers with something that is no number", needed: "probabilities",
            remedy: "Its weights may be damaged; download them again")
    }

    private static func lines(_ name: String, _ classifications: some Sequence<Classification>) -> [String] {
        [Terminal.bold(InputName.shown(name))]
            + classifications.map { classification in
                let percentage = Quantity.padded(Quantity.percentage(Double(classification.probability)), to: 8)
                return "\(percentage)  \(classification.label.printable)"
            }
    }

    /// What `--json` prints for an input.
    private struct Answer: Encodable {
        let input: String
        let predictions: [Prediction]
    }

    private struct Prediction: Encodable {
        let index: Int
        let label: String
        let probability: Float

        init(_ classification: Classification) {
            index = classification.index
            label = classification.label
            probability = classification.probability
        }
    }
}
