/// A decoder as generation steps it: embedding, stack with cache and memory, head.
///
/// Prompts of different lengths are filled up at the front, where attention does not look.
public struct TransformerStep: GenerationStep {
    private let embedding: TokenEmbedding
    private let decoder: Transformer
    private let head: TokenHead
    private let slots: Int
    private let capacity: Int
    private let keptPromptPositions: Int
    private var memory: CrossMemory?
    private var cache: KeyValueCache?
    /// The scores of what may follow each of the prompts' last positions, `[rows, kept positions, vocabulary]`, once the prompts
    /// were read, if any were to be kept.
    public private(set) var promptScores: Tensor?

    /// Creates the step before the first.
    ///
    /// - Parameters:
    ///   - embedding: ids to `[rows, positions, width]`.
    ///   - decoder: the stack, a causal one.
    ///   - head: `[rows, positions, width]` to `[rows, positions, vocabulary]`.
    ///   - memory: what cross-attention looks at, a row a prompt.
    ///   - configuration: the generation to come, for which memory is set aside.
    ///   - keptPromptPositions: how many of the prompts' last positions to keep the scores of.
    public init(
        _ embedding: TokenEmbedding, _ decoder: Transformer, _ head: TokenHead, memory: CrossMemory? = nil,
        for configuration: GenerationConfiguration, keptPromptPositions: Int = 0
    ) {
        self.embedding = embedding
        self.decoder = decoder
        self.head = head
        self.memory = memory
        self.keptPromptPositions = keptPromptPositions
        slots = max(configuration.beamCount, configuration.resultCount)
        // More is made room for when it is needed: most sequences end long before they must.
        capacity = min(configuration.maximumNewTokens ?? configuration.maximumLength, 64)
    }

    public var vocabularySize: Int { head.vocabularySize }

    public var positionLimit: Int { decoder.positionLimit }

    public mutating func callAsFunction(_ tokens: [[Int]], continuing rows: [Int]) throws -> Tensor {
        let isPrompt = cache == nil
        let scores = head(try states(tokens, continuing: rows))
        if isPrompt, keptPromptPositions > 0 { promptScores = scores }
        return scores.position(scores.shape[1] - 1)
    }

    /// The states of the last position of each row, `[rows, positions, width]`; of a prompt of as many as are kept.
    private mutating func states(_ tokens: [[Int]], continuing rows: [Int]) throws -> Tensor {
        let length = tokens.map(\.count).max() ?? 0
        let isRagged = tokens.contains { $0.count < length }
        let filled = isRagged ? tokens.map { Array(repeating: 0, count: length - $0.count) + $0 } : tokens
        let visible =
            isRagged
            ? Tensor(
                integers: tokens.flatMap { row in (0..<length).map { $0 < length - row.count ? 0 : 1 } },
                shape: [tokens.count, length])
            : nil
        let embeddings = try embedding(filled)
        if let cache {
            cache.reorder(rows)
            memory?.reorder(rows)
        }
        let isPrompt = cache == nil
        let cache =
            cache
            ?? KeyValueCache(
                for: decoder, rows: tokens.count, slots: tokens.count * slots, capacity: length + capacity)
        self.cache = cache
        let kept = isPrompt ? max(1, min(keptPromptPositions, length)) : 1
        return try decoder.decode(embeddings, cache: cache, memory: memory, visible: visible, needed: .last(kept))
    }
}

extension TransformerStep: ApproximatingStep {
    /// Not of a prompt, of whose scores some are kept.
    var canApproximate: Bool { cache != nil && head.canApproximate }

    mutating func approximate(_ tokens: [[Int]], continuing rows: [Int]) throws -> GenerationScores {
        let states = try states(tokens, continuing: rows)
        let last = states.position(states.shape[1] - 1)
        return head.approximateScores(last).map(GenerationScores.approximate) ?? .exact(head(last))
    }
}
