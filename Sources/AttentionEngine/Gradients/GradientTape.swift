/// Remembers how tensors were computed, so that gradients of the result can be computed backwards (Baydin et al., 2018,
/// arXiv:1502.05767).
///
/// ```swift
/// let tape = GradientTape()
/// let loss = try tape.record { Loss.crossEntropy(try model.forward(inputs, detail: .answer)["logits"]!, labels) }
/// tape.backward(from: loss)
/// ```
///
/// Only operations on trained parameters (`ParameterStore`) or watched tensors, and on what was computed of them, are remembered.
/// A tape belongs to one thread, and to one step; the operations' own work is spread over all threads as ever.
public final class GradientTape: @unchecked Sendable {
    /// The tape that operations of this task are recorded on.
    @TaskLocal static var current: GradientTape?

    /// What training does to a model that inference does not.
    public var regularization = Regularization()
    /// Whether the states inside a layer of a Transformer are computed again when its gradients are, and not kept: less memory for
    /// a third more work (Chen et al., 2016, arXiv:1604.06174).
    public var recomputesLayers = false

    var generator: SeededGenerator
    /// Whether operations are remembered, and not only regularized.
    private let remembers: Bool

    private struct Entry {
        var result: GradientNode
        var backward: (Tensor) -> Void
    }
    private var entries: [Entry] = []

    /// Creates an empty tape.
    ///
    /// - Parameter seed: of dropout and stochastic depth.
    public convenience init(seed: UInt64 = 0) { self.init(generator: SeededGenerator(state: seed), remembers: true) }

    private init(generator: SeededGenerator, remembers: Bool) {
        self.generator = generator
        self.remembers = remembers
    }

    /// Runs `body` and remembers its operations.
    public func record<Result>(_ body: () throws -> Result) rethrows -> Result {
        try Self.$current.withValue(self, operation: body)
    }

    /// A handle on the same elements whose gradient will be known: `gradient(of:)`.
    public func watch(_ tensor: Tensor) -> Tensor { tensor.with(GradientNode()) }

    /// The gradient of a watched tensor or a trained parameter, in its shape; `nil` where nothing depended on it.
    public func gradient(of tensor: Tensor) -> Tensor? { tensor.node?.gradient?.reshaped(to: tensor.shape) }

    /// Adds to the gradients of everything that `result` was computed of, and forgets the operations.
    ///
    /// - Parameters:
    ///   - result: what was recorded.
    ///   - gradient: of what is minimized with respect to `result`, in its shape; 1 for a loss.
    public func backward(from result: Tensor, gradient: Tensor? = nil) {
        result.node?.add(gradient ?? Tensor(repeating: 1, shape: result.shape))
        Self.$current.withValue(nil) {
            while let entry = entries.popLast() {
                guard let gradient = entry.result.takeGradient() else { continue }
                entry.backward(gradient)
            }
        }
    }

    /// Whether anything is recorded here.
    static var isRecording: Bool { current != nil }

    /// The tape to record on where one of the operands is tracked.
    @inline(__always)
    static func tracking(_ a: Tensor, _ b: Tensor? = nil, _ c: Tensor? = nil) -> GradientTape? {
        if a.node == nil, b?.node == nil, c?.node == nil { return nil }
        return remembering
    }

    /// The tape to record on, if there is one.
    static var remembering: GradientTape? { current.flatMap { $0.remembers ? $0 : nil } }

    /// Remembers how `result` came about.
    ///
    /// - Parameter backward: given the gradient of `result`, as flat as any of as many elements, adds to those of the operands.
    func remember(_ result: Tensor, backward: @escaping (Tensor) -> Void) -> Tensor {
        let node = GradientNode()
        let shape = result.shape
        entries.append(Entry(result: node) { backward($0.reshaped(to: shape)) })
        return result.with(node)
    }

    /// The result of `body`, which is run again, and only then remembered, when its gradient is known.
    func recomputed(_ body: @escaping () -> Tensor) -> Tensor {
        let state = generator
        let silent = GradientTape(generator: generator, remembers: false)
        silent.regularization = regularization
        let result = silent.record(body)
        generator = silent.generator
        return remember(result) { [regularization] gradient in
            let tape = GradientTape(generator: state, remembers: true)
            tape.regularization = regularization
            let again = tape.record(body)
            tape.backward(from: again, gradient: gradient)
        }
    }
}

extension Tensor {
    /// A tensor that a program has computed of others by means that no operation here has, with the way back.
    ///
    /// - Parameters:
    ///   - operands: what it was computed of.
    ///   - backward: from the gradient of this tensor, in its shape, to those of the operands, each in the shape of its own; `nil` for
    ///     an operand that has none.
    /// - Returns: the same elements, recorded where a tape runs that one of the operands is on.
    public func computed(from operands: [Tensor], backward: @escaping (_ gradient: Tensor) -> [Tensor?]) -> Tensor {
        guard operands.contains(where: { $0.node != nil }), let tape = GradientTape.remembering else { return self }
        let nodes = operands.map(\.node)
        return tape.remember(self) { gradient in
            for (node, gradient) in zip(nodes, backward(gradient)) {
                if let node, let gradient { node.add(gradient) }
            }
        }
    }

    /// The same elements, of which nothing is remembered.
    public var detached: Tensor { with(nil) }
}
