import ArgumentParser
import AttentionEngine
import PluginKit
import Training

/// How a model learns, whatever it learns.
struct TrainingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How often all examples are passed.", valueName: "n"))
    var epochs = 30

    @Option(help: ArgumentHelp("How many steps to take, in place of --epochs.", valueName: "n"))
    var steps: Int?

    @Option(help: ArgumentHelp("Batches whose gradients make a step.", valueName: "n"))
    var accumulate = 1

    @Option(help: ArgumentHelp("adamw, sgd or lion. (default: adamw)", valueName: "name"), transform: Choice.of)
    var optimizer = TrainingSettings.OptimizerKind.adamw

    @Option(
        help: ArgumentHelp(
            "The highest learning rate. (default: 0.001 from scratch, 0.0005 to translate; with --base 0.0001, for speech 0.00002)",
            valueName: "rate")
    )
    var learningRate: Float?

    @Option(
        help: ArgumentHelp("How it falls: cosine, linear, inverse-root or constant. (default: cosine)", valueName: "way"),
        transform: Choice.of)
    var decay = LearningRateSchedule.Decay.cosine

    @Option(help: ArgumentHelp("For what share of the steps it rises before.", valueName: "share"))
    var warmUp: Float = 0.05

    @Option(help: ArgumentHelp("Weight decay; norms and biases are spared.", valueName: "rate"))
    var weightDecay: Float = 0.05

    @Option(help: ArgumentHelp("The largest norm of all gradients; 0 for no limit.", valueName: "norm"))
    var clip: Float = 1

    @Option(
        help: ArgumentHelp(
            "The share a step keeps of a moving average that is measured and saved; 0 for none.", valueName: "share"))
    var average: Float = 0

    @Option(help: ArgumentHelp("The share of activations that is left out.", valueName: "share"))
    var dropout: Float = 0

    @Option(help: ArgumentHelp("How often the last layer is left out, and the others in proportion.", valueName: "share"))
    var stochasticDepth: Float = 0

    @Flag(help: "Compute activations again on the way back, for less memory.")
    var recompute = false

    @Option(
        help: ArgumentHelp(
            "Parameters that stay as they are: names, where * stands for anything; may be repeated.", valueName: "pattern")
    )
    var freeze: [String] = []

    @Option(
        help: ArgumentHelp(
            "Train small matrices of this rank beside the layers' own, and a new head, in place of all (LoRA); with --base.",
            valueName: "rank"))
    var lora: Int?

    @Option(help: ArgumentHelp("What their product is multiplied by, over the rank. (default: twice the rank)", valueName: "n"))
    var loraAlpha: Float?

    @Flag(help: "Write them to the folder `adapter` in the model's, too, as the library peft reads them.")
    var keepAdapters = false

    @Option(help: ArgumentHelp("Measure after so many steps. (default: after every epoch)", valueName: "n"))
    var validateEvery: Int?

    @Option(help: ArgumentHelp("Save the state after so many steps besides.", valueName: "n"))
    var saveEvery = 200

    @Option(help: ArgumentHelp("What everything random is drawn from.", valueName: "n"))
    var seed: UInt64 = 0

    @Option(
        help: ArgumentHelp("What products are computed in: fp32 or bf16. (default: fp32)", valueName: "precision"),
        transform: Choice.of)
    var precision = TrainingPrecision.fp32

    @Option(
        help: ArgumentHelp("What weights are saved in: fp32 or bf16. (default: fp32)", valueName: "precision"),
        transform: Choice.of)
    var saveAs = TrainingPrecision.fp32

    @Option(help: ArgumentHelp("Threads that work on a step. (default: as many as there are cores)", valueName: "n"))
    var threads: Int?

    @Option(help: ArgumentHelp("Threads that read and change examples beside it.", valueName: "n"))
    var workers = 2

    func validate() throws {
        try threads.map { try Bounds.check($0, in: 1...256, of: "--threads") }
        try lora.map { try Bounds.check($0, in: 1...1_024, of: "--lora") }
        try loraAlpha.map { try Bounds.check($0, in: 0.001...10_000, of: "--lora-alpha") }
        if lora == nil, loraAlpha != nil || keepAdapters {
            throw ValidationError(
                "\(keepAdapters ? "--keep-adapters" : "--lora-alpha") says something of adapters: add --lora RANK.")
        }
        try Bounds.check(workers, in: 1...256, of: "--workers")
    }

    /// - Throws: `InputError` for a number out of its range.
    func settings(learningRate usual: Float) throws -> TrainingSettings {
        var settings = TrainingSettings()
        (settings.epochs, settings.steps, settings.accumulation, settings.optimizer) = (epochs, steps, accumulate, optimizer)
        (settings.learningRate, settings.decay, settings.warmUp) = (learningRate ?? usual, decay, warmUp)
        (settings.weightDecay, settings.gradientLimit, settings.average) = (weightDecay, clip, average)
        settings.regularization = Regularization(dropout: dropout, stochasticDepth: stochasticDepth)
        (settings.recomputesLayers, settings.seed) = (recompute, seed)
        (settings.validationInterval, settings.savingInterval) = (validateEvery, saveEvery)
        try settings.validate()
        return settings
    }

    /// Every option and its value, for a recipe.
    var recipe: [Recipe.Entry] {
        [
            .init("epochs", epochs), .init("steps", steps), .init("accumulate", accumulate),
            .init("optimizer", optimizer.rawValue), .init("learning-rate", learningRate), .init("decay", decay.rawValue),
            .init("warm-up", warmUp), .init("weight-decay", weightDecay), .init("clip", clip), .init("average", average),
            .init("dropout", dropout), .init("stochastic-depth", stochasticDepth), .init("recompute", flag: recompute),
            .init("freeze", list: freeze), .init("lora", lora), .init("lora-alpha", loraAlpha),
            .init("keep-adapters", flag: keepAdapters), .init("validate-every", validateEvery), .init("save-every", saveEvery),
            .init("seed", seed), .init("precision", precision.rawValue), .init("save-as", saveAs.rawValue),
            .init("threads", threads), .init("workers", workers),
        ]
    }
}

/// What is trained in, by name.
enum TrainingPrecision: String, CaseIterable {
    case fp32, bf16

    var precision: Precision { self == .fp32 ? .float32 : .bfloat16 }
    var elementType: ElementType { self == .fp32 ? .float32 : .bfloat16 }
}
