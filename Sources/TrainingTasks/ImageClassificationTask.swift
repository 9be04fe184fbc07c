public import AttentionEngine
import ImagePlugin
public import PluginKit
public import Training

/// Learning to name what is in photos.
public struct ImageClassificationTask: TrainingTask {
    /// How photos are changed as they are learned from.
    public struct Augmentation: Sendable, Hashable, Codable {
        /// The least share of a photo's area that is cut out; 1 shows it whole.
        public var smallestCrop = 0.3
        /// Whether left and right are mirrored half the time.
        public var flips = true
        /// How far brightness, contrast and saturation change.
        public var colorJitter = 0.3
        /// How strong the two changes are that each photo undergoes, up to 30 (`RandAugment`); 0 for none.
        public var randAugment = 0
        /// How often a rectangle is erased.
        public var erasing = 0.0
        /// The parameter of mixing two photos through each other; 0 for never.
        public var mixup = 0.0
        /// The parameter of setting a part of one photo into another; 0 for never.
        public var cutmix = 0.0
        /// Photos are kept in memory once they are read, their shorter side reduced to so many pixels; 0 reads them every time.
        public var keptSize = 0

        /// Creates the usual changes.
        public init() {}
    }

    /// A photo as the model takes it.
    public struct Example: Sendable {
        /// `[3, height, width]`, normalized.
        var pixels: [Float]
        var label: Int
    }

    public let parameters: ParameterStore
    public let trainingIndices: [Int]
    public let batchPlan: BatchPlan
    public let loading: @Sendable (Int, UInt64) throws -> Example
    private let model: any ImageClassifying
    private let checkpoint: Checkpoint
    private let items: [LabelledFiles.Item]
    private let heldOut: [Int]
    /// The held-out photos that cannot be read, by name, and why; nothing is measured by them.
    public let unreadable: [(name: String, error: any Error)]
    private let labelCount: Int
    private let smoothing: Float
    private let augmentation: Augmentation
    private let size: (height: Int, width: Int)
    private let registry: Registry
    private let elementType: ElementType

    /// Creates the task.
    ///
    /// - Parameters:
    ///   - checkpoint: the model's, as `trainable` returns it.
    ///   - parameters: those that are trained.
    ///   - items: photos and their labels, those to learn from and those to measure by.
    ///   - split: which are which.
    ///   - labelCount: how many labels there are.
    ///   - batchSize: how many photos a batch has.
    ///   - augmentation: how photos are changed.
    ///   - smoothing: the share of a label that is spread over all.
    ///   - elementType: what weights are saved in: `.float32` or `.bfloat16`.
    ///   - registry: what reads photos and makes models.
    /// - Throws: `InputError` if the model is none that names what is in photos of one size.
    public init(
        _ checkpoint: Checkpoint, _ parameters: ParameterStore, items: [LabelledFiles.Item], split: DataSplit, labelCount: Int,
        batchSize: Int, augmentation: Augmentation = Augmentation(), smoothing: Float = 0.1,
        savingAs elementType: ElementType = .float32,
        registry: Registry
    ) throws {
        model = try registry.load(checkpoint, as: (any ImageClassifying).self)
        let converter = try ImageConverter(checkpoint, assuming: "ViTImageProcessor")
        guard let size = converter.outputSize else {
            throw InputError(
                checkpoint.name, found: "a preprocessor that keeps photos of different sizes", needed: "one size",
                remedy: "Use a model that resizes and crops")
        }
        self.checkpoint = checkpoint
        self.parameters = parameters
        self.items = items
        self.labelCount = labelCount
        self.augmentation = augmentation
        self.smoothing = smoothing
        self.size = size
        self.registry = registry
        self.elementType = elementType
        trainingIndices = split.training
        let tried = Processor.map(split.heldOut) { _ = try registry.read(InputFile(path: items[$0].path), as: Image.self) }
        var (readable, unreadable): ([Int], [(String, any Error)]) = ([], [])
        for (index, result) in zip(split.heldOut, tried) {
            switch result {
            case .success: readable.append(index)
            case .failure(let error): unreadable.append((items[index].path, error))
            }
        }
        (heldOut, self.unreadable) = (readable, unreadable)
        batchPlan = .count(batchSize)
        var steps: [any ImageAugmentation] = []
        if augmentation.smallestCrop < 1 {
            steps.append(
                RandomResizedCrop(width: size.width, height: size.height, scale: max(0.01, augmentation.smallestCrop)...1))
        }
        if augmentation.flips { steps.append(RandomHorizontalFlip()) }
        let jitter = augmentation.colorJitter
        if jitter > 0 { steps.append(ColorJitter(brightness: jitter, contrast: jitter, saturation: jitter)) }
        if augmentation.randAugment > 0 { steps.append(RandAugment(magnitude: augmentation.randAugment)) }
        let changes = ImageAugmentations(steps), erasing = RandomErasing(probability: augmentation.erasing)
        let isErasing = augmentation.erasing > 0, kept = KeptImages(shorterSide: augmentation.keptSize)
        loading = { index, seed in
            let image = try kept.image(index) { try registry.read(InputFile(path: items[index].path), as: Image.self) }
            var generator = SeededGenerator(state: seed)
            var pixels = try converter([changes(image, using: &generator)]).floats
            if isErasing { erasing(&pixels, height: size.height, width: size.width, using: &generator) }
            return Example(pixels: pixels, label: items[index].label)
        }
    }

