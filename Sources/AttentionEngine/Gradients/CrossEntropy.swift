import CKernels

extension Tensor {
    /// What stands for no target at all, as PyTorch has it.
    package static let ignoredTarget = -100

    /// The mean of −log p(target) over all rows that have a target.
    ///
    /// - Parameters:
    ///   - targets: for each row of `[…, classes]` a class, or `ignored`.
    ///   - smoothing: the share of each target that is spread over all classes (Szegedy et al., 2016, arXiv:1512.00567).
    /// - Returns: a single number; 0 where there is no target.
    package func crossEntropy(_ targets: [Int], ignored: Int = ignoredTarget, smoothing: Float = 0) -> Tensor {
        let width = width, rows = rowCount
        precondition(targets.count == rows, "\(targets.count) targets for \(rows) rows")
        precondition(targets.allSatisfy { $0 == ignored || (0..<width).contains($0) }, "a target that is no class")
        let counted = targets.count { $0 != ignored }
        var losses = [Float](repeating: 0, count: rows), logarithms = losses
        withFloatBuffer { input in
            losses.withUnsafeMutableBufferPointer { losses in
                logarithms.withUnsafeMutableBufferPointer { logarithms in
                    guard let x = input.baseAddress, let to = losses.baseAddress, let sums = logarithms.baseAddress
                    else { return }
                    let source = SharedReading(pointer: x), losses = SharedPointer(pointer: to)
                    let logarithms = SharedPointer(pointer: sums)
                    Processor.parallel(count: rows, grain: max(1, Self.grain / width)) { range in
                        for row in range where targets[row] != ignored {
                            let scores = source + row * width
                            let logarithm = kernels.pointee.log_sum_exp(scores, Int64(width))
                            (logarithms + row).pointee = logarithm
                            var loss = (1 - smoothing) * (logarithm - scores[targets[row]])
                            if smoothing > 0 {
                                loss += smoothing * (logarithm - kernels.pointee.total(scores, Int64(width)) / Float(width))
                            }
                            (losses + row).pointee = loss
                        }
                    }
                }
            }
        }
        let loss = Tensor([Float(losses.reduce(0.0) { $0 + Double($1) } / Double(max(1, counted)))], shape: [])
        guard let tape = GradientTape.tracking(self) else { return loss }
        return tape.remember(loss) { [self, logarithms] gradient in
            let factor = gradient.floats[0] / Float(max(1, counted))
            node?.add(scoreGradient(targets, ignored, logarithms: logarithms, factor: factor, smoothing: smoothing))
        }
    }

    /// factor · (softmax − target) of each row that has a target.
    private func scoreGradient(
        _ targets: [Int], _ ignored: Int, logarithms: [Float], factor: Float, smoothing: Float
    ) -> Tensor {
        let width = width
        return withFloatBuffer { input in
            Tensor(shape: shape) { output in
                guard let x = input.baseAddress, let y = output.baseAddress else { return }
                let source = SharedReading(pointer: x), target = SharedPointer(pointer: y)
                Processor.parallel(count: targets.count, grain: max(1, Self.grain / width)) { range in
                    for row in range {
                        let result = target + row * width
                        if targets[row] == ignored {
                            result.update(repeating: 0, count: width)
                            continue
                        }
                        kernels.pointee.shifted_exp(
                            source + row * width, logarithms[row], factor, -factor * smoothing / Float(width), result,
                            Int64(width))
                        result[targets[row]] -= factor * (1 - smoothing)
                    }
                }
            }
        }
    }
}
