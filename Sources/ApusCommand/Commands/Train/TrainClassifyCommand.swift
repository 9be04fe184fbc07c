import ArgumentParser
import AttentionEngine
import PluginKit
import Training
import TrainingTasks

struct TrainClassifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify",
        abstract: "Learn to name what is in photos.",
        discussion: """
            The data is a folder that holds a folder of photos for each label, or a table (.csv or .tsv) of file and label. A tenth is \
            held out to measure by, or what --validation-data names. The best model goes to the output folder, together with the log, \
            the recipe and the state; the one at the end to `last` in it. Ctrl-C stops after the step; --resume goes on.

            EXAMPLE:
              \(Program.name) train classify --data photos/ --output my-model
              \(Program.name) train classify --base google/vit-base-patch16-224 --data photos/ --epochs 5 --output my-model
              \(Program.name) train classify --resume --output my-model
              \(Program.name) classify --model my-model photo.jpg
            """)

    @Option(help: ArgumentHelp("A folder of a folder for each label, or a table of file and label.", valueName: "path"))
    var data: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder for the model; made where there is none.", valueName: "folder"))
    var output: String?

    @Option(help: ArgumentHelp("What to measure by, in the same form.", valueName: "path"))
    var validationData: String?

    @Option(help: ArgumentHelp("The share of the data that is held out without it.", valueName: "share"))
    var validationShare = 0.1

    @Option(help: ArgumentHelp("The model to learn on from: a folder or the id of one in the hub cache.", valueName: "model"))
    var base: String?

    @Option(
        help: ArgumentHelp(
            "The size of a new model, without --base: mini, tiny, small or base. (default: mini)", valueName: "size"),
        transform: Choice.of)
    var fromScratch = NewVisionTransformer.Size.mini

    @Option(help: ArgumentHelp("Pixels on each side of a new model's photos.", valueName: "n"))
    var imageSize = 112

    @Option(help: ArgumentHelp("Pixels on each side of a new model's patches.", valueName: "n"))
    var patchSize = 14

    @Option(help: ArgumentHelp("The least share of a photo's area that is cut out; 1 for all of it.", valueName: "share"))
    var smallestCrop = 0.3

    @Flag(help: "Do not mirror photos.")
    var noFlip = false

    @Option(help: ArgumentHelp("How far brightness, contrast and saturation change.", valueName: "share"))
    var colorJitter = 0.3

    @Option(help: ArgumentHelp("How often a rectangle of a photo is erased.", valueName: "share"))
    var erasing = 0.0

    @Option(help: ArgumentHelp("How strongly photos are mixed through each other; 0 for not at all.", valueName: "alpha"))
    var mixup = 0.0

    @Option(help: ArgumentHelp("How strongly parts of photos are set into others; 0 for not at all.", valueName: "alpha"))
    var cutmix = 0.0

    @Option(help: ArgumentHelp("The share of a label that is spread over all.", valueName: "share"))
    var labelSmoothing: Float = 0.1

    @OptionGroup var training: TrainingOptions

    @Option(help: ArgumentHelp("A file of options; those of the command line come before it.", valueName: "file"))
    var recipe: String?

    @Flag(help: "Go on with the run in the output folder.")
    var resume = false

    @Flag(help: "Show no progress.")
    var quiet = false

    func validate() throws {
        if resume, recipe != nil { throw ValidationError("--resume takes the recipe of the run itself; leave --recipe out.") }
        func check(_ value: Double, _ range: ClosedRange<Double>, _ name: String) throws {
            if !range.contains(value) {
                throw ValidationError("\(name) is \(value), and must be from \(range.lowerBound) to \(range.upperBound).")
            }
        }
        try check(validationShare, 0.0001...0.9, "--validation-share")
        try check(smallestCrop, 0.01...1, "--smallest-crop")
        try check(colorJitter, 0...1, "--color-jitter")
        try check(erasing, 0...1, "--erasing")
        try check(mixup, 0...100, "--mixup")
        try check(cutmix, 0...100, "--cutmix")
        try check(Double(labelSmoothing), 0...0.9, "--label-smoothing")
    }

    /// Every option that a recipe may hold.
    private var entries: [Recipe.Entry] {
        [
            .init("data", data.map(Self.path)), .init("validation-data", validationData.map(Self.path)),
            .init("validation-share", validationShare), .init("base", base.map(Self.path)),
            .init("from-scratch", fromScratch.rawValue), .init("image-size", imageSize),
            .init("patch-size", patchSize), .init("smallest-crop", smallestCrop), .init("no-flip", flag: noFlip),
            .init("color-jitter", colorJitter), .init("erasing", erasing), .init("mixup", mixup), .init("cutmix", cutmix),
            .init("label-smoothing", labelSmoothing),
        ] + training.recipe
    }

    /// From the root on where it is there, since a run may go on from another folder; what is an id or a name stays.
    private static func path(_ given: String) -> String { Paths.kind(of: given) == nil ? given : Paths.absolute(given) }

    func run() throws {
        guard let output else { throw ValidationError("Name the folder for the model: --output my-model.") }
        guard let file = resume ? "\(output)/\(Recipe.fileName)" : recipe else { return try train(to: output) }
        let saved = try Recipe.arguments(file, known: entries)
        // What is said later wins: the command line over the file.
        let own = CommandLine.arguments.dropFirst().drop { $0 != Self.configuration.commandName }.dropFirst()
        let command = try Self.parse(saved + own)
        if resume, let change = try Recipe.change(from: Self.parse(saved).entries, to: command.entries) {
            throw InputError(
                file, found: "a run with other options: \(change)", needed: "the same ones",
                remedy: "Leave them out, or start anew in another folder")
        }
        try command.train(to: output)
    }

    private func train(to output: String) throws {
        guard let data else { throw ValidationError("Name the data to learn from: --data photos/.") }
        try Processor.validateOverride()
        if let threads = training.threads { Processor.threadCount = threads }
        let registry = try Session.registry
        let settings = try training.settings(learningRate: base == nil ? 1e-3 : 1e-4)
        var photos = try PhotoData(
            data, validation: validationData, share: validationShare, seed: training.seed, registry: registry)
        let original = try base.map { try Checkpoint($0) }
        // A base that knows just these labels keeps its head.
        let keepsHead = try original.map { try photos.takeOrder(of: Labels($0).names) } ?? false
        let taken = ["training-state.safetensors", "model.safetensors", "model.safetensors.index.json"]
        if !resume, let file = taken.first(where: { Paths.kind(of: "\(output)/\($0)") != nil }) {
            throw InputError(
                output, found: "a model or a run, with \(file)", needed: "a new folder",
                remedy: "Add --resume to go on with a run, or name another folder")
        }
        try OutputFolder.make(output)
        let (checkpoint, parameters) = try model(from: original, keepsHead: keepsHead, photos.labels, output, registry)
        let task = try task(photos, checkpoint, parameters, registry)
        let display = TrainingDisplay(isQuiet: quiet)
        for (name, error) in task.unreadable { display.show(.skipped(name, error)) }
        if !resume { try Recipe.write(entries, of: "train classify", to: "\(output)/\(Recipe.fileName)") }
        if !quiet {
            let count = task.parameters.parameters.reduce(0) { $0 + $1.value.count }
            StandardError.write(
                "\(photos.split.training.count) photos to learn from, \(photos.split.heldOut.count) to measure by, \(photos.labels.count) labels, \(Quantity.count(count)) parameters\n"
            )
        }
        let trainer = try Trainer(task, settings: settings, folder: output, resumes: resume, workers: training.workers)
        StopRequest.listen()
        let result: (best: [TrainingMeasure], isComplete: Bool)
        do {
            defer { display.end() }
            result = try trainer.run(shouldStop: { StopRequest.wasMade }) { display.show($0) }
        }
        if display.skippedCount > 0 { StandardError.write("\(display.skippedCount) photos could not be read\n") }
        guard result.isComplete else {
            StandardError.write("stopped; `\(Program.name) train classify --resume --output \(output)` goes on\n")
            throw ExitCode(130)
        }
        if !quiet, let best = result.best.first {
            StandardError.write("\(output): \(best.name) \(Quantity.percentage(best.value)) on the photos held out\n")
        }
    }

    private func task(
        _ photos: PhotoData, _ checkpoint: Checkpoint, _ parameters: ParameterStore, _ registry: Registry
    ) throws -> ImageClassificationTask {
        var augmentation = ImageClassificationTask.Augmentation()
        (augmentation.smallestCrop, augmentation.flips, augmentation.colorJitter) = (smallestCrop, !noFlip, colorJitter)
        (augmentation.erasing, augmentation.mixup, augmentation.cutmix) = (erasing, mixup, cutmix)
        let task = try ImageClassificationTask(
            checkpoint, parameters, items: photos.items, split: photos.split, labelCount: photos.labels.count,
            batchSize: training.batchSize, augmentation: augmentation, smoothing: labelSmoothing,
            savingAs: training.saveAs.elementType, registry: registry)
        let patterns = training.freeze
        for pattern in patterns where !parameters.parameters.contains(where: { NamePattern.matches($0.name, pattern) }) {
            throw InputError(
                "--freeze", found: "“\(pattern)”, which no parameter's name matches",
                needed: "names as `\(Program.name) inspect` lists",
                remedy: "Write * for any part of a name, such as vit.embeddings.*")
        }
        parameters.freeze { name in patterns.contains { NamePattern.matches(name, $0) } }
        return task
    }

    /// The model to train, whose configuration goes to the output folder; that of a run to go on with stands there.
    private func model(
        from original: Checkpoint?, keepsHead: Bool, _ labels: [String], _ output: String, _ registry: Registry
    ) throws -> (checkpoint: Checkpoint, parameters: ParameterStore) {
        if !resume {
            if let original {
                try OtherLabels.write(original, labels: labels, to: output)
            } else {
                try NewVisionTransformer(fromScratch, imageSize: imageSize, patchSize: patchSize).write(
                    to: output, labels: labels)
            }
        }
        let checkpoint = try Checkpoint(folder: output)
        guard try Labels(checkpoint).names == labels else {
            throw InputError(
                output, found: "a run with other labels than \(data ?? "the data") has now", needed: "the same ones",
                remedy: "Put the data back as it was, or start anew in another folder")
        }
        let initialization = try registry.family(for: checkpoint).initialization(of: checkpoint)
        let precision = training.precision.precision
        guard let original else {
            return checkpoint.trainable(drawing: initialization, seed: training.seed, precision: precision)
        }
        return try checkpoint.trainable(
            from: original, leavingOut: { !keepsHead && ($0.hasPrefix("classifier.") || $0.hasPrefix("head.")) },
            drawing: initialization, seed: training.seed, precision: precision)
    }
}

