import CKernels

/// A weight matrix that changes from step to step, as plain rows, and the products with it in both directions.
///
/// With Y = X Wᵀ + b: dX = dY W, dW = dYᵀ X, and db is the sum of dY's rows.
struct TrainedMatrix: Sendable {
    /// Matrices of one depth side by side; in `outputByInput` each `[columns, depth]`, else `[depth, columns]`.
    var parts: [Tensor]
    var layout: PackedMatrix.Layout
    var precision: Precision
    let depth: Int
    let columns: Int

    /// - Parameter parts: two-dimensional in effect.
    init(_ parts: [Tensor], layout: PackedMatrix.Layout = .outputByInput, precision: Precision) {
        self.layout = layout
        self.precision = precision
        let isByRow = layout == .outputByInput
        self.parts = parts.map { part in
            let count = isByRow ? part.shape[0] : part.shape[part.rank - 1]
            let rest = part.count / max(1, count)
            return part.reshaped(to: isByRow ? [count, rest] : [rest, count])
        }
        depth = self.parts[0].shape[isByRow ? 1 : 0]
        columns = self.parts.reduce(0) { $0 + $1.shape[isByRow ? 0 : 1] }
    }

    /// How often the parts have been changed.
    var version: Int { parts.reduce(0) { $0 + ($1.node?.version ?? 0) } }

    private var isTracked: Bool { parts.contains { $0.node != nil } }

    /// The tape to record a product on, where one of its operands is tracked.
    func tape(_ input: Tensor, _ bias: Tensor?, _ residual: Tensor?) -> GradientTape? {
        isTracked ? GradientTape.remembering : GradientTape.tracking(input, bias, residual)
    }

    /// `activation(input · matrixᵀ + bias) + residual`.
    func product(_ input: Tensor, bias: Tensor?, activation: Activation, residual: Tensor?) -> Tensor {
        if activation != .identity {
            let activated = product(input, bias: bias, activation: .identity, residual: nil).activated(activation)
            return residual.map { activated.adding($0) } ?? activated
        }
        let rows = input.rowCount, shape = Array(input.shape.dropLast()) + [columns]
        let right = packed()
        let result = Tensor(shape: shape) { out in
            input.withFloatBuffer { input in
                right.multiply(
                    input.baseAddress, rowStride: depth, rows: rows, bias: bias, residual: residual, to: out.baseAddress)
            }
        }
        guard let tape = tape(input, bias, residual) else { return result }
        return tape.remember(result) { [self, biasNode = bias?.node, residualNode = residual?.node] gradient in
            residualNode?.add(gradient)
            biasNode?.add(gradient.summed(over: columns))
            if isTracked { addGradients(gradient, input: input, rows: rows, rowStride: depth) }
            guard let node = input.node else { return }
            node.add(inputGradient(gradient))
        }
    }

    /// `windows · matrixᵀ + bias`, as `PackedMatrix` has it.
    func product(windowsOf input: Tensor, count: Int, step: Int, bias: Tensor?, activation: Activation) -> Tensor {
        let batch = input.shape[0], length = input.shape[1] * input.shape[2]
        let right = packed()
        let result = Tensor(shape: [batch, count, columns]) { out in
            input.withFloatBuffer { input in
                for index in 0..<batch {
                    right.multiply(
                        input.baseAddress.map { $0 + index * length }, rowStride: step, rows: count, bias: bias, residual: nil,
                        to: out.baseAddress.map { $0 + index * count * columns })
                }
            }
        }
        guard let tape = tape(input, bias, nil) else { return result.activated(activation) }
        return tape.remember(result) { [self, biasNode = bias?.node] gradient in
            biasNode?.add(gradient.summed(over: columns))
            if isTracked {
                for index in 0..<batch {
                    addGradients(
                        gradient.sliced(index..<index + 1, along: 0), input: input.sliced(index..<index + 1, along: 0),
                        rows: count, rowStride: step)
                }
            }
            guard let node = input.node else { return }
            node.add(Self.overlapped(inputGradient(gradient), step: step, shape: input.shape))
        }.activated(activation)
    }

    /// The sum of windows where they overlap, `[batch, windows, depth]`, as a tensor of `shape`.
    private static func overlapped(_ windows: Tensor, step: Int, shape: [Int]) -> Tensor {
        let length = shape[1] * shape[2], depth = windows.width, count = windows.shape[1]
        return windows.withFloatBuffer { input in
            Tensor(shape: shape) { output in
                output.initialize(repeating: 0)
                guard let from = input.baseAddress, let to = output.baseAddress else { return }
                let source = SharedReading(pointer: from), target = SharedPointer(pointer: to)
                Processor.parallel(count: shape[0]) { batch in
                    for index in batch {
                        for window in 0..<count {
                            let place = target + (index * length + window * step)
                            kernels.pointee.add(place, source + (index * count + window) * depth, place, Int64(depth))
                        }
                    }
                }
            }
        }
    }

    // MARK: - Products

    /// The matrix as the right operand of the forward pass.
    private func packed() -> RightOperand {
        let right = RightOperand(depth: depth, columns: columns, precision: precision)
        pack(into: right.memory)
        return right
    }

    /// Lays the matrix out in panels.
    func pack(into memory: UnsafeMutableRawPointer) {
        var first = 0
        for part in parts {
            let width = part.shape[layout == .outputByInput ? 0 : 1]
            part.withFloatBuffer { buffer in
                guard let source = buffer.baseAddress else { return }
                RightOperand.pack(
                    source, columnStride: layout == .outputByInput ? depth : 1,
                    depthStride: layout == .outputByInput ? 1 : width, depth: depth, first: first, columns: width,
                    precision: precision, into: memory)
            }
            first += width
        }
    }

