import CKernels

/// The functions that stand between the two products of a feed-forward network, and in heads.
public enum Activation: Sendable, Hashable, CaseIterable {
    /// x itself.
    case identity
    /// max(x, 0).
    case relu
    /// x Φ(x) (Hendrycks and Gimpel, 2016, arXiv:1606.08415).
    case gelu
    /// The tanh approximation of `gelu`.
    case geluTanh
    /// x σ(1.702 x).
    case quickGELU
    /// x σ(x), also called swish.
    case silu
    /// The hyperbolic tangent.
    case tanh
    /// 1 / (1 + e⁻ˣ).
    case sigmoid

    var kernel: apus_activation {
        switch self {
        case .identity: apus_activation_none
        case .relu: apus_activation_relu
        case .gelu: apus_activation_gelu
        case .geluTanh: apus_activation_gelu_tanh
        case .quickGELU: apus_activation_quick_gelu
        case .silu: apus_activation_silu
        case .tanh: apus_activation_tanh
        case .sigmoid: apus_activation_sigmoid
        }
    }
}

/// A pointer that the threads of one operation share: each writes its own rows, and nobody reads them meanwhile.
struct SharedPointer<Element>: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Element>
    static func + (left: Self, right: Int) -> UnsafeMutablePointer<Element> { left.pointer + right }
}

/// The same for memory that is only read.
struct SharedReading<Element>: @unchecked Sendable {
    let pointer: UnsafePointer<Element>
    static func + (left: Self, right: Int) -> UnsafePointer<Element> { left.pointer + right }
}

extension Tensor {
    /// The smallest number of elements worth another thread.
    static let grain = 1 << 14

    /// The extent of the last dimension, along which rows lie.
    public var width: Int { shape.last ?? 1 }
    /// The number of rows of `width` elements.
    var rowCount: Int { width == 0 ? 0 : count / width }

    /// A tensor of the same shape of which `body` computes each row from the row here.
    func mapRows(
        _ body: @Sendable (_ row: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>) -> Void
    ) -> Tensor {
        let width = width
        return withFloatBuffer { input in
            Tensor(shape: shape) { output in
                guard let from = input.baseAddress, let to = output.baseAddress, width > 0 else { return }
                let source = SharedReading(pointer: from), target = SharedPointer(pointer: to)
                Processor.parallel(count: rowCount, grain: max(1, Self.grain / width)) { rows in
                    for row in rows { body(source + row * width, target + row * width) }
                }
            }
        }
    }

    /// The sum with a tensor of the same shape, or of the shape of this one's last dimensions, repeated over the others.
    public func adding(_ other: Tensor) -> Tensor {
        precondition(Array(shape.suffix(other.rank)) == other.shape, "cannot add \(other.shape) to \(shape)")
        let sum = combined(with: other) { kernels.pointee.add($0, $1, $2, $3) }
        guard let tape = GradientTape.tracking(self, other) else { return sum }
        return tape.remember(sum) { [node, right = other.node, period = other.count] gradient in
            node?.add(gradient)
            right?.add(gradient.summed(over: period))
        }
    }

    /// What `kernel` makes of each element and that of `other` that stands in its place, `other` being repeated.
    private func combined(
        with other: Tensor,
        _ kernel: @Sendable (UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int64) -> Void
    ) -> Tensor {
        let period = other.count
        return withFloatBuffer { left in
            other.withFloatBuffer { right in
                Tensor(shape: shape) { output in
                    guard period > 0, let a = left.baseAddress, let b = right.baseAddress, let y = output.baseAddress
                    else { return }
                    let a2 = SharedReading(pointer: a), b2 = SharedReading(pointer: b), y2 = SharedPointer(pointer: y)
                    // Whole periods, or parts of the only one.
                    let isWhole = period == count, unit = isWhole ? 1 : period
                    Processor.parallel(count: count / unit, grain: max(1, Self.grain / unit)) { range in
                        if isWhole {
                            let first = range.lowerBound
                            kernel(a2 + first, b2 + first, y2 + first, Int64(range.count))
                            return
                        }
                        for index in range { kernel(a2 + index * unit, b2 + 0, y2 + index * unit, Int64(unit)) }
                    }
                }
            }
        }
    }

