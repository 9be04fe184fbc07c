import ArgumentParser
import AttentionEngine
import PluginKit

struct ClassifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify",
        abstract: "Name what is in photos or other inputs.",
        discussion: """
            Prints the likeliest labels of each input with their probabilities. Where plugins bring starter models for several kinds \
            of files, that of the inputs' kind answers.

            EXAMPLE:
              \(Program.name) classify apple.jpg photos/
              \(Program.name) classify --model google/vit-base-patch16-224 --top 3 --json photo.png
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
        let choice = try StarterChoice(model, engine, for: "classify", input, reading, registry)
        try classify(with: registry.load(choice.checkpoint, as: (any Classifying).self), choice, registry)
    }

    private func classify<Model: Classifying>(with model: Model, _ choice: StarterChoice, _ registry: Registry) throws {
        let checkpoint = choice.checkpoint
        guard !registry.fileTypes(of: Model.Input.self).isEmpty else {
            let tasks = try Model.summary(of: checkpoint).tasks.joined(separator: ", ")
            throw InputError(
                checkpoint.name, found: "a \(Model.name) model, whose inputs are no files", needed: "one that classifies files",
                remedy: "This one can \(tasks)")
        }
        let work = BatchedWork<Model.Input>(
            input, standardInput: choice.standardInput, reading, batch, output, registry: registry, checkpoint: checkpoint)
        try work.run(ClassificationAnswer.checked(model.classify)) { name, classifications in
            try ClassificationAnswer(input: name, classifications.prefix(top)).show(as: output)
        }
    }
}
