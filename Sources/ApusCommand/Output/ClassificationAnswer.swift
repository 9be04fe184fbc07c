import AttentionEngine
import PluginKit

/// The likeliest labels of one input, as they are shown.
struct ClassificationAnswer: Encodable {
    private let input: String
    private let predictions: [Prediction]

    init(input: String, _ classifications: some Sequence<Classification>) {
        self.input = input
        predictions = classifications.map(Prediction.init)
    }

    func show(as output: OutputOptions) throws {
        if output.json {
            try StandardOutput.write(JSONLine.encode(self))
        } else {
            try StandardOutput.write(lines: [Terminal.bold(InputName.shown(input))] + predictions.map(\.line))
        }
    }

    /// `classify`, failing where the model makes no sense of its input, or at all.
    static func checked<Input>(
        _ classify: @escaping ([Input]) throws -> [[Classification]]
    ) -> ([Input]) throws -> [[Classification]] {
        { inputs in
            let answers = try classify(inputs)
            if answers.allSatisfy({ $0.allSatisfy(\.probability.isFinite) }) { return answers }
            throw InputError(
                "", found: "the model answers with something that is no number", needed: "probabilities",
                remedy: "Its weights may be damaged; download them again")
        }
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

        var line: String { "\(Quantity.padded(Quantity.percentage(Double(probability)), to: 8))  \(label.printable)" }
    }
}
