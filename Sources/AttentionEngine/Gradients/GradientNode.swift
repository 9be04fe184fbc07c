import CKernels

/// What hangs on a tensor that is tracked: the gradient, once it is known, of what is minimized with respect to its elements.
///
/// A gradient is flat: tensors of other shapes over the same elements share their node. Only the thread that trains touches it.
final class GradientNode: @unchecked Sendable {
    /// As many elements as the tensor has.
    private(set) var gradient: Tensor?
    /// Whether the elements stay as they are, so that no gradient is needed.
    var isFrozen = false
    /// How often a parameter's elements have been changed in place.
    private(set) var version = 0

    /// Adds to the gradient.
    func add(_ other: Tensor) {
        if isFrozen { return }
        guard gradient != nil else {
            gradient = other.detached
            return
        }
        change { gradient in
            other.withFloatBuffer { other in
                guard let b = other.baseAddress, let a = gradient.baseAddress else { return }
                let from = SharedReading(pointer: b), to = SharedPointer(pointer: a)
                Processor.parallel(count: gradient.count, grain: 1 << 14) { range in
                    kernels.pointee.add(to + range.lowerBound, from + range.lowerBound, to + range.lowerBound, Int64(range.count))
                }
            }
        }
    }

    /// Changes the gradient in place, that of `count` elements being zero until then.
    func change(startingWith count: Int, _ body: (UnsafeMutableBufferPointer<Float>) -> Void) {
        if isFrozen { return }
        if gradient == nil { gradient = Tensor(repeating: 0, shape: [count]) }
        change(body)
    }

    private func change(_ body: (UnsafeMutableBufferPointer<Float>) -> Void) {
        guard var own = gradient else { return }
        gradient = nil
        if !own.isAlone {
            own = Tensor(shape: own.shape) { target in own.withFloatBuffer { _ = target.update(fromContentsOf: $0) } }
        }
        own.withMutableFloats(body)
        gradient = own
    }

    /// The gradient, which is then none again.
    func takeGradient() -> Tensor? {
        defer { gradient = nil }
        return gradient
    }

    /// Forgets the gradient.
    func clear() { gradient = nil }

    /// Says that the elements of the tensor have been changed.
    func markChanged() { version += 1 }
}

extension Tensor {
    /// The same elements with another node.
    func with(_ node: GradientNode?) -> Tensor {
        var result = self
        result.node = node
        return result
    }

    /// Whether nobody else has a handle on the memory.
    fileprivate var isAlone: Bool { mutating get { isKnownUniquelyReferenced(&storage) && byteOffset == 0 } }

    /// The elements' memory to write to, for who knows that nobody reads it meanwhile: gradients, and parameters between steps.
    package func withMutableFloats<R>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows -> R {
        precondition(elementType == .float32, "a float32 tensor was needed, not \(elementType)")
        defer { withExtendedLifetime(storage) {} }
        return try body(
            UnsafeMutableBufferPointer(
                start: (storage.base + byteOffset).assumingMemoryBound(to: Float.self), count: count))
    }
}
