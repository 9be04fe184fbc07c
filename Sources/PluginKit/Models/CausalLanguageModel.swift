public import AttentionEngine

/// A model that writes on from what it reads: token embedding, one causal stack, and a head over the vocabulary.
///
/// A family of this kind has one and conforms to `CausalLanguageModeling`; the rest follows.
public struct CausalLanguageModel: Sendable {
    private let checkpoint: Checkpoint
    private let embedding: TokenEmbedding
    private let decoder: Transformer
    private let head: TokenHead
    private let longest: Int
    /// The most tokens that the model sees at once; `nil` where there is no limit.
    public var positionLimit: Int? { longest == .max ? nil : longest }

    /// Puts the parts together.
    ///
    /// - Parameters:
    ///   - checkpoint: where the tokenizer and the settings of writing are found.
    ///   - embedding: ids to `[batch, positions, width]`.
    ///   - decoder: a causal stack.
    ///   - head: `[batch, positions, width]` to `[batch, positions, vocabulary]`.
    ///   - positionLimit: the most positions the model was trained for, where the stack itself sets no limit.
    public init(
        _ checkpoint: Checkpoint, embedding: TokenEmbedding, decoder: Transformer, head: TokenHead, positionLimit: Int = .max
    ) {
        self.checkpoint = checkpoint
        self.embedding = embedding
        self.decoder = decoder
        self.head = head
        longest = min(positionLimit, decoder.positionLimit)
    }

    /// Runs `input_ids` with `attention_mask` through the model.
    ///
    /// - Throws: `InputError` naming the input that is missing or has the wrong shape.
    public func forward(_ inputs: NamedTensors, detail: ForwardDetail) throws -> NamedTensors {
        let ids = try TokenInput(inputs)
        let skipsPadding = try skipsPadding(ids, inputs)
        var outputs: NamedTensors = [:]
        let embedded = try embedding(ids.rows)
        let observe: ((Int, Tensor) -> Void)? = detail == .layers ? { outputs["hidden.\($0)"] = $1 } : nil
        let states =
            skipsPadding
            ? try decoder.decode(embedded, visible: ids.visible, observe: observe)
            : try decoder.encode(embedded, visible: ids.visible, observe: observe)
        outputs["logits"] = head(states)
        if detail != .answer { outputs["last_hidden_state"] = states }
        // The reference's last state is that after the final norm.
        if detail == .layers { outputs["hidden.\(decoder.configuration.layerCount)"] = states }
        return outputs
    }

    /// Whether positions are numbered without the padding, as the reference's `generate` does: where `position_ids` say so. Its
    /// model, given none, counts the padding.
    private func skipsPadding(_ ids: TokenInput, _ inputs: NamedTensors) throws -> Bool {
        guard inputs["position_ids"] != nil else { return false }
        let positions = try TokenInput(inputs, "position_ids", mask: nil).rows
        let flags = ids.visible?.integers, length = ids.rows[0].count
        func agree(_ number: (_ position: Int, _ before: Int) -> Int) -> Bool {
            guard positions.count == ids.rows.count, positions[0].count == length else { return false }
            return positions.indices.allSatisfy { row in
                var before = 0
                for position in 0..<length where flags.map({ $0[row * length + position] != 0 }) ?? true {
                    if positions[row][position] != number(position, before) { return false }
                    before += 1
                }
                return true
            }
        }
        if agree({ position, _ in position }) { return false }
        if agree({ _, before in before }) { return true }
        throw InputError(
            "position_ids", found: "numbers that leave some out, or another shape than that of input_ids",
            needed: "numbers from 0 upwards, with the padding or without it", remedy: "Leave them out, or number the positions so"
        )
    }

    /// The ids written after `input_ids`, `[rows, positions]`, of which `attention_mask` says what is padding.
    ///
    /// - Returns: a row of ids for each, those read included, filled up as the reference's `generate` does.
    /// - Throws: `InputError` naming the input that is missing or has the wrong shape, or the setting that cannot be.
    public func generate(_ inputs: NamedTensors, options: WritingOptions) throws -> Tensor {
        let input = try TokenInput(inputs)
        let settings = try settings(options)
        var step = TransformerStep(embedding, decoder, head, for: settings)
        let results = try Generator(settings).generate(&step, prompts: input.seen)
        return Tensor.filled(
            zip(input.rows, results).map { $0 + $1[0].ids }, with: settings.paddingToken ?? settings.endTokens.first ?? 0)
    }

    /// Writes on from a text; the parameters are those of `TextGenerating`.
    ///
    /// - Throws: `InputError` if the prompt is too long, or the tokenizer cannot be used.
    public func generate(_ prompt: String, options: WritingOptions, onText: (String) throws -> Bool) throws -> [Int] {
        let tokenizer = try checkpoint.tokenizer
        let settings = try settings(options)
        let encoded = try tokenizer.encode(prompt).ids
        // An empty prompt begins where the model begins.
        let ids = encoded.isEmpty ? [tokenizer.specialTokens.beginning ?? settings.endTokens.first ?? 0] : encoded
        guard ids.count < longest else {
            throw InputError(
                "", found: "a prompt of \(ids.count) tokens", needed: "fewer than the model's \(longest)",
                remedy: "Shorten the prompt")
        }
        var limited = settings
        limited.maximumNewTokens = min(
            settings.maximumNewTokens ?? max(0, settings.maximumLength - ids.count), longest - ids.count)
        var step = TransformerStep(embedding, decoder, head, for: limited)
        var stream = TokenStreamDecoder(tokenizer)
        let results = try withoutActuallyEscaping(onText) { onText in
            try Generator(limited).generate(&step, prompts: [ids]) { _, token in
                let piece = stream.append(token)
                return piece.isEmpty ? true : try onText(piece)
            }
        }
        let rest = stream.finish()
        if !rest.isEmpty { _ = try onText(rest) }
        return results[0][0].ids
    }

    private func settings(_ options: WritingOptions) throws -> GenerationConfiguration {
        options.applied(to: try checkpoint.generationConfiguration(vocabularySize: embedding.vocabularySize))
    }

    /// Pseudo-random `input_ids` of 32 positions.
    public func exampleInputs(batchSize: Int) -> NamedTensors {
        let length = min(32, longest)
        let ids = (0..<batchSize * length).map { ($0 * 7_919 + 101) % embedding.vocabularySize }
        return ["input_ids": Tensor(integers: ids, shape: [batchSize, length])]
    }
}

/// A family whose model is a `CausalLanguageModel`: it says how that is made, and can all that such a model can.
public protocol CausalLanguageModeling: TextGenerating, TensorGenerating {
    /// The model.
    var model: CausalLanguageModel { get }
}

extension CausalLanguageModeling {
    public var positionLimit: Int? { model.positionLimit }

    public func forward(_ inputs: NamedTensors, detail: ForwardDetail) throws -> NamedTensors {
        try model.forward(inputs, detail: detail)
    }

    public func generate(_ inputs: NamedTensors, options: WritingOptions) throws -> Tensor {
        try model.generate(inputs, options: options)
    }

    public func generate(_ prompt: String, options: WritingOptions, onText: (String) throws -> Bool) throws -> [Int] {
        try model.generate(prompt, options: options, onText: onText)
    }

    public func exampleInputs(batchSize: Int) -> NamedTensors { model.exampleInputs(batchSize: batchSize) }
}