/// Photos and labels, and which of them are held out.
private struct PhotoData {
    var labels: [String]
    var items: [LabelledFiles.Item]
    var split: DataSplit

    init(_ path: String, validation: String?, share: Double, seed: UInt64, registry: Registry) throws {
        let types = ImageClassificationTask.fileTypes(registry)
        let files = try LabelledFiles(path, types: types)
        (labels, items) = (files.labels, files.items)
        guard let validation else {
            split = try DataSplit(count: items.count, fraction: share, seed: seed)
            return
        }
        let others = try LabelledFiles(validation, types: types)
        let places = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
        for item in others.items {
            guard let place = places[others.labels[item.label]] else {
                throw InputError(
                    validation, found: "the label “\(others.labels[item.label])”, which \(path) lacks", needed: "the same labels",
                    remedy: "Rename it, or add photos of it to learn from")
            }
            items.append(.init(path: item.path, label: place))
        }
        split = DataSplit(first: files.items.count, then: others.items.count)
    }

    /// Numbers the labels as a model does that knows just the same ones.
    ///
    /// - Returns: whether it does.
    mutating func takeOrder(of names: [String]) -> Bool {
        guard names.count == labels.count, Set(names) == Set(labels) else { return false }
        let places = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
        for index in items.indices { items[index].label = places[labels[items[index].label]] ?? 0 }
        labels = names
        return true
    }
}
