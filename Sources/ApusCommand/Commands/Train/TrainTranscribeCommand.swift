import ArgumentParser
import AttentionEngine
import PluginKit
import Training
import TrainingTasks

struct TrainTranscribeCommand: TrainingCommand {
    static let configuration = CommandConfiguration(
        commandName: "transcribe",
        abstract: "Learn to write down what is said.",
        discussion: """
            The data is a table (.tsv or .csv) of a recording's file, what is said in it and, if you like, who says it, a line each; or any \
            table whose first line names the columns file, text and speaker. A share of the speakers is held out to measure by, or what \
            --validation-data names. Recordings are heard in one window each; longer ones are left out. The best model goes to the output \
            folder, together with the log, the recipe and the state; the one at the end to `last` in it. Ctrl-C stops after the step; \
            --resume goes on.

            EXAMPLE:
              \(Program.name) train transcribe --data clips.tsv --window 5 --output my-model
              \(Program.name) train transcribe --base openai/whisper-tiny --data clips.tsv --epochs 5 --output my-model
              \(Program.name) train transcribe --resume --output my-model
              \(Program.name) transcribe --model my-model interview.mp3
            """)

    @Option(help: ArgumentHelp("A table of file, text and speaker.", valueName: "path"))
    var data: String?

    @OptionGroup var goal: GoalOptions

    @Option(
        help: ArgumentHelp("The size of a new model, without --base: mini, tiny or base. (default: mini)", valueName: "size"),
        transform: Choice.of)
    var fromScratch = NewTranscriber.Size.mini

    @Option(help: ArgumentHelp("What a new model hears at once.", valueName: "seconds"))
    var window = 10

    @Option(help: ArgumentHelp("Tokens of a new model's vocabulary, at most.", valueName: "n"))
    var vocabSize = 400

    @Option(help: ArgumentHelp("The code of the language that is spoken.", valueName: "language"))
    var language = "en"

    @Flag(help: "Learn texts in small letters.")
    var lowercase = false

    @Option(
        help: ArgumentHelp(
            "The share of the loss that is of spelling, by the encoder alone, what is said; 0 for none.", valueName: "share"))
    var spelling: Float = 0.3

    @Option(
        help: ArgumentHelp(
            "A dictionary of words and their sounds, as CMU's, to spell by sounds in place of characters.", valueName: "file"))
    var pronunciations: String?

    @Option(help: ArgumentHelp("How often a token that the model goes on from is another one.", valueName: "share"))
    var tokenNoise = 0.0

    @Option(help: ArgumentHelp("How much faster or slower recordings are played at most.", valueName: "share"))
    var speed = 0.1

    @Option(help: ArgumentHelp("How much louder or softer they are made at most.", valueName: "decibels"))
    var gain = 6.0

    @Option(help: ArgumentHelp("How much later they begin at most.", valueName: "seconds"))
    var shift = 0.1

    @Option(help: ArgumentHelp("How often noise is added.", valueName: "share"))
    var noise = 0.3

    @Option(
        help: ArgumentHelp(
            "How often another recording follows, mostly of the same speaker, where both fit into a window.", valueName: "share"))
    var joining = 0.0

    @Option(help: ArgumentHelp("The longest pause before it.", valueName: "seconds"))
    var pause = 0.5

    @Option(
        help: ArgumentHelp("A table of words and when they are said, as `\(Program.name) align` writes it.", valueName: "path"))
    var words: String?

    @Option(
        help: ArgumentHelp("How often words of several recordings are put together to one, with --words.", valueName: "share"))
    var splicing = 0.4

    @Option(help: ArgumentHelp("How many bands of frequencies, and stretches of time, are masked.", valueName: "n"))
    var masks = 2

    @Option(help: ArgumentHelp("The most of 80 bands that are masked as one.", valueName: "n"))
    var maskBands = 27

    @Option(help: ArgumentHelp("The longest stretch that is masked, and never more than a fifth.", valueName: "seconds"))
    var maskSeconds = 1.0

    @Option(help: ArgumentHelp("The share of a token that is spread over all.", valueName: "share"))
    var labelSmoothing: Float = 0.1

    @Option(help: ArgumentHelp("Recordings in a batch.", valueName: "n"))
    var batchSize = 32

    @OptionGroup var training: TrainingOptions

