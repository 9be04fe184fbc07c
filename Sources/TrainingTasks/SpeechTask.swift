public import AttentionEngine
import AudioPlugin
import Metrics
public import PluginKit
public import Training

/// Learning to write down what is said.
public struct SpeechTask: TrainingTask {
    /// A recording and its text as the model takes them.
    public struct Example: Sendable {
        /// `[bins, frames]`.
        var features: Tensor
        /// The ids of the text, from what every text starts with to what ends it.
        var ids: [Int]
        /// How many of the first the model is given.
        var givenCount: Int
        /// The classes that the text is spelled in.
        var spelled: [Int]
        /// What share of the window is heard.
        var heard: Double
    }

    /// What a run does with its recordings.
    public struct Options: Sendable, Hashable, Codable {
        /// The code of the language that is spoken, for models of several; English where `nil`.
        public var language: String?
        /// Whether texts are learned in small letters.
        public var lowercases = false
        /// How many recordings a batch has.
        public var batchSize = 32
        /// The share of a token that is spread over all.
        public var smoothing: Float = 0.1
        /// The share of the loss that is of spelling, by the encoder alone, what is said (Hori et al., 2017); 0 for none.
        public var spelling: Float = 0.3
        /// How words are said, to be spelled by their sounds; by their characters without it.
        public var pronunciations: String?
        /// A table of words and when they are said, as `align` writes it, for recordings put together of words.
        public var words: String?
        /// How often a token that the model is given is another one, so that it learns to listen.
        public var tokenNoise = 0.0
        /// How recordings are changed.
        public var augmentation = SpeechAugmentation()

        /// Creates the usual options.
        public init() {}
    }

    public let parameters: ParameterStore
    public let trainingIndices: [Int]
    public let batchPlan: BatchPlan
    public let loading: @Sendable (Int, UInt64) throws -> Example
    /// The recordings that cannot be read, or are too long, among those held out; nothing is measured by them.
    public let unreadable: [(name: String, error: any Error)]
    private let model: any SpeechLearning
    private let checkpoint: Checkpoint
    private let clips: SpeechClips
    private let heldOut: [Int]
    private let options: Options
    private let elementType: ElementType
    private let registry: Registry
    private let speller: Speller?

    /// How many recordings there are to measure by.
    public var heldOutCount: Int { heldOut.count }
    /// Where the parameters stand that only training has.
    static let ownPath = "spelling"
    /// Whether a parameter, by its name, is one that only training has.
    @Sendable public static func isOwn(_ name: String) -> Bool { name.hasPrefix(ownPath + ".") }

    /// Creates the task.
    ///
    /// - Parameters:
    ///   - checkpoint: the model's, with its tokenizer, as `trainable` returns it.
    ///   - parameters: those that are trained.
    ///   - clips: the recordings.
    ///   - options: what is done with them.
    ///   - elementType: what weights are saved in: `.float32` or `.bfloat16`.
    ///   - registry: what reads recordings and makes models.
    /// - Throws: `InputError` if the model cannot be trained to write down speech, or no recording can be measured by.
    public init(
        _ checkpoint: Checkpoint, _ parameters: ParameterStore, clips: SpeechClips, options: Options = Options(),
        savingAs elementType: ElementType = .float32, registry: Registry
    ) throws {
        let model = try registry.load(checkpoint, as: (any SpeechLearning).self)
        self.model = model
        self.checkpoint = checkpoint
        self.parameters = parameters
        self.clips = clips
        self.options = options
        self.elementType = elementType
        self.registry = registry
        trainingIndices = clips.split.training
        batchPlan = .count(options.batchSize)
        let reader = try TrainingClips(clips: clips, model: model, options: options, registry: registry)
        loading = { try reader.example($0, seed: $1) }
        speller = try reader.spelling.map {
            try Speller($0, width: checkpoint.configuration(as: EncoderWidth.self).width, checkpoint.weights[Self.ownPath])
        }

        var (readable, unreadable): ([Int], [(String, any Error)]) = ([], [])
        for (index, result) in zip(clips.split.heldOut, Processor.map(clips.split.heldOut) { _ = try reader.plain($0) }) {
            switch result {
            case .success: readable.append(index)
            case .failure(let error): unreadable.append((clips.items[index].path, error))
            }
        }
        (heldOut, self.unreadable) = (readable, unreadable)
        guard !readable.isEmpty else {
            throw InputError(
                unreadable.first?.0 ?? "", found: unreadable.first.map { "\($0.1)" } ?? "nothing held out",
                needed: "a recording to measure by", remedy: "Hold others out")
        }
    }