    /// The types of files that are photos, by their extensions.
    public static func fileTypes(_ registry: Registry) -> Set<String> { registry.fileTypes(of: Image.self) }

    public func name(of index: Int) -> String { items[index].path }

    public func loss(of batch: [Example], seed: UInt64) throws -> Tensor {
        var pixels = batch.flatMap(\.pixels)
        let labels = batch.map(\.label)
        var generator = SeededGenerator(state: seed)
        var methods: [BatchMixing] = []
        if augmentation.mixup > 0 { methods.append(BatchMixing(.mixup, alpha: augmentation.mixup)) }
        if augmentation.cutmix > 0 { methods.append(BatchMixing(.cutmix, alpha: augmentation.cutmix)) }
        guard batch.count > 1, let mixing = methods.randomElement(using: &generator) else {
            return try Loss.crossEntropy(try logits(pixels, batch.count), labels, smoothing: smoothing)
        }
        var targets: [Float]
        (pixels, targets) = mixing(
            pixels, height: size.height, width: size.width, labels: labels, labelCount: labelCount, using: &generator)
        for index in targets.indices { targets[index] = (1 - smoothing) * targets[index] + smoothing / Float(labelCount) }
        return try Loss.crossEntropy(try logits(pixels, batch.count), probabilities: targets)
    }

    private func logits(_ pixels: [Float], _ count: Int) throws -> Tensor {
        let inputs = ["pixel_values": Tensor(pixels, shape: [count, 3, size.height, size.width])]
        guard let logits = try model.forward(inputs, detail: .answer)["logits"] else {
            throw InputError(
                checkpoint.name, found: "a model without a classifier", needed: "one that names what is in photos",
                remedy: "Use another base, or train from scratch")
        }
        return logits
    }

    /// The share of held-out photos whose label is the likeliest, and among the five likeliest.
    public func validate(progress: (Double) -> Void) throws -> [TrainingMeasure] {
        var (right, amongFive, measured) = (0, 0, 0)
        let (items, registry) = (items, registry)
        for start in stride(from: 0, to: heldOut.count, by: 32) {
            let part = heldOut[start..<min(start + 32, heldOut.count)]
            let read = Processor.map(Array(part)) { index in
                try (registry.read(InputFile(path: items[index].path), as: Image.self), items[index].label)
            }.compactMap { try? $0.get() }
            if !read.isEmpty {
                for (answers, (_, label)) in zip(try model.classify(read.map(\.0)), read) {
                    measured += 1
                    if answers.first?.index == label { right += 1 }
                    if answers.prefix(5).contains(where: { $0.index == label }) { amongFive += 1 }
                }
            }
            progress(Double(start + part.count) / Double(max(1, heldOut.count)))
        }
        guard measured > 0 else {
            throw InputError(
                "held-out photos", found: "none that can be read", needed: "some to measure by", remedy: "Check these files")
        }
        let count = Double(measured)
        return [
            TrainingMeasure("accuracy", Double(right) / count, isBetterHigher: true),
            TrainingMeasure("top-5", Double(amongFive) / count, isBetterHigher: true),
        ]
    }

    public func save(to folder: String) throws { try checkpoint.save(parameters, to: folder, as: elementType) }
}
