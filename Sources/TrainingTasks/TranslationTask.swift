public import AttentionEngine
import Metrics
public import PluginKit
public import Training

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Learning to say sentences in another language.
public struct TranslationTask: TrainingTask {
    /// A pair as the model takes it.
    public struct Example: Sendable {
        /// The ids of the sentence, and those of its translation with what ends it.
        var source: [Int]
        var target: [Int]
    }

    /// What a run does with its pairs.
    public struct Options: Sendable, Hashable, Codable {
        /// How many tokens the longer sides of a batch's pairs have together, padding included.
        public var batchTokens = 3_000
        /// Pairs of which a side has more tokens are left out.
        public var longest = 128
        /// The share of a token that is spread over all.
        public var smoothing: Float = 0.1
        /// What stands before every sentence, such as `>>fra<<`, for models of several languages or tasks.
        public var prefix = ""
        /// The most held-out sentences that are translated to measure by.
        public var measured = 500

        /// Creates the usual options.
        public init() {}
    }

    public let parameters: ParameterStore
    public let trainingIndices: [Int]
    public let batchPlan: BatchPlan
    public let loading: @Sendable (Int, UInt64) throws -> Example
    /// How many pairs there are to measure by.
    public var heldOutCount: Int { heldOut.count }
    /// How many pairs are left out: those without a text on one side, and those that are too long.
    public let leftOut: (empty: Int, long: Int)
    private let model: any Translating
    private let checkpoint: Checkpoint
    private let pairs: SentencePairs
    private let heldOut: [Int]
    private let options: Options
    private let elementType: ElementType
    private let start, padding: Int

    /// Creates the task.
    ///
    /// - Parameters:
    ///   - checkpoint: the model's, with its tokenizer, as `trainable` returns it.
    ///   - parameters: those that are trained.
    ///   - pairs: the sentences.
    ///   - options: what is done with them.
    ///   - elementType: what weights are saved in: `.float32` or `.bfloat16`.
    ///   - registry: what makes models and tokenizers.
    ///   - progress: is told how many pairs have been counted.
    /// - Throws: `InputError` if the model does not translate, or no pair can be learned from.
    public init(
        _ checkpoint: Checkpoint, _ parameters: ParameterStore, pairs: SentencePairs, options: Options = Options(),
        savingAs elementType: ElementType = .float32, registry: Registry, progress: (Int) -> Void = { _ in }
    ) throws {
        model = try registry.load(checkpoint, as: (any Translating).self)
        let tokenizer = try registry.tokenizer(for: checkpoint)
        let settings = try checkpoint.generationConfiguration(vocabularySize: tokenizer.vocabularySize)
        let special = tokenizer.specialTokens
        guard let end = special.end ?? settings.endTokens.first, let padding = settings.paddingToken ?? special.padding else {
            throw InputError(
                checkpoint.name, found: "a tokenizer without tokens that end and fill up texts", needed: "both",
                remedy: "Use the tokenizer that was published with the model")
        }
        self.checkpoint = checkpoint
        self.parameters = parameters
        self.pairs = pairs
        self.options = options
        self.elementType = elementType
        self.padding = padding
        start = settings.decoderStartToken ?? padding
        let prefix = options.prefix.isEmpty ? "" : options.prefix + " "
        @Sendable func example(_ index: Int) throws -> Example {
            let pair = try pairs.pair(index)
            let target = try tokenizer.target.encode(pair.target).ids
            return Example(
                source: try tokenizer.encode(prefix + pair.source).ids, target: target.last == end ? target : target + [end])
        }
        loading = { index, _ in try example(index) }

        var lengths = [Int](repeating: 0, count: pairs.count)
        var (empty, long) = (0, 0)
        for first in stride(from: 0, to: pairs.count, by: 4_096) {
            let part = Array(first..<min(first + 4_096, pairs.count))
            let counted = Processor.map(part) { index -> Int in
                let pair = try pairs.pair(index)
                if pair.source.allSatisfy(\.isWhitespace) || pair.target.allSatisfy(\.isWhitespace) { return 0 }
                let example = try example(index)
                return max(example.source.count, example.target.count)
            }
            for (index, count) in zip(part, counted) {
                let count = try count.get()
                if count == 0 { empty += 1 } else if count > options.longest { long += 1 } else { lengths[index] = count }
            }
            progress(part[part.count - 1] + 1)
        }
        leftOut = (empty, long)
        let counts = lengths
        trainingIndices = pairs.split.training.filter { counts[$0] > 0 }
        heldOut = pairs.split.heldOut.filter { counts[$0] > 0 }
        guard !trainingIndices.isEmpty, !heldOut.isEmpty else {
            throw InputError(
                pairs.name(of: 0), found: "\(trainingIndices.count) pairs to learn from and \(heldOut.count) to measure by",
                needed: "some of both, of at most \(options.longest) tokens a side",
                remedy: "Give more data, or allow longer pairs")
        }
        batchPlan = .tokens(budget: options.batchTokens, lengths: lengths)
        // A model of several languages without a mark is refused before the run, not at its first measurement.
        _ = try translated([pairs.pair(heldOut[0]).source])
    }

