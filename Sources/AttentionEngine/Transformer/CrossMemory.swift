/// An encoder's states as each layer of a decoder looks at them, computed once for all steps.
///
/// Rows of the decoder that decode the same input, the beams of a sentence, share its memory: `reorder` says which row looks
/// at what, and moves no keys.
public struct CrossMemory: Sendable {
    private let layers: [AttentionMemory]
    private let mask: Tensor?
    /// The input that each row of the decoder looks at.
    public private(set) var inputs: [Int]

    // Neighbouring rows with one input are attended for together, as a group.
    private var groups: [Int] = []
    private var groupMask: Tensor?
    private var listener: CrossAttentionListener?

    init(layers: [AttentionMemory], visible: Tensor?, inputCount: Int) {
        self.layers = layers
        mask = visible.map(attentionMask)
        inputs = Array(0..<inputCount)
        group()
    }

    /// Lets row `i` of the decoder look at what row `rows[i]` looked at; rows may be named several times, or not at all.
    public mutating func reorder(_ rows: [Int]) {
        let reordered = rows.map { inputs[$0] }
        if reordered == inputs { return }
        inputs = reordered
        group()
    }

    private mutating func group() {
        // The longest length that divides every run of rows with one input.
        var size = 0, run = 0
        for (row, input) in inputs.enumerated() {
            run += 1
            if row == inputs.count - 1 || inputs[row + 1] != input {
                size = Self.greatestCommonDivisor(size, run)
                run = 0
            }
        }
        groups = stride(from: 0, to: inputs.count, by: max(1, size)).map { inputs[$0] }
        groupMask = mask.map { mask in
            mask.shape[0] == groups.count && groups == Array(0..<groups.count)
                ? mask : .concatenated(groups.map { mask.sliced($0..<$0 + 1, along: 0) }, along: 0)
        }
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }

    /// The same memory, whose readers are listened to.
    func heard(by listener: CrossAttentionListener) -> CrossMemory {
        var result = self
        result.listener = listener
        return result
    }

    /// What one layer needs of it.
    struct Layer {
        var keysAndValues: AttentionMemory
        /// The input that each group of queries looks at.
        var groups: [Int]
        /// `[groups, positions]`.
        var mask: Tensor?
        /// Told what the layer asks for.
        var hear: ((_ queries: Tensor) -> Void)?
    }

    func layer(_ index: Int) -> Layer {
        let memory = layers[index], input = inputs.first ?? 0
        return Layer(
            keysAndValues: memory, groups: groups, mask: groupMask,
            hear: listener.map { listener in { listener.hear(layer: index, queries: $0, memory: memory, input: input) } })
    }
}

extension Transformer {
    /// Prepares an encoder's states for the cross-attention of this stack.
    ///
    /// - Parameters:
    ///   - states: `[batch, positions, width]`, or as wide as the configuration's `memoryWidth`.
    ///   - visible: `[batch, positions]`, zero where a position is padding; all are seen where `nil`.
    public func memory(of states: Tensor, visible: Tensor? = nil) -> CrossMemory {
        precondition(states.rank == 3 && states.width == configuration.memoryWidth ?? configuration.width, "\(states.shape)")
        precondition(visible == nil || visible!.shape == Array(states.shape.prefix(2)), "mask of another shape")
        return CrossMemory(
            layers: layers.compactMap { $0.crossAttention?.keysAndValues(of: states) }, visible: visible,
            inputCount: states.shape[0])
    }
}
