/// A decoder as generation steps it: embedding, stack with cache and memory, head.
///
/// Prompts of different lengths are filled up at the front, where attention does not look.
public struct TransformerStep: GenerationStep {
    private let embedding: TokenEmbedding
    private let decoder: Transformer
    private let head: TokenHead
    private let slots: Int
    private let capacity: Int
    private var memory: CrossMemory?
    private var cache: KeyValueCache?

    /// Creates the step before the first.
    ///
    /// - Parameters:
    ///   - memory: what cross-attention looks at, a row a prompt.
    ///   - configuration: the generation to come, for which memory is set aside.
    public init(
        _ embedding: TokenEmbedding, _ decoder: Transformer, _ head: TokenHead, memory: CrossMemory? = nil,
        for configuration: GenerationConfiguration
    ) {
        self.embedding = embedding
        self.decoder = decoder
        self.head = head
        self.memory = memory
        slots = max(configuration.beamCount, configuration.resultCount)
        // More is made room for when it is needed: most sequences end long before they must.
        capacity = min(configuration.maximumNewTokens ?? configuration.maximumLength, 64)
    }

    public var vocabularySize: Int { head.vocabularySize }

    public var positionLimit: Int { decoder.positionLimit }

    public mutating func callAsFunction(_ tokens: [[Int]], continuing rows: [Int]) throws -> Tensor {
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
        let cache =
            cache
            ?? KeyValueCache(
                for: decoder, rows: tokens.count, slots: tokens.count * slots, capacity: length + capacity)
        self.cache = cache
        let states = try decoder.decode(embeddings, cache: cache, memory: memory, visible: visible, needed: .last(1))
        return head(states.reshaped(to: [tokens.count, states.width]))
    }
}
