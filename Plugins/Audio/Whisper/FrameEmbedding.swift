public import AttentionEngine

/// Makes a vector of every second frame of a spectrogram, by two convolutions over neighbouring frames (Radford et al., 2022,
/// arXiv:2212.04356).
public struct FrameEmbedding: Sendable {
    /// The number of frequency bins of a frame.
    public let binCount: Int
    private let first: Convolution1D
    private let second: Convolution1D
    private let activation: Activation

    /// Loads `conv1` and `conv2`, each with `weight`, `[width, channels, 3]`, and `bias`.
    ///
    /// - Throws: `InputError` naming the tensor that is missing or has another shape.
    public init(binCount: Int, width: Int, activation: Activation = .gelu, _ weights: Weights) throws {
        self.binCount = binCount
        self.activation = activation
        first = try Convolution1D(binCount, width, kernelSize: 3, padding: 1, weights["conv1"])
        second = try Convolution1D(width, width, kernelSize: 3, stride: 2, padding: 1, weights["conv2"])
    }

    /// How many vectors there are for as many frames.
    public func positionCount(frames: Int) -> Int { second.resultCount(frames) }

    /// - Parameter features: `[batch, bins, frames]`.
    /// - Returns: `[batch, (frames + 1) / 2, width]`.
    public func callAsFunction(_ features: Tensor) -> Tensor {
        second(first(features.permuted([0, 2, 1]), activation: activation), activation: activation)
    }
}