    /// The product, element by element, with a tensor of the same shape or of the shape of this one's last dimension.
    public func multiplied(by other: Tensor) -> Tensor {
        precondition(
            other.shape == shape || other.shape == [width], "cannot multiply \(shape) by \(other.shape)")
        let product = combined(with: other) { kernels.pointee.multiply($0, $1, $2, $3) }
        guard let tape = GradientTape.tracking(self, other) else { return product }
        return tape.remember(product) { [self] gradient in
            node?.add(gradient.multiplied(by: other.detached))
            other.node?.add(gradient.multiplied(by: detached).summed(over: other.count))
        }
    }

    /// Every element times `factor`.
    public func scaled(by factor: Float) -> Tensor {
        let width = Int64(width)
        let result = mapRows { kernels.pointee.scale($0, factor, $1, width) }
        guard let tape = GradientTape.tracking(self) else { return result }
        return tape.remember(result) { [node] in node?.add($0.scaled(by: factor)) }
    }

    /// `activation` of every element.
    public func activated(_ activation: Activation) -> Tensor {
        let width = Int64(width), kernel = activation.kernel
        let result = mapRows { kernels.pointee.activate(kernel, $0, $1, width) }
        guard let tape = GradientTape.tracking(self) else { return result }
        return tape.remember(result) { [self] in node?.add(activationBackward(activation, $0)) }
    }

    /// Softmax over the last dimension.
    public func softmax() -> Tensor {
        let width = Int64(width)
        let result = mapRows { row, result in
            result.update(from: row, count: Int(width))
            kernels.pointee.softmax(result, width)
        }
        guard let tape = GradientTape.tracking(self) else { return result }
        return tape.remember(result) { [node] in node?.add(result.softmaxBackward($0)) }
    }

    /// Layer normalization over the last dimension (Ba et al., 2016, arXiv:1607.06450).
    ///
    /// - Parameters:
    ///   - weight: `[width]`.
    ///   - bias: `[width]`, or `nil` for none.
    func layerNormalized(weight: Tensor, bias: Tensor?, epsilon: Float) -> Tensor {
        precondition(weight.count == width && (bias == nil || bias!.count == width), "norm of another width")
        let width = Int64(width)
        let result = weight.withFloatBuffer { weight in
            bias.withFloatPointer { bias in
                let weight = SharedReading(pointer: weight.baseAddress!), bias = bias.map(SharedReading.init(pointer:))
                return mapRows { kernels.pointee.layer_norm($0, weight + 0, bias.map { $0 + 0 }, epsilon, $1, width) }
            }
        }
        guard let tape = GradientTape.tracking(self, weight, bias) else { return result }
        return tape.remember(result) { [self, biasNode = bias?.node] gradient in
            let gradients = normBackward(gradient, weight: weight, epsilon: epsilon, isCentred: true)
            node?.add(gradients.x)
            weight.node?.add(gradients.weight)
            biasNode?.add(gradients.bias)
        }
    }

    /// Root mean square normalization over the last dimension (Zhang and Sennrich, 2019, arXiv:1910.07467).
    ///
    /// - Parameter weight: `[width]`.
    func rmsNormalized(weight: Tensor, epsilon: Float) -> Tensor {
        precondition(weight.count == width, "norm of another width")
        let width = Int64(width)
        let result = weight.withFloatBuffer { weight in
            let weight = SharedReading(pointer: weight.baseAddress!)
            return mapRows { kernels.pointee.rms_norm($0, weight + 0, epsilon, $1, width) }
        }
        guard let tape = GradientTape.tracking(self, weight) else { return result }
        return tape.remember(result) { [self] gradient in
            let gradients = normBackward(gradient, weight: weight, epsilon: epsilon, isCentred: false)
            node?.add(gradients.x)
            weight.node?.add(gradients.weight)
        }
    }
}

extension Tensor? {
    /// The elements of a `float32` tensor, if there is one.
    func withFloatPointer<R>(_ body: (UnsafePointer<Float>?) throws -> R) rethrows -> R {
        guard let tensor = self else { return try body(nil) }
        return try tensor.withFloatBuffer { try body($0.baseAddress) }
    }
}
