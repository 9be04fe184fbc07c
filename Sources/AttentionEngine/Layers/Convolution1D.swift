/// A convolution along a sequence: each result is a product with the vectors of a few neighbouring positions.
public struct Convolution1D: Sendable {
    /// How many neighbouring positions a result sees.
    public let kernelSize: Int
    /// How far apart in the sequence neighbouring results stand.
    public let stride: Int
    /// How many zeros are imagined before the first position and after the last.
    public let padding: Int
    private let inputWidth: Int
    private let matrix: PackedMatrix
    private let bias: Tensor?
    /// `[outputWidth, inputWidth, kernelSize]`, where it is trained.
    private let trainedKernels: Tensor?
    private let precision: Precision

    /// Loads `weight`, `[outputWidth, inputWidth, kernelSize]`, and `bias`.
    ///
    /// - Throws: `InputError` naming the tensor that is missing or has another shape.
    public init(
        _ inputWidth: Int, _ outputWidth: Int, kernelSize: Int, stride: Int = 1, padding: Int = 0, _ weights: Weights,
        hasBias: Bool = true
    ) throws {
        precondition(kernelSize > 0 && stride > 0 && padding >= 0, "no such convolution")
        self.kernelSize = kernelSize
        self.stride = stride
        self.padding = padding
        self.inputWidth = inputWidth
        // A window of the input is stored position by position, so the weights must be too.
        let kernels = try weights.get("weight", [outputWidth, inputWidth, kernelSize])
        precision = weights.precision.forRawInput
        matrix = try PackedMatrix([kernels.permuted([0, 2, 1])], precision: precision)
        trainedKernels = kernels.node == nil ? nil : kernels
        bias = hasBias ? try weights.get("bias", [outputWidth]) : nil
    }

    /// How many results there are for as many positions.
    public func resultCount(_ positions: Int) -> Int { max(0, (positions + 2 * padding - kernelSize) / stride + 1) }

    /// `activation(convolution(x) + bias)`.
    ///
    /// - Parameters:
    ///   - x: `[batch, positions, input width]`.
    ///   - activation: what is done to each sum.
    /// - Returns: `[batch, results, output width]`.
    public func callAsFunction(_ x: Tensor, activation: Activation = .identity) -> Tensor {
        precondition(x.rank == 3 && x.width == inputWidth, "\(x.shape) does not go with \(inputWidth) channels")
        let zeros = Tensor(repeating: 0, shape: [x.shape[0], padding, inputWidth])
        return Profile.measure(.convolutions) {
            let padded = padding == 0 ? x : .concatenated([zeros, x, zeros], along: 1)
            if let trainedKernels {
                return TrainedMatrix([trainedKernels.permuted([0, 2, 1])], precision: precision).product(
                    windowsOf: padded, count: resultCount(x.shape[1]), step: stride * inputWidth, bias: bias,
                    activation: activation)
            }
            return matrix.product(
                windowsOf: padded, count: resultCount(x.shape[1]),
                step: stride * inputWidth, bias: bias, activation: activation)
        }
    }
}
