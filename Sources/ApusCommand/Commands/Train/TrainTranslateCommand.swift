import ArgumentParser
import AttentionEngine
import PluginKit
import Training
import TrainingTasks

struct TrainTranslateCommand: TrainingCommand {
    static let configuration = CommandConfiguration(
        commandName: "translate",
        abstract: "Learn to translate.",
        discussion: """
            The data is a table, tab-separated (or .csv), of a sentence and its translation on each line; further columns are passed over. \
            A share of the sentences is held out to measure by, with all their translations, or what --validation-data names. A new model \
            has a vocabulary of its own, learned from both languages. The best model goes to the output folder, together with the log, \
            the recipe and the state; the one at the end to `last` in it. Ctrl-C stops after the step; --resume goes on.

            EXAMPLE:
              \(Program.name) train translate --data pairs.tsv --from en --to fr --output my-model
              \(Program.name) train translate --base Helsinki-NLP/opus-mt-en-fr --data pairs.tsv --epochs 3 --output my-model
              \(Program.name) train translate --resume --output my-model
              \(Program.name) translate --model my-model letter.txt
            """)

    @Option(help: ArgumentHelp("A table of sentences and their translations.", valueName: "path"))
    var data: String?

    @OptionGroup var goal: GoalOptions

    @Option(
        help: ArgumentHelp("The size of a new model, without --base: mini, small or base. (default: mini)", valueName: "size"),
        transform: Choice.of)
    var fromScratch = NewTranslator.Size.mini

    @Option(help: ArgumentHelp("Tokens of a new model's vocabulary, at most.", valueName: "n"))
    var vocabSize = 8_000

    @Option(help: ArgumentHelp("The language a new model reads, such as en.", valueName: "language"))
    var from: String?

    @Option(help: ArgumentHelp("The language a new model writes, such as fr.", valueName: "language"))
    var to: String?

    @Option(
        help: ArgumentHelp(
            "What stands before every sentence, such as >>fra<<, for a base of several languages.", valueName: "text"))
    var prefix: String?

    @Option(help: ArgumentHelp("Tokens in a batch: its pairs times the longest side of one.", valueName: "n"))
    var batchTokens = 3_000

    @Option(help: ArgumentHelp("Leave out pairs of which a side has more tokens.", valueName: "n"))
    var longest = 128

    @Option(help: ArgumentHelp("Held-out sentences that are translated to measure by.", valueName: "n"))
    var measured = 500

    @Option(help: ArgumentHelp("The share of a token that is spread over all.", valueName: "share"))
    var labelSmoothing: Float = 0.1

    @OptionGroup var training: TrainingOptions

    func validate() throws {
        try Bounds.check(vocabSize, in: 16...1_000_000, of: "--vocab-size")
        try Bounds.check(batchTokens, in: 1...10_000_000, of: "--batch-tokens")
        try Bounds.check(longest, in: 2...100_000, of: "--longest")
        try Bounds.check(measured, in: 1...1_000_000, of: "--measured")
        try Bounds.check(labelSmoothing, in: 0...0.9, of: "--label-smoothing")
        if (from == nil) != (to == nil) { throw ValidationError("Name both languages, --from and --to, or neither.") }
    }

    var entries: [Recipe.Entry] {
        [.init("data", data.map(GoalOptions.path))] + goal.recipeEntries + [
            .init("from-scratch", fromScratch.rawValue), .init("vocab-size", vocabSize), .init("from", from), .init("to", to),
            .init("prefix", prefix), .init("batch-tokens", batchTokens), .init("longest", longest), .init("measured", measured),
            .init("label-smoothing", labelSmoothing),
        ] + training.recipe
    }

    func train(to output: String) throws {
        guard let data else { throw ValidationError("Name the data to learn from: --data pairs.tsv.") }
        let registry = try Session.registry
        let original = try goal.base.map { try Checkpoint($0) }
        let pairs = try SentencePairs(
            data, validation: goal.validationData, share: goal.validationShare, seed: training.seed)
        try prepare(output)
        if !goal.resume { try begin(output, from: original, pairs, registry) }
        let (checkpoint, parameters) = try trainable(output, from: original, registry: registry)
        var options = TranslationTask.Options()
        (options.batchTokens, options.longest, options.measured) = (batchTokens, longest, measured)
        (options.smoothing, options.prefix) = (labelSmoothing, prefix ?? "")
        var progress = ProgressBar(total: pairs.count, isQuiet: goal.quiet)
        let task = try TranslationTask(
            checkpoint, parameters, pairs: pairs, options: options, savingAs: training.saveAs.elementType, registry: registry,
            progress: { progress.show($0) })
        progress.erase()
        if task.leftOut.empty > 0 {
            StandardError.write("\(task.leftOut.empty) pairs lack a text on one side and are left out\n")
        }
        if task.leftOut.long > 0 {
            StandardError.write("\(task.leftOut.long) pairs are longer than \(longest) tokens and are left out\n")
        }
        try freeze(parameters)
        try run(
            task, usualLearningRate: original == nil ? 5e-4 : 1e-4, to: output, examples: "pairs",
            summary: "\(task.trainingIndices.count) pairs to learn from, \(task.heldOutCount) to measure by")
    }

    /// Writes all files of the model but its weights.
    private func begin(_ output: String, from original: Checkpoint?, _ pairs: SentencePairs, _ registry: Registry) throws {
        if let original { return try original.copyOtherFiles(to: output) }
        var progress = ProgressBar(total: 100, isQuiet: goal.quiet)
        try NewTranslator.writeTokenizer(to: output, from: pairs, vocabularySize: vocabSize) {
            progress.show(Int(100 * $0))
        }
        progress.erase()
        var new = NewTranslator(fromScratch)
        if let from, let to { new.languages = .init(source: from, target: to) }
        try new.write(to: output, registry: registry)
    }
}
