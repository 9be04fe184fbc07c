import CKernels
import Synchronization

/// A weight matrix laid out for the product kernels, once, when a model is loaded.
///
/// It takes the place of a `[columns, depth]` weight: the product with `[…, depth]` is `[…, columns]`.
public final class PackedMatrix: @unchecked Sendable {
    /// How a checkpoint stores the matrix.
    public enum Layout: Sendable {
        /// `[output, input]`, as PyTorch's `Linear` does.
        case outputByInput
        /// `[input, output]`, as GPT-2's `Conv1D` does.
        case inputByOutput
    }

    /// The width of the input.
    public let depth: Int
    /// The width of the output.
    public let columns: Int
    /// What the weights are kept in.
    public let precision: Precision
    private let memory: UnsafeMutableRawPointer
    /// The plain rows, where they are trained; `memory` then follows them when products are made outside of training.
    private let trained: TrainedMatrix?
    private let packedVersion: Mutex<Int>
    /// What each column's integers are multiplied by, in precisions that have integers.
    let scales: [Float]

    /// Packs several matrices of one depth and precision side by side, so that one product computes them all.
    ///
    /// - Parameters:
    ///   - parts: two-dimensional in effect: dimensions after the first (before the last, `inputByOutput`) count as one.
    ///   - layout: which way round the parts are stored.
    /// - Throws: `InputError` if there is not the memory, or naming the tensor where a weight is infinite or not a number.
    public init(_ parts: [StoredMatrix], layout: Layout = .outputByInput) throws {
        precondition(!parts.isEmpty && parts.allSatisfy { $0.precision == parts[0].precision }, "no matrices of one precision")
        func columnCount(_ part: StoredMatrix) -> Int {
            layout == .outputByInput ? part.shape[0] : part.shape[part.shape.count - 1]
        }
        let columns = parts.reduce(0) { $0 + columnCount($1) }
        let depth = parts[0].elements.count / max(1, columnCount(parts[0]))
        let isTrained = parts.contains { $0.elements.node != nil }
        // Integers cannot be trained.
        let precision = isTrained && parts[0].precision == .int8 ? .float32 : parts[0].precision
        trained = isTrained ? TrainedMatrix(parts.map(\.elements), layout: layout, precision: precision) : nil
        packedVersion = Mutex(trained?.version ?? 0)
        self.columns = columns
        self.depth = depth
        self.precision = precision
        let count = Int(apus_packed_bytes(kernels, precision.kernel, Int64(depth), Int64(columns)))
        guard let memory = apus_allocate(count) else {
            throw InputError(
                "memory", found: "no room for a matrix of \(columns) by \(depth)", needed: "\(count) bytes",
                remedy: "Close other programs or use a smaller model")
        }
        self.memory = memory

        var scales = [Float](repeating: 0, count: precision == .int8 ? columns + Int(apus_maximum_panel_width) : 0)
        var column = 0
        var odd: StoredMatrix?
        for part in parts {
            let width = columnCount(part)
            precondition(width * depth == part.elements.count, "matrices of different depth")
            let isFinite = part.elements.withBytes { bytes in
                part.scales.withFloatPointer { sourceScales in
                    scales.withUnsafeMutableBufferPointer { scales in
                        guard let source = bytes.baseAddress else { return true }
                        var packing = apus_packing(
                            precision: precision.kernel, element: part.elements.elementType.kernel, source: source,
                            column_stride: layout == .outputByInput ? Int64(depth) : 1,
                            depth_stride: layout == .outputByInput ? 1 : Int64(width), source_scales: sourceScales,
                            depth: Int64(depth), first_column: Int64(column), columns: Int64(width), packed: memory,
                            scales: scales.baseAddress)
                        return apus_pack(kernels, &packing)
                    }
                }
            }
            if !isFinite { odd = odd ?? part }
            part.elements.giveBackMemory()
            column += width
        }
        self.scales = scales
        if let odd {
            throw InputError(
                odd.place, found: "a weight that is infinite or not a number", needed: "numbers",
                remedy: "Download the file again, or train the model anew: its answers would be none")
        }
    }

