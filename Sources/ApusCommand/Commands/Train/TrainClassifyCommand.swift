import ArgumentParser
import AttentionEngine
import PluginKit
import Training
import TrainingTasks

struct TrainClassifyCommand: TrainingCommand {
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

    @OptionGroup var goal: GoalOptions

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

    @Option(
        help: ArgumentHelp(
            "Turn, shear, move, posterize and so on, two changes of such a strength for each photo, up to 30; 0 for none.",
            valueName: "n"))
    var randAugment = 0

    @Option(help: ArgumentHelp("How often a rectangle of a photo is erased.", valueName: "share"))
    var erasing = 0.0

    @Option(help: ArgumentHelp("How strongly photos are mixed through each other; 0 for not at all.", valueName: "alpha"))
    var mixup = 0.0

    @Option(help: ArgumentHelp("How strongly parts of photos are set into others; 0 for not at all.", valueName: "alpha"))
    var cutmix = 0.0

    @Option(help: ArgumentHelp("The share of a photo's patches that a step goes without.", valueName: "share"))
    var patchDropout: Float = 0

    @Option(
        help: ArgumentHelp(
            "Keep photos in memory once they are read, their shorter side reduced to so many pixels; 0 reads them every time.",
            valueName: "n"))
    var keepSize = 0

    @Option(help: ArgumentHelp("The share of a label that is spread over all.", valueName: "share"))
    var labelSmoothing: Float = 0.1

    @Option(help: ArgumentHelp("Photos in a batch.", valueName: "n"))
    var batchSize = 64

    @OptionGroup var training: TrainingOptions

    func validate() throws {
        try Bounds.check(keepSize, in: 0...16_384, of: "--keep-size")
        try Bounds.check(patchDropout, in: 0...0.9, of: "--patch-dropout")
        try Bounds.check(batchSize, in: 1...65_536, of: "--batch-size")
        try Bounds.check(smallestCrop, in: 0.01...1, of: "--smallest-crop")
        try Bounds.check(colorJitter, in: 0...1, of: "--color-jitter")
        try Bounds.check(randAugment, in: 0...30, of: "--rand-augment")
        try Bounds.check(erasing, in: 0...1, of: "--erasing")
        try Bounds.check(mixup, in: 0...100, of: "--mixup")
        try Bounds.check(cutmix, in: 0...100, of: "--cutmix")
        try Bounds.check(labelSmoothing, in: 0...0.9, of: "--label-smoothing")
    }

    var entries: [Recipe.Entry] {
        [.init("data", data.map(GoalOptions.path))] + goal.recipeEntries + [
            .init("from-scratch", fromScratch.rawValue), .init("image-size", imageSize),
            .init("patch-size", patchSize), .init("smallest-crop", smallestCrop), .init("no-flip", flag: noFlip),
            .init("color-jitter", colorJitter), .init("rand-augment", randAugment), .init("erasing", erasing),
            .init("mixup", mixup), .init("cutmix", cutmix),
            .init("patch-dropout", patchDropout), .init("keep-size", keepSize),
            .init("label-smoothing", labelSmoothing), .init("batch-size", batchSize),
        ] + training.recipe
    }

    func train(to output: String) throws {
        guard let data else { throw ValidationError("Name the data to learn from: --data photos/.") }
        let registry = try Session.registry
        var photos = try PhotoData(
            data, validation: goal.validationData, share: goal.validationShare, seed: training.seed, registry: registry)
        let original = try goal.base.map { try Checkpoint($0) }
        // A base that knows just these labels keeps its head.
        let keepsHead = try original.map { try photos.takeOrder(of: Labels($0).names) } ?? false
        try prepare(output)
        let (checkpoint, parameters) = try model(from: original, keepsHead: keepsHead, photos.labels, output, registry)
        let task = try task(photos, checkpoint, parameters, registry)
        try freeze(parameters)
        try run(
            task, usualLearningRate: original == nil ? 1e-3 : 1e-4, to: output, examples: "photos",
            summary:
                "\(photos.split.training.count) photos to learn from, \(photos.split.heldOut.count) to measure by, \(photos.labels.count) labels",
            unreadable: task.unreadable, adjusting: { $0.regularization.patchDropout = patchDropout })
    }

    private func task(
        _ photos: PhotoData, _ checkpoint: Checkpoint, _ parameters: ParameterStore, _ registry: Registry
    ) throws -> ImageClassificationTask {
        var augmentation = ImageClassificationTask.Augmentation()
        (augmentation.smallestCrop, augmentation.flips, augmentation.colorJitter) = (smallestCrop, !noFlip, colorJitter)
        (augmentation.erasing, augmentation.mixup, augmentation.cutmix) = (erasing, mixup, cutmix)
        (augmentation.randAugment, augmentation.keptSize) = (randAugment, keepSize)
        return try ImageClassificationTask(
            checkpoint, parameters, items: photos.items, split: photos.split, labelCount: photos.labels.count,
            batchSize: batchSize, augmentation: augmentation, smoothing: labelSmoothing,
            savingAs: training.saveAs.elementType, registry: registry)
    }

    /// The model to train, whose configuration goes to the output folder; that of a run to go on with stands there.
    private func model(
        from original: Checkpoint?, keepsHead: Bool, _ labels: [String], _ output: String, _ registry: Registry
    ) throws -> (checkpoint: Checkpoint, parameters: ParameterStore) {
        if !goal.resume {
            if let original {
                try OtherLabels.write(original, labels: labels, to: output)
            } else {
                try NewVisionTransformer(fromScratch, imageSize: imageSize, patchSize: patchSize).write(
                    to: output, labels: labels)
            }
        }
        let result = try trainable(
            output, from: original,
            leavingOut: { !keepsHead && ($0.hasPrefix("classifier.") || $0.hasPrefix("head.")) }, registry: registry)
        guard try Labels(result.checkpoint).names == labels else {
            throw InputError(
                output, found: "a run with other labels than \(data ?? "the data") has now", needed: "the same ones",
                remedy: "Put the data back as it was, or start anew in another folder")
        }
        return result
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
