public import AttentionEngine
public import PluginKit

/// BERT (Devlin et al., 2019, arXiv:1810.04805), RoBERTa (Liu et al., 2019, arXiv:1907.11692) and DistilBERT (Sanh et al., 2019,
/// arXiv:1910.01108), with the heads they are published with.
public struct BertFamily: TextClassifying, TextEmbedding, MaskFilling {
    public static let name = "BERT"
    public static let modelTypes: Set = ["bert", "roberta", "xlm-roberta", "camembert", "distilbert"]

    private let checkpoint: Checkpoint
    private let tokenizer: Result<any Tokenizer, any Error>
    private let encoder: TextEncoder  // [batch, positions] of ids → [batch, positions, width]
    private let pooling: Result<SentencePooling, any Error>
    private let head: Head

    /// What stands on the encoder's states.
    private enum Head {
        /// Every state → a score for each token.
        case masked(Linear, Activation, Normalization, output: TokenHead)
        /// The first state → a score for each label.
        case classifier(Linear, Activation, output: Linear, Labels)
        /// The first state → a vector for the whole text.
        case pooler(Linear, Activation)
        case none
    }

    public init(_ checkpoint: Checkpoint) throws {
        let configuration = try BertConfiguration(checkpoint)
        let layout = BertLayout(modelType: checkpoint.modelType)
        let weights = try checkpoint.weights
        let model = weights.contains(layout.prefix) ? weights[layout.prefix] : weights
        let offset = layout.skipsPadding ? configuration.padding + 1 : 0
        let tokens = try TokenEmbedding(configuration.vocabularySize, configuration.width, model["embeddings.word_embeddings"])
        let hasTypes = model.contains("embeddings.token_type_embeddings")
        self.checkpoint = checkpoint
        tokenizer = Result { try checkpoint.tokenizer }
        encoder = TextEncoder(
            tokens: tokens,
            types: hasTypes
                ? try TokenEmbedding(configuration.typeCount, configuration.width, model["embeddings.token_type_embeddings"])
                : nil,
            positions: layout.skipsPadding
                ? try TokenEmbedding(
                    configuration.positionCount, configuration.width, model["embeddings.position_embeddings"])
                : nil,
            transformer: try Transformer(
                configuration.backbone(checkpoint, hasPositions: !layout.skipsPadding), model, names: layout.names),
            padding: configuration.padding, limit: max(0, configuration.positionCount - offset))
        pooling = Result { try SentencePooling(checkpoint) }
        head = try Self.head(configuration, layout, weights, model, tokens, checkpoint)
    }

    private static func head(
        _ configuration: BertConfiguration, _ layout: BertLayout, _ weights: Weights, _ model: Weights, _ tokens: TokenEmbedding,
        _ checkpoint: Checkpoint
    ) throws -> Head {
        let width = configuration.width
        let (masked, classifier) = (layout.masked, layout.classifier)
        if weights.contains(classifier.output) {
            let labels = try Labels(checkpoint)
            return .classifier(
                try Linear(width, width, weights[classifier.dense]), classifier.activation,
                output: try labels.classifier(width, weights[classifier.output], of: checkpoint), labels)
        }
        if weights.contains(masked.dense) {
            let count = configuration.vocabularySize
            let bias = try masked.biases.first { weights.shape(of: $0) != nil }.map { try weights.get($0, [count]) }
            let isTied = weights.shape(of: "\(masked.output).weight") == nil
            let table = isTied ? tokens.table : try weights.stored("\(masked.output).weight", [count, width])
            return .masked(
                try Linear(width, width, weights[masked.dense]), try configuration.activation(checkpoint),
                try Normalization(width, .init(epsilon: configuration.normEpsilon), weights[masked.norm]),
                output: try TokenHead(table, bias: bias))
        }
        if model.contains("pooler.dense") { return .pooler(try Linear(width, width, model["pooler.dense"]), .tanh) }
        return .none
    }

    public func forward(_ inputs: NamedTensors, detail: ForwardDetail) throws -> NamedTensors {
        var needed = Transformer.NeededPositions.all
        if case .classifier = head { needed = .first(1) }
        return try encoder.forward(inputs, detail: detail, needed: needed) { states in
            switch head {
            case .masked, .classifier: ["logits": logits(states)]
            // What stands under the pooler is the answer people take from such a model.
            case .pooler(let dense, let activation):
                ["last_hidden_state": states, "pooler_output": dense(states.position(0), activation: activation)]
            case .none: [:]
            }
        }
    }

    public func exampleInputs(batchSize: Int) -> NamedTensors { encoder.exampleInputs(batchSize: batchSize) }

    public static func initialization(of checkpoint: Checkpoint) throws -> ParameterInitialization {
        let layout = BertLayout(modelType: checkpoint.modelType)
        let architectures = try BertConfiguration(checkpoint).architectures
        var optional = ["\(layout.prefix).embeddings.word_embeddings.weight": 2]
        if checkpoint.modelType != "distilbert" { optional["\(layout.prefix).embeddings.token_type_embeddings.weight"] = 2 }
        if architectures.contains(where: { $0.hasSuffix("ForSequenceClassification") }) {
            optional["\(layout.classifier.output).weight"] = 2
        } else if architectures.contains(where: { $0.hasSuffix("ForMaskedLM") }) {
            optional["\(layout.masked.dense).weight"] = 2
            if let bias = layout.masked.biases.first { optional[bias] = 1 }
        }
        return ParameterInitialization(.normal(deviation: 0.02), optional: optional)
    }