    public func name(of index: Int) -> String { clips.items[index].path }

    public func loss(of batch: [Example], seed: UInt64) throws -> Tensor {
        let (logits, states) = try forward(batch, seed: seed)
        let written = try Loss.crossEntropy(logits, targets(batch), smoothing: options.smoothing)
        guard let speller, let states else { return written }
        let frames = batch.map { min(states.shape[1], Int((Double(states.shape[1]) * $0.heard).rounded(.up))) }
        let spelled = try Loss.ctc(speller(states), batch.map(\.spelled), frames: frames)
        return written.scaled(by: 1 - options.spelling).adding(spelled.scaled(by: options.spelling))
    }

    private func forward(_ batch: [Example], seed: UInt64) throws -> (logits: Tensor, states: Tensor?) {
        let shape = batch[0].features.shape
        let features = Tensor.concatenated(batch.map { $0.features.reshaped(to: [1] + shape) }, along: 0)
        var generator = SeededGenerator(state: seed)
        let written = batch.map { example in
            example.ids.dropLast().enumerated().map { place, id in
                guard place >= example.givenCount, Double.random(in: 0..<1, using: &generator) < options.tokenNoise else {
                    return id
                }
                // Another text's token at random.
                let other = batch[Int.random(in: 0..<batch.count, using: &generator)]
                return other.ids[Int.random(in: other.givenCount..<other.ids.count, using: &generator)]
            }
        }
        let inputs = ["input_features": features, "decoder_input_ids": Tensor.filled(written, with: batch[0].ids.last ?? 0)]
        let outputs = try model.forward(inputs, detail: speller == nil ? .answer : .states)
        guard let logits = outputs["logits"] else {
            throw InputError(
                checkpoint.name, found: "a model that gives no logits", needed: "one that writes text",
                remedy: "Use another base, or train from scratch")
        }
        return (logits, outputs["encoder_last_hidden_state"])
    }

    /// What each position is to write: nothing where it is given.
    private func targets(_ batch: [Example]) -> [Int] {
        let length = (batch.map(\.ids.count).max() ?? 1) - 1
        return batch.flatMap { example in
            let ids = example.ids.enumerated().dropFirst().map { $0.offset < example.givenCount ? Loss.ignored : $0.element }
            return ids + Array(repeating: Loss.ignored, count: length - ids.count)
        }
    }

    /// The rates of word and character errors in what the model writes greedily of held-out recordings.
    public func validate(progress: (Double) -> Void) throws -> [TrainingMeasure] {
        var listening = TranscriptionOptions()
        (listening.language, listening.hasTimestamps, listening.temperatures) = (options.language, false, [0])
        (listening.skipsSilence, listening.beamCount) = (false, 1)
        var (words, characters) = (ErrorRate(), ErrorRate())
        for (done, index) in heldOut.enumerated() {
            let sound = try registry.read(InputFile(path: clips.items[index].path), as: Waveform.self)
            let text = try model.transcribe(sound, options: listening) { _ in true }.text
            let reference = ErrorRate.words(TrainingClips.text(clips.items[index], options)).joined(separator: " ")
            let hypothesis = ErrorRate.words(text).joined(separator: " ")
            words.addWords(reference: reference, hypothesis: hypothesis)
            characters.addCharacters(reference: reference, hypothesis: hypothesis)
            progress(Double(done + 1) / Double(heldOut.count))
        }
        return [
            TrainingMeasure("wer", words.rate, isBetterHigher: false),
            TrainingMeasure("cer", characters.rate, isBetterHigher: false),
        ]
    }

    public func save(to folder: String) throws {
        try checkpoint.save(parameters, to: folder, as: elementType, leavingOut: Self.isOwn)
        try speller?.save(parameters.tensors().filter { Self.isOwn($0.name) }, to: folder)
    }
}
