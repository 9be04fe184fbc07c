import CKernels

/// What training does to a model so that it does not learn its examples by heart.
public struct Regularization: Sendable, Hashable, Codable {
    /// The share of elements of embeddings and of each branch of a layer that are zero in a step, the others being scaled up
    /// (Srivastava et al., 2014).
    public var dropout: Float = 0
    /// The share of branches that the last layer's examples go without; layers before it have proportionally fewer (Huang et al.,
    /// 2016, arXiv:1603.09382).
    public var stochasticDepth: Float = 0
    /// The share of an image's patches that a step goes without (Liu et al., 2022, arXiv:2208.07220).
    public var patchDropout: Float = 0

    /// Creates none.
    public init(dropout: Float = 0, stochasticDepth: Float = 0) {
        self.dropout = dropout
        self.stochasticDepth = stochasticDepth
    }

    /// Whether the branches of a layer are as they are.
    var sparesBranches: Bool { dropout <= 0 && stochasticDepth <= 0 }
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

    /// `[batch, positions, width]` without a share of the positions from `first` on, drawn for each example; the others stay in order.
    func positionsDropped(_ share: Float, from first: Int, _ tape: GradientTape) -> Tensor {
        let (batch, count, width) = (shape[0], shape[1], shape[2]), candidates = count - first
        let kept = max(1, Int(((1 - share) * Float(candidates)).rounded()))
        guard share > 0, candidates > 0, kept < candidates else { return self }
        var rows: [Int] = []
        rows.reserveCapacity(batch * (first + kept))
        for example in 0..<batch {
            var order = Array(first..<count)
            for place in 0..<kept {
                order.swapAt(place, Int.random(in: place..<candidates, using: &tape.generator))
            }
            rows += (Array(0..<first) + order[..<kept].sorted()).map { example * count + $0 }
        }
        let places = rows
        let result = withFloatBuffer { input in
            Tensor(shape: [batch, first + kept, width]) { output in
                guard let from = input.baseAddress, let to = output.baseAddress else { return }
                let source = SharedReading(pointer: from), target = SharedPointer(pointer: to)
                Processor.parallel(count: places.count, grain: max(1, Self.grain / width)) { range in
                    for row in range { (target + row * width).update(from: source + places[row] * width, count: width) }
                }
            }
        }
        guard node != nil else { return result }
        return tape.remember(result) { [node, size = self.count] in node?.addRows($0, at: places, tableCount: size) }
    }
}