    func validate() throws {
        try Bounds.check(window, in: 1...30, of: "--window")
        try Bounds.check(vocabSize, in: 16...1_000_000, of: "--vocab-size")
        try Bounds.check(batchSize, in: 1...65_536, of: "--batch-size")
        try Bounds.check(masks, in: 0...100, of: "--masks")
        try Bounds.check(pause, in: 0...30, of: "--pause")
        try Bounds.check(splicing, in: 0...1, of: "--splicing")
        try Bounds.check(maskBands, in: 0...1_000, of: "--mask-bands")
        try Bounds.check(maskSeconds, in: 0...30, of: "--mask-seconds")
        try Bounds.check(spelling, in: 0...0.99, of: "--spelling")
        try Bounds.check(tokenNoise, in: 0...0.9, of: "--token-noise")
        try Bounds.check(speed, in: 0...0.5, of: "--speed")
        try Bounds.check(gain, in: 0...60, of: "--gain")
        try Bounds.check(shift, in: 0...30, of: "--shift")
        try Bounds.check(noise, in: 0...1, of: "--noise")
        try Bounds.check(joining, in: 0...1, of: "--joining")
        try Bounds.check(labelSmoothing, in: 0...0.9, of: "--label-smoothing")
        guard (2...3).contains(language.count), language.allSatisfy({ $0.isASCII && $0.isLowercase }) else {
            throw ValidationError("--language is “\(language)”, and must be a code of two or three letters, such as en.")
        }
    }

    var entries: [Recipe.Entry] {
        [.init("data", data.map(GoalOptions.path))] + goal.recipeEntries + [
            .init("from-scratch", fromScratch.rawValue), .init("window", window), .init("vocab-size", vocabSize),
            .init("language", language), .init("lowercase", flag: lowercase), .init("spelling", spelling),
            .init("pronunciations", pronunciations.map(GoalOptions.path)), .init("token-noise", tokenNoise),
            .init("speed", speed), .init("gain", gain), .init("shift", shift),
            .init("noise", noise), .init("joining", joining), .init("pause", pause),
            .init("words", words.map(GoalOptions.path)), .init("splicing", splicing), .init("masks", masks),
            .init("mask-bands", maskBands), .init("mask-seconds", maskSeconds),
            .init("label-smoothing", labelSmoothing), .init("batch-size", batchSize),
        ] + training.recipe
    }

    private var options: SpeechTask.Options {
        var options = SpeechTask.Options()
        (options.language, options.lowercases, options.batchSize) = (language, lowercase, batchSize)
        (options.smoothing, options.spelling, options.tokenNoise) = (labelSmoothing, spelling, tokenNoise)
        (options.augmentation.speed, options.augmentation.gain, options.augmentation.shift) = (speed, gain, shift)
        (options.pronunciations, options.words) = (pronunciations, words)
        options.augmentation.pause = pause
        options.augmentation.splicing = words == nil ? 0 : splicing
        (options.augmentation.maskedBins, options.augmentation.maskedFrames) = (maskBands, Int(100 * maskSeconds))
        (options.augmentation.noise, options.augmentation.joining, options.augmentation.masks) = (noise, joining, masks)
        return options
    }

    func train(to output: String) throws {
        guard let data else { throw ValidationError("Name the data to learn from: --data clips.tsv.") }
        let registry = try Session.registry
        let original = try goal.base.map { try Checkpoint($0) }
        let clips = try SpeechClips(
            data, validation: goal.validationData, share: goal.validationShare, seed: training.seed)
        try prepare(output)
        if !goal.resume { try begin(output, from: original, clips) }
        let (checkpoint, parameters) = try trainable(
            output, from: original, leavingOut: SpeechTask.isOwn, registry: registry)
        let task = try SpeechTask(
            checkpoint, parameters, clips: clips, options: options, savingAs: training.saveAs.elementType, registry: registry)
        try freeze(parameters)
        try run(
            task, usualLearningRate: original == nil ? 1e-3 : 2e-5, to: output, examples: "recordings",
            summary: "\(task.trainingIndices.count) recordings to learn from, \(task.heldOutCount) to measure by",
            unreadable: task.unreadable, unsaved: SpeechTask.isOwn)
    }

    /// Writes all files of the model but its weights.
    private func begin(_ output: String, from original: Checkpoint?, _ clips: SpeechClips) throws {
        if let original { return try original.copyOtherFiles(to: output) }
        let texts = clips.split.training.map { clips.items[$0].text }
        try NewTranscriber(fromScratch, windowSeconds: window, language: language).write(
            to: output, texts: lowercase ? texts.map { $0.lowercased() } : texts, vocabularySize: vocabSize)
    }
}
