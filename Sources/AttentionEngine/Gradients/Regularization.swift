import CKernels

/// What training does to a model so that it does not learn its examples by heart.
public struct Regularization: Sendable, Hashable, Codable {
    /// The share of elements of embeddings and of each branch of a layer that are zero in a step, the others being scaled up
    /// (Srivastava et al., 2014).
    public var dropout: Float = 0
    /// The share of branches that the last layer's examples go without; layers before it have proportionally fewer (Huang et al.,
    /// 2016, arXiv:1603.09382).
    public var stochasticDepth: Float = 0

    /// Creates none.
    public init(dropout: Float = 0, stochasticDepth: Float = 0) {
        self.dropout = dropout
        self.stochasticDepth = stochasticDepth
    }

    var isOff: Bool { dropout <= 0 && stochasticDepth <= 0 }
}

extension Tensor {
    /// Elements set to zero, each with probability `share`, and the others divided by 1 − `share`.
    func dropped(_ share: Float, _ tape: GradientTape) -> Tensor {
        guard share > 0 else { return self }
        let seed = tape.generator.next(), width = 1 << 12
        let threshold = UInt32(Double(min(share, 0.999)) * 0x1p32), factor = 1 / (1 - min(share, 0.999))
        let mask = Tensor(shape: shape) { mask in
            guard let start = mask.baseAddress else { return }
            let target = SharedPointer(pointer: start), count = mask.count
            // Blocks have generators of their own, so that the mask does not depend on the number of threads.
            Processor.parallel(count: (count + width - 1) / width, grain: 4) { blocks in
                for block in blocks {
                    var state = seed ^ (UInt64(block) &+ 1) &* 0x9E37_79B9_7F4A_7C15
                    for index in block * width..<min(count, (block + 1) * width) {
                        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                        (target + index).pointee =
                            UInt32(truncatingIfNeeded: (state ^ state >> 29) >> 32) < threshold ? 0 : factor
                    }
                }
            }
        }
        return multiplied(by: mask)
    }

    /// Whole examples, along the first dimension, set to zero as `dropped` does with elements.
    func examplesDropped(_ share: Float, _ tape: GradientTape) -> Tensor {
        guard share > 0 else { return self }
        let factors = (0..<shape[0]).map { _ in
            Float(tape.generator.next() >> 40) * 0x1p-24 < share ? 0 : 1 / (1 - min(share, 0.999))
        }
        let size = count / max(1, shape[0])
        return multiplied(by: Tensor(factors.flatMap { repeatElement($0, count: size) }, shape: shape))
    }
}
