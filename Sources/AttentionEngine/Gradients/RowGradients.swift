import CKernels

/// The backward passes of operations on rows: from the gradient of a result to that of what it was made of.
extension Tensor {
    /// The sums of all stretches of `period` elements, place by place: the gradient of what was repeated.
    func summed(over period: Int) -> Tensor {
        if period == count || period == 0 { return self }
        let repeats = count / period
        return withFloatBuffer { input in
            Tensor(shape: [period]) { output in
                output.initialize(repeating: 0)
                guard let from = input.baseAddress, let to = output.baseAddress else { return }
                let source = SharedReading(pointer: from), target = SharedPointer(pointer: to)
                Processor.parallel(count: period, grain: max(64, Self.grain / repeats)) { range in
                    for index in 0..<repeats {
                        kernels.pointee.add(
                            target + range.lowerBound, source + (index * period + range.lowerBound),
                            target + range.lowerBound, Int64(range.count))
                    }
                }
            }
        }
    }

    /// A tensor of the same shape of which `body` computes each row from the row here and the gradient's.
    private func mapRows(
        with gradient: Tensor,
        _ body: @Sendable (UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) -> Tensor {
        gradient.withFloatBuffer { gradient in
            withFloatBuffer { input in
                Tensor(shape: shape) { output in
                    guard let from = input.baseAddress, let dy = gradient.baseAddress, let to = output.baseAddress
                    else { return }
                    let source = SharedReading(pointer: from), slope = SharedReading(pointer: dy)
                    let target = SharedPointer(pointer: to), width = width
                    Processor.parallel(count: rowCount, grain: max(1, Self.grain / width)) { rows in
                        for row in rows { body(source + row * width, slope + row * width, target + row * width) }
                    }
                }
            }
        }
    }

    /// The gradient of what `activation` was applied to: this tensor.
    func activationBackward(_ activation: Activation, _ gradient: Tensor) -> Tensor {
        let kernel = activation.kernel, width = Int64(width)
        return mapRows(with: gradient) { kernels.pointee.activate_backward(kernel, $0, $1, $2, width) }
    }

    /// The gradient of what this tensor is the softmax of.
    func softmaxBackward(_ gradient: Tensor) -> Tensor {
        let width = Int64(width)
        return mapRows(with: gradient) { kernels.pointee.softmax_backward($0, $1, $2, width) }
    }

    /// The gradients of a norm of this tensor: of itself, of the weight and, for a layer norm, of the bias.
    func normBackward(
        _ gradient: Tensor, weight: Tensor, epsilon: Float, isCentred: Bool
    ) -> (x: Tensor, weight: Tensor, bias: Tensor) {
        let width = width, rowCount = rowCount
        // Rows are taken together in stretches that do not depend on the number of threads: neither do the sums.
        let stretch = max(32, (rowCount + 63) / 64), stretches = (rowCount + stretch - 1) / max(1, stretch)
        var parts = Tensor(repeating: 0, shape: [2, 0, width])
        let x = gradient.withFloatBuffer { gradient in
            weight.withFloatBuffer { weight in
                withFloatBuffer { input in
                    Tensor(shape: shape) { output in
                        guard let from = input.baseAddress, let dy = gradient.baseAddress, let to = output.baseAddress,
                            let weight = weight.baseAddress
                        else { return }
                        let source = SharedReading(pointer: from), slope = SharedReading(pointer: dy)
                        let target = SharedPointer(pointer: to), factors = SharedReading(pointer: weight)
                        parts = Tensor(shape: [2, stretches, width]) { (parts: UnsafeMutableBufferPointer<Float>) in
                            parts.initialize(repeating: 0)
                            guard let start = parts.baseAddress else { return }
                            let sums = SharedPointer(pointer: start)
                            Processor.parallel(count: stretches) { range in
                                for index in range {
                                    let dweight = sums + index * width, dbias = sums + (stretches + index) * width
                                    for row in index * stretch..<min(rowCount, (index + 1) * stretch) {
                                        let place = row * width
                                        if isCentred {
                                            kernels.pointee.layer_norm_backward(
                                                source + place, factors + 0, slope + place, epsilon, target + place, dweight,
                                                dbias, Int64(width))
                                        } else {
                                            kernels.pointee.rms_norm_backward(
                                                source + place, factors + 0, slope + place, epsilon, target + place, dweight,
                                                Int64(width))
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        let weights = parts.sliced(0..<1, along: 0).summed(over: width)
        let biases = parts.sliced(1..<2, along: 0).summed(over: width)
        return (x, weights, biases)
    }
}

extension GradientNode {
    /// Adds the gradient of a part of a tensor of `shape`: the one that starts at `start` in dimension `axis`.
    func addSlice(_ part: Tensor, from start: Int, along axis: Int, of shape: [Int]) {
        let inner = shape[(axis + 1)...].reduce(1, *), outer = shape[..<axis].reduce(1, *), extent = shape[axis]
        let run = part.shape[axis] * inner
        change(startingWith: shape.reduce(1, *)) { target in
            part.withFloatBuffer { part in
                guard let from = part.baseAddress, let to = target.baseAddress else { return }
                let source = SharedReading(pointer: from), target = SharedPointer(pointer: to)
                Processor.parallel(count: outer, grain: max(1, Tensor.grain / max(1, run))) { blocks in
                    for block in blocks {
                        let place = (block * extent + start) * inner
                        kernels.pointee.add(target + place, source + block * run, target + place, Int64(run))
                    }
                }
            }
        }
    }

    /// Adds rows of `gradient` to the rows of a table that they were copied from.
    func addRows(_ gradient: Tensor, at ids: [Int], tableCount: Int) {
        let width = gradient.width, threads = Processor.threadCount
        change(startingWith: tableCount) { table in
            gradient.withFloatBuffer { rows in
                guard let from = rows.baseAddress, let to = table.baseAddress else { return }
                let source = SharedReading(pointer: from), target = SharedPointer(pointer: to)
                // Each has rows of the table of its own.
                Processor.parallel(count: threads) { owners in
                    for owner in owners {
                        for (index, id) in ids.enumerated() where id % threads == owner {
                            kernels.pointee.add(
                                target + id * width, source + index * width, target + id * width, Int64(width))
                        }
                    }
                }
            }
        }
    }
}
