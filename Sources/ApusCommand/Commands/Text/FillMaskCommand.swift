import ArgumentParser
import AttentionEngine
import PluginKit

struct FillMaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fill-mask",
        abstract: "Say which words may stand where a text has a blank.",
        discussion: """
            The blank is written as the model's mask token, [MASK] or <mask>.

            EXAMPLE:
              \(Program.name) fill-mask --model bert-base-uncased "Paris is the capital of [MASK]."
            """)

    @OptionGroup var texts: TextOptions

    @Option(help: ArgumentHelp("Words to print for each blank.", valueName: "n"))
    var top = 5

    @OptionGroup var model: ModelOptions
    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: OutputOptions

    func validate() throws { try Bounds.check(top, in: 1...(.max), of: "--top") }

    func run() throws {
        try engine.prepare()
        let checkpoint = try model.checkpoint(for: "fill-mask", engine)
        let model = try Session.registry.load(checkpoint, as: (any MaskFilling).self)
        try TextWork(texts: texts, batchSize: 1, output: output, checkpoint: checkpoint).run { texts in
            try texts.map { try model.fillMasks(in: $0, top: top) }
        } show: { text, predictions in
            if output.json {
                let several = predictions.contains { $0.mask > 0 }
                try StandardOutput.write(
                    JSONLine.encode(Answer(input: text, predictions: predictions.map { .init($0, several: several) })))
            } else {
                try StandardOutput.write(lines: [Terminal.bold(text.printable)] + predictions.map(Self.line))
            }
        }
    }

    private static func line(_ prediction: MaskPrediction) -> String {
        let percentage = Quantity.padded(Quantity.percentage(Double(prediction.probability)), to: 8)
        return "\(percentage)  \(prediction.token.printable)  \(prediction.sequence.printable)"
    }

    /// What `--json` prints for a text; `mask` numbers the blanks where there are several.
    private struct Answer: Encodable {
        let input: String
        let predictions: [Prediction]

        struct Prediction: Encodable {
            let mask: Int?
            let token: String
            let probability: Float
            let sequence: String

            init(_ prediction: MaskPrediction, several: Bool) {
                mask = several ? prediction.mask : nil
                token = prediction.token
                probability = prediction.probability
                sequence = prediction.sequence
            }
        }
    }
}