    /// Packs matrices that a program has computed rather than loaded.
    ///
    /// - Throws: `InputError` if there is not the memory, or where a weight is infinite or not a number.
    public convenience init(_ parts: [Tensor], layout: Layout = .outputByInput, precision: Precision = .float32) throws {
        try self.init(parts.map { StoredMatrix($0, precision: precision) }, layout: layout)
    }

    deinit { apus_deallocate(memory) }

    /// `activation(input · matrixᵀ + bias) + residual`.
    ///
    /// - Parameters:
    ///   - input: `[…, depth]`.
    ///   - bias: `[columns]`.
    ///   - residual: `[…, columns]`.
    /// - Returns: `[…, columns]`.
    func product(_ input: Tensor, bias: Tensor?, activation: Activation, residual: Tensor?) -> Tensor {
        precondition(input.width == depth, "\(input.shape) does not go with a depth of \(depth)")
        precondition(bias == nil || bias!.count == columns, "bias of another width")
        let rows = input.rowCount
        precondition(residual == nil || residual!.count == rows * columns, "residual of another shape")
        if let trained {
            if trained.tape(input, bias, residual) != nil {
                return trained.product(input, bias: bias, activation: activation, residual: residual)
            }
            refresh(trained)
        } else {
            precondition(GradientTape.tracking(input, bias, residual) == nil, "a matrix that was not opened for training")
        }
        return input.withFloatBuffer { input in
            residual.withFloatPointer { residual in
                Tensor(shape: [rows, columns]) { output in
                    guard let a = input.baseAddress, let out = output.baseAddress else { return }
                    multiply(
                        a, rowStride: depth, rows: rows, bias: bias, activation: activation, residual: residual, to: out)
                }
            }
        }.reshaped(to: input.shape.dropLast() + [columns])
    }

    /// `activation(windows · matrixᵀ + bias)`, where a window is `depth` neighbouring elements of a sequence and the next one
    /// starts `step` elements after it: neighbours may overlap, and none is copied.
    ///
    /// - Parameter input: `[batch, positions, channels]`.
    /// - Returns: `[batch, count, columns]`.
    func product(windowsOf input: Tensor, count: Int, step: Int, bias: Tensor?, activation: Activation) -> Tensor {
        precondition(input.rank == 3 && (bias == nil || bias!.count == columns), "\(input.shape) or a bias of another width")
        let length = input.shape[1] * input.shape[2]
        precondition(count == 0 || (count - 1) * step + depth <= length, "\(count) windows do not fit \(input.shape)")
        precondition(trained == nil && GradientTape.tracking(input, bias) == nil, "a matrix that was not opened for training")
        return input.withFloatBuffer { input in
            Tensor(shape: [input.count / max(1, length), count, columns]) { output in
                guard let a = input.baseAddress, let out = output.baseAddress else { return }
                for index in 0..<input.count / max(1, length) {
                    multiply(
                        a + index * length, rowStride: step, rows: count, bias: bias, activation: activation, residual: nil,
                        to: out + index * count * columns)
                }
            }
        }
    }

    /// Lays the rows out again if they have changed since.
    private func refresh(_ trained: TrainedMatrix) {
        packedVersion.withLock { version in
            let now = trained.version
            if now != version { trained.pack(into: memory) }
            version = now
        }
    }

    private func multiply(
        _ a: UnsafePointer<Float>, rowStride: Int, rows: Int, bias: Tensor?, activation: Activation,
        residual: UnsafePointer<Float>?, to out: UnsafeMutablePointer<Float>
    ) {
        bias.withFloatPointer { bias in
            scales.withUnsafeBufferPointer { scales in
                var product = apus_product(
                    precision: precision.kernel, rows: Int64(rows), depth: Int64(depth), columns: Int64(columns), a: a,
                    a_stride: Int64(rowStride), packed: memory, scales: scales.baseAddress, bias: bias,
                    activation: activation.kernel, residual: residual, residual_stride: Int64(columns), out: out,
                    out_stride: Int64(columns))
                apus_multiply(kernels, &product)
            }
        }
    }
}

extension ElementType {
    /// As the kernels name it, the types of floating-point numbers and of quantized weights.
    var kernel: apus_element {
        switch self {
        case .float64: apus_element_float64
        case .float16: apus_element_float16
        case .bfloat16: apus_element_bfloat16
        case .int8: apus_element_int8
        default: apus_element_float32
        }
    }
}
