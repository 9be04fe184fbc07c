import ArgumentParser
import AttentionEngine
import PluginKit

struct ClassifyTextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify-text",
        abstract: "Name what texts are about, or how they are meant.",
        discussion: """
            Prints the likeliest labels of each text with their probabilities.

            EXAMPLE:
              \(Program.name) classify-text --model distilbert-base-uncased-finetuned-sst-2-english "What a day"
            """)

    @OptionGroup var texts: TextOptions

    @Option(help: ArgumentHelp("Labels to print for each text.", valueName: "n"))
    var top = 5

    @OptionGroup var model: ModelOptions
    @OptionGroup var batch: BatchOptions
    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: OutputOptions

    func validate() throws { try Bounds.check(top, in: 1...(.max), of: "--top") }

    func run() throws {
        try engine.prepare()
        let checkpoint = try model.checkpoint(for: "classify-text", engine)
        let model = try Session.registry.load(checkpoint, as: (any TextClassifying).self)
        try TextWork(texts: texts, batchSize: batch.size, output: output, checkpoint: checkpoint)
            .run(ClassificationAnswer.checked(model.classify)) { text, classifications in
                try ClassificationAnswer(input: text, classifications.prefix(top)).show(as: output)
            }
    }
}