    public static func summary(of checkpoint: Checkpoint) throws -> ModelSummary {
        let configuration = try BertConfiguration(checkpoint)
        var tasks = ["embed"]
        var facts = configuration.sizes
        if configuration.architectures.contains(where: { $0.hasSuffix("ForSequenceClassification") }) {
            tasks.append("classify-text")
            facts.append(.init("labels", try Labels(checkpoint).count))
        }
        if configuration.architectures.contains(where: { $0.hasSuffix("ForMaskedLM") || $0.hasSuffix("ForPreTraining") }) {
            tasks.append("fill-mask")
        }
        let pooling = Result { try SentencePooling(checkpoint).description }
        let steps: [String] =
            switch pooling {
            case .success(let pooling): ["for embed: \(pooling)"]
            case .failure(let error): ["for embed: unusable: \(error)"]
            }
        return ModelSummary(tasks: tasks, sizes: facts, preprocessing: steps)
    }

    private func logits(_ states: Tensor) -> Tensor {
        switch head {
        case .masked(let dense, let activation, let norm, let output): output(norm(dense(states, activation: activation)))
        case .classifier(let dense, let activation, let output, _):
            output(dense(states.position(0), activation: activation))
        case .pooler, .none: states
        }
    }
}

// MARK: - Tasks

extension BertFamily {
    public func classify(_ inputs: [String]) throws -> [[Classification]] {
        guard case .classifier(_, _, _, let labels) = head else {
            throw missing("a classifier", "one fine-tuned to classify texts")
        }
        let texts = try inputs.map { try whole($0) }
        return try inLengthOrder(texts) { labels.ranked(logits(try encoder($0, needed: .first(1)))) }
    }

    public func embed(_ texts: [String]) throws -> [[Float]] {
        let pooling = try pooling.get()
        let tokenizer = try tokenizer.get()
        let limit = min(encoder.limit, pooling.maximumLength ?? tokenizer.maximumLength ?? .max)
        let tokenized = try texts.map { try tokenizer.encode($0).cut(to: limit, special: tokenizer.specialTokens.all) }
        return try inLengthOrder(tokenized) { batch in
            let states = try encoder(batch, needed: pooling.needed)
            return zip(batch.indices, batch).map { row, text in
                pooling(states.sliced(row..<row + 1, along: 0), count: text.ids.count)
            }
        }
    }

    public var maskToken: String {
        guard let tokenizer = try? tokenizer.get(), let id = tokenizer.specialTokens.mask else { return "[MASK]" }
        return tokenizer.token(of: id) ?? "[MASK]"
    }

    public func fillMasks(in text: String, top: Int) throws -> [MaskPrediction] {
        guard case .masked = head else { throw missing("a head that fills masks", "one trained to do so") }
        let tokenizer = try tokenizer.get()
        let tokenized = try whole(text)
        let special = tokenizer.specialTokens
        let masks = tokenized.ids.indices.filter { tokenized.ids[$0] == special.mask }
        guard !masks.isEmpty else {
            throw InputError(
                "", found: "no \(maskToken) in the text", needed: "one where a word is missing",
                remedy: "Write it as \(maskToken)")
        }
        let states = try encoder([tokenized])
        return masks.enumerated().flatMap { number, position in
            let probabilities = logits(states.sliced(position..<position + 1, along: 1)).softmax().floats
            let likeliest = probabilities.indices.sorted { (probabilities[$1], $0) < (probabilities[$0], $1) }.prefix(max(0, top))
            return likeliest.map { id in
                var ids = tokenized.ids
                ids[position] = id
                // The text's other masks stay to be seen.
                let shown = ids.filter { $0 == special.mask || !special.all.contains($0) }
                return MaskPrediction(
                    mask: number, token: tokenizer.decode([id], skipSpecialTokens: false).trimmed, id: id,
                    probability: probabilities[id], sequence: tokenizer.decode(shown, skipSpecialTokens: false).trimmed)
            }
        }
    }

    /// The tokens of a text that fits the model.
    private func whole(_ text: String) throws -> TokenizedText {
        let tokenized = try tokenizer.get().encode(text)
        guard tokenized.ids.count <= encoder.limit else {
            throw InputError(
                "", found: "a text of \(tokenized.ids.count) tokens", needed: "at most the model's \(encoder.limit)",
                remedy: "Shorten the text or cut it into parts")
        }
        return tokenized
    }

    private func missing(_ found: String, _ needed: String) -> InputError {
        InputError(
            checkpoint.folder, found: "a \(Self.name) model without \(found)", needed: needed, remedy: "Use another checkpoint")
    }

    /// Works on texts of like length together, so that little is filled up, and answers in the order they came in.
    private func inLengthOrder<Answer>(_ texts: [TokenizedText], _ work: ([TokenizedText]) throws -> [Answer]) throws -> [Answer]
    {
        let order = texts.indices.sorted { texts[$0].ids.count < texts[$1].ids.count }
        var answers = [Answer?](repeating: nil, count: texts.count)
        for start in stride(from: 0, to: order.count, by: 32) {
            let part = order[start..<min(start + 32, order.count)]
            for (index, answer) in zip(part, try work(part.map { texts[$0] })) { answers[index] = answer }
        }
        return answers.compactMap(\.self)
    }
}

extension TokenizedText {
    /// The text cut to `limit` tokens, the special ones at its end kept.
    fileprivate func cut(to limit: Int, special: Set<Int>) -> TokenizedText {
        guard ids.count > limit else { return self }
        let tail = ids.reversed().prefix { special.contains($0) }.count
        let head = max(0, limit - tail)
        return TokenizedText(
            ids: Array(ids.prefix(head) + ids.suffix(min(tail, limit))),
            typeIDs: Array(typeIDs.prefix(head) + typeIDs.suffix(min(tail, limit))))
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
