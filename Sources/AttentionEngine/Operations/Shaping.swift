import CKernels

/// Operations that move elements without changing them; all but `reshaped` copy.
extension Tensor {
    /// The same elements under another shape; no copy.
    public func reshaped(to shape: [Int]) -> Tensor {
        precondition(shape.reduce(1, *) == count, "\(self.shape) has not the elements of \(shape)")
        return Tensor(shape: shape, elementType: elementType, storage: storage, byteOffset: byteOffset).with(node)
    }

    /// The tensor with its dimensions in another order: dimension `i` of the result is dimension `order[i]` here.
    public func permuted(_ order: [Int]) -> Tensor {
        precondition(order.sorted() == Array(0..<rank), "\(order) is no order of \(rank) dimensions")
        // Dimensions at the end that keep their place are moved as one run.
        var kept = 0
        while kept < rank, order[rank - 1 - kept] == rank - 1 - kept { kept += 1 }
        let run = shape.suffix(kept).reduce(1, *)
        let outer = Array(order.prefix(rank - kept))
        var strides = [Int](repeating: 1, count: rank)
        for axis in stride(from: rank - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] * shape[axis + 1] }
        let extents = outer.map { shape[$0] }, steps = outer.map { strides[$0] }

        let result = withFloatBuffer { input in
            Tensor(shape: order.map { shape[$0] }) { output in
                guard let from = input.baseAddress, let to = output.baseAddress, count > 0 else { return }
                let source = SharedReading(pointer: from), target = SharedPointer(pointer: to)
                // Of the result, whole indices of the first dimension.
                let first = extents.first ?? 1, part = count / first
                Processor.parallel(count: first, grain: max(1, Self.grain / part)) { indices in
                    var position = [Int](repeating: 0, count: outer.count)
                    var offset = 0
                    if !outer.isEmpty {
                        position[0] = indices.lowerBound
                        offset = indices.lowerBound * steps[0]
                    }
                    for start in stride(from: indices.lowerBound * part, to: indices.upperBound * part, by: run) {
                        (target + start).update(from: source + offset, count: run)
                        var axis = outer.count - 1
                        while axis >= 0 {
                            position[axis] += 1
                            offset += steps[axis]
                            if position[axis] < extents[axis] { break }
                            offset -= steps[axis] * extents[axis]
                            position[axis] = 0
                            axis -= 1
                        }
                    }
                }
            }
        }
        guard let tape = GradientTape.tracking(self) else { return result }
        let back = order.indices.map { axis in order.firstIndex(of: axis) ?? axis }
        return tape.remember(result) { [node] in node?.add($0.permuted(back)) }
    }

    /// The part of the tensor whose index in dimension `axis` lies in `range`.
    public func sliced(_ range: Range<Int>, along axis: Int) -> Tensor {
        precondition(range.lowerBound >= 0 && range.upperBound <= shape[axis], "\(range) of \(shape[axis])")
        var result = shape
        result[axis] = range.count
        let inner = shape[(axis + 1)...].reduce(1, *), outer = shape[..<axis].reduce(1, *)
        if outer == 1 {
            let offset = byteOffset + range.lowerBound * inner * elementType.byteWidth
            let part = Tensor(shape: result, elementType: elementType, storage: storage, byteOffset: offset)
            return remembering(part, range, along: axis)
        }
        let extent = shape[axis]
        let part = withFloatBuffer { input in
            Tensor(shape: result) { output in
                guard let from = input.baseAddress, let to = output.baseAddress else { return }
                let run = range.count * inner
                let source = SharedReading(pointer: from), target = SharedPointer(pointer: to)
                Processor.parallel(count: outer, grain: max(1, Self.grain / max(1, run))) { blocks in
                    for block in blocks {
                        (target + block * run).update(
                            from: source + (block * extent + range.lowerBound) * inner, count: run)
                    }
                }
            }
        }
        return remembering(part, range, along: axis)
    }

    /// `part` as what was cut out of this tensor.
    private func remembering(_ part: Tensor, _ range: Range<Int>, along axis: Int) -> Tensor {
        guard let tape = GradientTape.tracking(self) else { return part }
        return tape.remember(part) { [node, shape] in
            node?.addSlice($0, from: range.lowerBound, along: axis, of: shape)
        }
    }

    /// The vectors at one position: `[batch, positions, width]` to `[batch, width]`.
    public func position(_ index: Int) -> Tensor {
        precondition(rank == 3, "positions of \(shape)")
        return sliced(index..<index + 1, along: 1).reshaped(to: [shape[0], shape[2]])
    }

    /// The tensors one after the other along dimension `axis`; their other dimensions must agree.
    public static func concatenated(_ tensors: [Tensor], along axis: Int) -> Tensor {
        precondition(!tensors.isEmpty, "nothing to concatenate")
        if tensors.count == 1, tensors[0].elementType == .float32 { return tensors[0] }
        var shape = tensors[0].shape
        for tensor in tensors {
            var expected = tensor.shape
            expected[axis] = shape[axis]
            precondition(expected == shape, "cannot concatenate \(tensor.shape) with \(shape)")
        }
        shape[axis] = tensors.reduce(0) { $0 + $1.shape[axis] }
        let inner = shape[(axis + 1)...].reduce(1, *), outer = shape[..<axis].reduce(1, *), extent = shape[axis]
        let result = Tensor(shape: shape) { output in
            guard let to = output.baseAddress else { return }
            let target = SharedPointer(pointer: to)
            var start = 0
            for tensor in tensors {
                let run = tensor.shape[axis] * inner
                tensor.withFloatBuffer { input in
                    guard let from = input.baseAddress else { return }
                    let source = SharedReading(pointer: from), first = start
                    Processor.parallel(count: outer, grain: max(1, Self.grain / max(1, run))) { blocks in
                        for block in blocks {
                            (target + (block * extent * inner + first)).update(from: source + block * run, count: run)
                        }
                    }
                }
                start += run
            }
        }
        guard tensors.contains(where: { $0.node != nil }), let tape = GradientTape.remembering else { return result }
        return tape.remember(result) { gradient in
            var start = 0
            for tensor in tensors {
                let end = start + tensor.shape[axis]
                tensor.node?.add(gradient.sliced(start..<end, along: axis))
                start = end
            }
        }
    }

    /// The tensor `count` times, one after the other, in a new first dimension.
    public func repeated(_ count: Int) -> Tensor {
        let result = withFloatBuffer { input in
            Tensor(shape: [count] + shape) { output in
                guard let from = input.baseAddress, let to = output.baseAddress else { return }
                for copy in 0..<count { (to + copy * self.count).update(from: from, count: self.count) }
            }
        }
        guard let tape = GradientTape.tracking(self) else { return result }
        return tape.remember(result) { [node, period = self.count] in node?.add($0.summed(over: period)) }
    }

    /// The mean of tensors of one shape, element by element.
    public static func mean(of tensors: [Tensor]) -> Tensor {
        precondition(!tensors.isEmpty, "the mean of nothing")
        if tensors.count == 1 { return tensors[0] }
        return tensors.dropFirst().reduce(tensors[0]) { $0.adding($1) }.scaled(by: 1 / Float(tensors.count))
    }

    /// The mean over dimension `axis`, which disappears.
    public func mean(along axis: Int) -> Tensor {
        let extent = shape[axis]
        let inner = shape[(axis + 1)...].reduce(1, *), outer = shape[..<axis].reduce(1, *)
        let result = withFloatBuffer { input in
            Tensor(shape: Array(shape[..<axis]) + Array(shape[(axis + 1)...])) { output in
                output.initialize(repeating: 0)
                guard let from = input.baseAddress, let to = output.baseAddress, extent > 0 else { return }
                for block in 0..<outer {
                    let sum = to + block * inner
                    for index in 0..<extent {
                        kernels.pointee.add(sum, from + (block * extent + index) * inner, sum, Int64(inner))
                    }
                    kernels.pointee.scale(sum, 1 / Float(extent), sum, Int64(inner))
                }
            }
        }
        guard let tape = GradientTape.tracking(self) else { return result }
        return tape.remember(result) { [node] gradient in
            let copies = gradient.scaled(by: 1 / Float(extent)).repeated(extent).reshaped(to: [extent, outer, inner])
            node?.add(copies.permuted([1, 0, 2]))
        }
    }
}