    /// dX = dY W.
    private func inputGradient(_ gradient: Tensor) -> Tensor {
        let whole = Tensor.concatenated(parts.map(\.detached), along: layout == .outputByInput ? 0 : 1)
        let right = RightOperand(depth: columns, columns: depth, precision: precision)
        whole.withFloatBuffer { buffer in
            guard let source = buffer.baseAddress else { return }
            RightOperand.pack(
                source, columnStride: layout == .outputByInput ? 1 : columns,
                depthStride: layout == .outputByInput ? depth : 1, depth: columns, first: 0, columns: depth,
                precision: precision, into: right.memory)
        }
        return Tensor(shape: Array(gradient.shape.dropLast()) + [depth]) { out in
            gradient.withFloatBuffer { gradient in
                right.multiply(
                    gradient.baseAddress, rowStride: columns, rows: gradient.count / max(1, columns), bias: nil, residual: nil,
                    to: out.baseAddress)
            }
        }
    }

    /// dW = dYᵀ X, added to the gradient of each part.
    private func addGradients(_ gradient: Tensor, input: Tensor, rows: Int, rowStride: Int) {
        gradient.withFloatBuffer { gradient in
            input.withFloatBuffer { input in
                guard let dy = gradient.baseAddress, let x = input.baseAddress else { return }
                let isByRow = layout == .outputByInput
                var right: RightOperand?
                if isByRow {
                    right = RightOperand(rowsOf: x, stride: rowStride, count: rows, columns: depth, precision: precision)
                }
                var first = 0
                for part in parts {
                    let width = part.shape[isByRow ? 0 : 1]
                    defer { first += width }
                    guard let node = part.node, !node.isFrozen else { continue }
                    node.add(
                        Tensor(shape: part.shape) { out in
                            if isByRow {
                                right?.multiplyTransposed(dy + first, rowStride: columns, rows: width, to: out.baseAddress)
                            } else {
                                RightOperand(
                                    rowsOf: dy + first, stride: columns, count: rows, columns: width, precision: precision
                                ).multiplyTransposed(x, rowStride: rowStride, rows: depth, to: out.baseAddress)
                            }
                        })
                }
            }
        }
    }
}

/// A matrix in panels for as long as a product takes.
private struct RightOperand {
    let depth, columns: Int
    let precision: Precision
    private let storage: TensorStorage

    init(depth: Int, columns: Int, precision: Precision) {
        self.depth = depth
        self.columns = columns
        self.precision = precision
        storage = TensorStorage(
            byteCount: Int(apus_packed_bytes(kernels, precision.kernel, Int64(depth), Int64(columns))))
    }

    /// `count` rows of as many columns, `stride` apart.
    init(rowsOf source: UnsafePointer<Float>, stride: Int, count: Int, columns: Int, precision: Precision) {
        self.init(depth: count, columns: columns, precision: precision)
        Self.pack(
            source, columnStride: 1, depthStride: stride, depth: count, first: 0, columns: columns, precision: precision,
            into: memory)
    }

    var memory: UnsafeMutableRawPointer { storage.base }

    static func pack(
        _ source: UnsafePointer<Float>, columnStride: Int, depthStride: Int, depth: Int, first: Int, columns: Int,
        precision: Precision, into memory: UnsafeMutableRawPointer
    ) {
        var packing = apus_packing(
            precision: precision.kernel, element: apus_element_float32, source: source, column_stride: Int64(columnStride),
            depth_stride: Int64(depthStride), source_scales: nil, depth: Int64(depth), first_column: Int64(first),
            columns: Int64(columns), packed: memory, scales: nil)
        // What is not finite shows in the loss.
        _ = apus_pack(kernels, &packing)
    }

    func multiply(
        _ a: UnsafePointer<Float>?, rowStride: Int, rows: Int, bias: Tensor?, residual: Tensor?,
        to out: UnsafeMutablePointer<Float>?
    ) {
        bias.withFloatPointer { bias in
            residual.withFloatPointer { residual in
                run(a, rowStride: rowStride, rows: rows, bias: bias, residual: residual, to: out) {
                    apus_multiply(kernels, $0)
                }
            }
        }
    }

    /// The left operand's rows being columns in memory.
    func multiplyTransposed(
        _ a: UnsafePointer<Float>?, rowStride: Int, rows: Int, to out: UnsafeMutablePointer<Float>?
    ) {
        run(a, rowStride: rowStride, rows: rows, bias: nil, residual: nil, to: out) { apus_multiply_transposed(kernels, $0) }
    }

    private func run(
        _ a: UnsafePointer<Float>?, rowStride: Int, rows: Int, bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?,
        to out: UnsafeMutablePointer<Float>?, _ body: (UnsafePointer<apus_product>) -> Void
    ) {
        guard let a, let out else { return }
        var product = apus_product(
            precision: precision.kernel, rows: Int64(rows), depth: Int64(depth), columns: Int64(columns), a: a,
            a_stride: Int64(rowStride), packed: memory, scales: nil, bias: bias, activation: apus_activation_none,
            residual: residual, residual_stride: Int64(columns), out: out, out_stride: Int64(columns))
        withExtendedLifetime(storage) { body(&product) }
    }
}
