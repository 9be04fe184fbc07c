/// y = x Wᵀ + b, with the weights packed for the processor when loaded.
public struct Linear: Sendable {
    /// The weights; `[…, matrix.depth]` becomes `[…, matrix.columns]`.
    public let matrix: PackedMatrix
    private let fixedBias: Tensor?
    /// The biases of the parts, where they are trained.
    private var trainedBiases: [Tensor] = []
    private var bias: Tensor? { trainedBiases.isEmpty ? fixedBias : .concatenated(trainedBiases, along: 0) }
    /// Whether it makes vectors of patches, which are measured apart from the layers of the Transformer.
    private var isConvolution = false

    /// Loads `weight` and `bias`.
    ///
    /// - Parameters:
    ///   - inputWidth: the width of what goes in.
    ///   - outputWidth: the width of what comes out.
    ///   - weights: the layer's own path.
    ///   - hasBias: whether the checkpoint has `bias`.
    ///   - kernel: the further dimensions of `weight`, which together make `inputWidth`, where it is a convolution's
    ///     whose windows do not overlap: `[channels, height, width]`.
    ///   - layout: which way round the checkpoint stores the matrix.
    /// - Throws: `InputError` naming the tensor that is missing or has another shape.
    public init(
        _ inputWidth: Int, _ outputWidth: Int, _ weights: Weights, hasBias: Bool = true, kernel: [Int]? = nil,
        layout: PackedMatrix.Layout = .outputByInput
    ) throws {
        try self.init(
            inputWidth, [Part(weights, outputWidth, hasBias: hasBias)], kernel: kernel ?? [inputWidth], layout: layout)
    }

    /// A layer whose weights a program has computed rather than loaded.
    ///
    /// - Parameters:
    ///   - matrix: the weights, packed.
    ///   - bias: `[matrix.columns]`.
    public init(_ matrix: PackedMatrix, bias: Tensor? = nil) {
        precondition(bias == nil || bias!.count == matrix.columns, "bias of another width")
        self.matrix = matrix
        fixedBias = bias
    }

    /// One of several layers that are computed as one.
    struct Part {
        var weights: Weights
        var width: Int
        var hasBias: Bool

        init(_ weights: Weights, _ width: Int, hasBias: Bool) {
            self.weights = weights
            self.width = width
            self.hasBias = hasBias
        }
    }

    /// Loads layers that share their input as one: their outputs stand side by side.
    init(
        _ inputWidth: Int, _ parts: [Part], kernel: [Int]? = nil, layout: PackedMatrix.Layout = .outputByInput
    ) throws {
        let kernel = kernel ?? [inputWidth]
        let stored = try parts.map { part in
            var stored = try part.weights.stored(
                "weight", layout == .outputByInput ? [part.width] + kernel : kernel + [part.width], layout: layout)
            if kernel.count > 1 { stored.precision = stored.precision.forRawInput }
            return stored
        }
        matrix = try PackedMatrix(stored, layout: layout)
        isConvolution = kernel.count > 1
        guard parts.contains(where: \.hasBias) else {
            fixedBias = nil
            return
        }
        let biases = try parts.map { part in
            part.hasBias ? try part.weights.get("bias", [part.width]) : Tensor(repeating: 0, shape: [part.width])
        }
        fixedBias = Tensor.concatenated(biases, along: 0)
        if biases.contains(where: { $0.node != nil }) { trainedBiases = biases }
    }

    /// `activation(x Wᵀ + b) + residual`, in one pass.
    ///
    /// - Parameters:
    ///   - x: `[…, input width]`.
    ///   - activation: what is done to each sum before the residual is added.
    ///   - residual: `[…, output width]`, added last.
    /// - Returns: `[…, output width]`.
    public func callAsFunction(_ x: Tensor, activation: Activation = .identity, residual: Tensor? = nil) -> Tensor {
        func product() -> Tensor { matrix.product(x, bias: bias, activation: activation, residual: residual) }
        return isConvolution ? Profile.measure(.convolutions, product) : product()
    }
}
