import ArgumentParser
import AttentionEngine
import PluginKit

struct TranslateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "translate",
        abstract: "Say texts in another language.",
        discussion: """
            Prints one line for each text; of standard input, a line out for each line in, blank lines and leading spaces \
            kept. Long paragraphs are translated sentence by sentence.

            EXAMPLE:
              \(Program.name) translate "How are you?"
              \(Program.name) translate - < book.txt > livre.txt
            """)

    @OptionGroup var texts: TextOptions

    @OptionGroup var translation: TranslationOptions

    @Option(help: ArgumentHelp("Above 0 favours long translations. (default: as the model asks)", valueName: "number"))
    var lengthPenalty: Float?

    @Option(help: ArgumentHelp("The most tokens of a sentence's translation. (default: as the model asks)", valueName: "n"))
    var maxTokens: Int?

    @Option(help: ArgumentHelp("Print this many translations of each text, each with its score in front.", valueName: "n"))
    var nBest: Int?

    @OptionGroup var model: ModelOptions

    @Option(name: .customLong("batch-size"), help: ArgumentHelp("Texts that are read at once.", valueName: "n"))
    var batchSize = 128

    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        try maxTokens.map { try Bounds.check($0, in: 1...65_536, of: "--max-tokens") }
        try nBest.map { try Bounds.check($0, in: 1...64, of: "--n-best") }
        try lengthPenalty.map { try Bounds.check($0, in: -100...100, of: "--length-penalty") }
        try Bounds.check(batchSize, in: 1...65_536, of: "--batch-size")
    }

    func run() throws {
        try engine.prepare()
        let checkpoint = try model.checkpoint(for: "translate", engine)
        let model = try Session.registry.load(checkpoint, as: (any Translating).self)
        var options = WritingOptions()
        options.beamCount = translation.beam
        options.lengthPenalty = lengthPenalty
        options.maximumTokens = maxTokens
        options.resultCount = nBest
        try TextWork(texts: texts, batchSize: batchSize, output: output, checkpoint: checkpoint).run { texts in
            try model.translate(texts, from: translation.from, to: translation.to, options: options)
        } show: { text, translations in
            if output.json {
                try StandardOutput.write(JSONLine.encode(Answer(input: text, translations: translations.map(Answer.Item.init))))
            } else {
                let margin = String(text.prefix { $0.isWhitespace })
                try StandardOutput.write(
                    lines: translations.map { translation in
                        let score =
                            nBest == nil ? "" : "\(translation.score.map { Quantity.fixed(Double($0), decimals: 4) } ?? "0")\t"
                        return score + (translation.text.isEmpty ? text : margin + translation.text)
                    })
            }
        }
    }

    /// What `--json` prints for a text.
    private struct Answer: Encodable {
        let input: String
        let translations: [Item]

        struct Item: Encodable {
            let text: String
            let score: Float?

            init(_ translation: Translation) {
                text = translation.text
                score = translation.score
            }
        }
    }
}
