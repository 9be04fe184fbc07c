import CKernels

extension AttentionOperands {
    /// The tape to record on, where an operand is tracked.
    var tape: GradientTape? {
        guard
            let tape = GradientTape.tracking(query.tensor, key.tensor, value.tensor) ?? GradientTape.tracking(query.tensor, bias)
        else { return nil }
        precondition(sequences == nil && key.tensor.elementType == .float32, "keys from a cache have no gradients")
        return tape
    }

    /// Attends, and remembers of the scores only the logarithm of each row's sum of exponentials.
    func attend(recordedOn tape: GradientTape) -> Tensor {
        var result = Tensor(repeating: 0, shape: [0])
        let statistics = Tensor(shape: statisticsShape) { statistics in
            result = withOperation { operation in
                if let start = statistics.baseAddress { apus_attend_for_gradient(kernels, &operation, start) }
            }
        }
        let output = result
        return tape.remember(output) { [self] in addGradients($0, output: output, statistics: statistics) }
    }

    private func addGradients(_ gradient: Tensor, output: Tensor, statistics: Tensor) {
        let queries = GradientBuffer(query.tensor)
        let keys = key.tensor.storage === query.tensor.storage ? queries : GradientBuffer(key.tensor)
        let values =
            value.tensor.storage === query.tensor.storage
            ? queries : value.tensor.storage === key.tensor.storage ? keys : GradientBuffer(value.tensor)
        let batch = query.tensor.shape[0]
        queries.written += batch * query.count * shape.heads * shape.keyWidth
        keys.written += batch * key.count * shape.keyValueHeads * shape.keyWidth
        values.written += batch * key.count * shape.keyValueHeads * shape.valueWidth
        for buffer in [queries, keys, values] { buffer.clearUnlessWritten() }
        let biasGradient = bias.flatMap { $0.node == nil ? nil : Tensor(repeating: 0, shape: $0.shape) }

        output.withFloatBuffer { out in
            gradient.withFloatBuffer { dy in
                statistics.withFloatBuffer { statistics in
                    guard let out = out.baseAddress, let dy = dy.baseAddress, let statistics = statistics.baseAddress else {
                        return
                    }
                    withOperation(writingTo: UnsafeMutablePointer(mutating: out)) { operation in
                        withUnsafePointer(to: operation) { attention in
                            var backward = apus_attention_gradient(
                                attention: attention, statistics: statistics, out: dy, query: queries.start + query.offset,
                                key: keys.start + key.offset, value: values.start + value.offset,
                                bias: biasGradient?.withMutableFloats { $0.baseAddress })
                            apus_attend_backward(kernels, &backward)
                        }
                    }
                }
            }
        }
        queries.addToNode()
        if keys !== queries { keys.addToNode() }
        if values !== keys, values !== queries { values.addToNode() }
        if let biasGradient { bias?.node?.add(biasGradient) }
    }
}

/// The gradient of a tensor whose columns are queries, keys and values, while it is written.
private final class GradientBuffer {
    let tensor: Tensor
    private let node: GradientNode?
    /// How many elements are written.
    var written = 0
    private var isCleared = false

    init(_ operand: Tensor) {
        node = operand.node
        tensor = Tensor(shape: operand.shape) { (_: UnsafeMutableBufferPointer<Float>) in }
    }

    var start: UnsafeMutablePointer<Float> { tensor.storage.base.assumingMemoryBound(to: Float.self) }

    func clearUnlessWritten() {
        if written == tensor.count || isCleared { return }
        isCleared = true
        tensor.withMutableFloats { $0.update(repeating: 0) }
    }

    func addToNode() { node?.add(tensor) }
}