    /// What the model writes greedily.
    private func translated(_ texts: [String]) throws -> [String] {
        var writing = WritingOptions()
        writing.beamCount = 1
        let prefixed = options.prefix.isEmpty ? texts : texts.map { "\(options.prefix) \($0)" }
        return try model.translate(prefixed, from: nil, to: nil, options: writing).map { $0.first?.text ?? "" }
    }

    public func name(of index: Int) -> String { pairs.name(of: index) }

    public func loss(of batch: [Example], seed: UInt64) throws -> Tensor {
        try Loss.crossEntropy(logits(batch), targets(batch), smoothing: options.smoothing)
    }

    private func logits(_ batch: [Example]) throws -> Tensor {
        let sources = batch.map(\.source)
        var inputs = [
            "input_ids": Tensor.filled(sources, with: padding),
            "decoder_input_ids": Tensor.filled(batch.map { [start] + $0.target.dropLast() }, with: padding),
        ]
        if Set(sources.map(\.count)).count > 1 {
            inputs["attention_mask"] = Tensor.filled(sources.map { $0.map { _ in 1 } }, with: 0)
        }
        guard let logits = try model.forward(inputs, detail: .answer)["logits"] else {
            throw InputError(
                checkpoint.name, found: "a model that gives no logits", needed: "an encoder and a decoder with a head",
                remedy: "Use another base, or train from scratch")
        }
        return logits
    }

    private func targets(_ batch: [Example]) -> [Int] {
        let length = batch.map(\.target.count).max() ?? 0
        return batch.flatMap { $0.target + Array(repeating: Loss.ignored, count: length - $0.target.count) }
    }

    /// BLEU of what the model writes greedily, against all translations that there are of a sentence, and the perplexity of all
    /// held-out pairs.
    public func validate(progress: (Double) -> Void) throws -> [TrainingMeasure] {
        var (order, references): ([String], [String: [String]]) = ([], [:])
        for index in heldOut {
            let pair = try pairs.pair(index)
            if references[pair.source] == nil {
                if order.count == options.measured { continue }
                order.append(pair.source)
            }
            references[pair.source, default: []].append(pair.target)
        }
        var bleu = BLEUScore()
        for start in stride(from: 0, to: order.count, by: 64) {
            let texts = Array(order[start..<min(start + 64, order.count)])
            for (text, answer) in zip(texts, try translated(texts)) { bleu.add(answer, references: references[text] ?? []) }
            progress(0.8 * Double(start + texts.count) / Double(order.count))
        }
        let perplexity = try perplexity { progress(0.8 + 0.2 * $0) }
        return [
            TrainingMeasure("bleu", bleu.score, isBetterHigher: true),
            TrainingMeasure("perplexity", perplexity, isBetterHigher: false),
        ]
    }

    /// Of each token of held-out translations, given those before it.
    private func perplexity(progress: (Double) -> Void) throws -> Double {
        var (total, count, done) = (0.0, 0, 0)
        for batch in batchPlan.batches(of: heldOut, state: 0) {
            let examples = try batch.map { try loading($0, 0) }, targets = targets(examples)
            let loss = try Loss.crossEntropy(logits(examples), targets).floats[0]
            let tokens = targets.count { $0 != Loss.ignored }
            total += Double(loss) * Double(tokens)
            count += tokens
            done += batch.count
            progress(Double(done) / Double(heldOut.count))
        }
        return exp(total / Double(max(1, count)))
    }

    public func save(to folder: String) throws { try checkpoint.save(parameters, to: folder, as: elementType) }
}
