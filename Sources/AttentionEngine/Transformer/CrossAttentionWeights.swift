import Synchronization

/// One head of one layer's cross-attention.
public struct CrossAttentionHead: Sendable, Hashable {
    /// The layer, counted from 0.
    public var layer: Int
    /// The head, counted from 0.
    public var head: Int

    /// Names a head.
    public init(layer: Int, head: Int) {
        self.layer = layer
        self.head = head
    }
}

/// Listens to what some heads look at while a stack runs: fused attention keeps no weights, so they are computed beside it.
final class CrossAttentionListener: Sendable {
    private let heads: [CrossAttentionHead]
    private let memoryPositions: Int
    private let heard = Mutex<[CrossAttentionHead: Tensor]>([:])

    init(_ heads: [CrossAttentionHead], memoryPositions: Int) {
        self.heads = heads
        self.memoryPositions = memoryPositions
    }

    /// - Parameter queries: `[1, positions, heads · width]`.
    func hear(layer: Int, queries: Tensor, memory: AttentionMemory, input: Int) {
        let count = min(memoryPositions, memory.positions)
        for wanted in heads where wanted.layer == layer && (0..<memory.headCount).contains(wanted.head) {
            let scores = memory.scores(queries, sequence: input, head: wanted.head)
            let weights = scores.sliced(0..<count, along: 1).softmax()
            heard.withLock { $0[wanted] = weights }
        }
    }

    /// What each head was found to look at, in their order.
    var weights: [Tensor] { heard.withLock { heard in heads.compactMap { heard[$0] } } }
}

extension Transformer {
    /// How much some heads look at each position of the memory, while the stack reads a sequence.
    ///
    /// - Parameters:
    ///   - embeddings: `[1, positions, width]`, without positions.
    ///   - memory: of one sequence.
    ///   - heads: which; those that the stack has not are left out.
    ///   - memoryPositions: only as many positions of the memory share the attention; all where there are fewer.
    ///   - states: receives the result of `decode`, `[1, positions, width]`.
    /// - Returns: for each head that there is `[positions, memory positions]`, each row adding up to 1.
    /// - Throws: `InputError` if there are more positions than the model has.
    public func crossAttentionWeights(
        _ embeddings: Tensor, memory: CrossMemory, heads: [CrossAttentionHead], memoryPositions: Int = .max,
        states: inout Tensor?
    ) throws -> [Tensor] {
        precondition(memory.inputs.count == 1 && embeddings.shape[0] == 1, "only one sequence can be listened to")
        let listener = CrossAttentionListener(heads, memoryPositions: memoryPositions)
        states = try decode(embeddings, memory: memory.heard(by: listener))
        return listener.weights
    }
}
