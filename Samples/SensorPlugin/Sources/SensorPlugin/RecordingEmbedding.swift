import AttentionEngine

/// Makes a vector of each patch in time, after a learnt vector that stands for the whole window.
public struct RecordingEmbedding: Sendable {
    private let patch: Int
    private let projection: Linear
    private let classToken: Tensor

    /// Loads `projection`, whose weight is `[width, channels · patch]`, and `class_token`, `[1, 1, width]`.
    ///
    /// - Parameters:
    ///   - patch: the length of a patch, in samples.
    ///   - width: of a vector.
    /// - Throws: `InputError` naming the tensor that is missing or has another shape.
    public init(channels: Int, patch: Int, width: Int, _ weights: Weights) throws {
        self.patch = patch
        projection = try Linear(channels * patch, width, weights["projection"])
        classToken = try weights.get("class_token", [1, 1, width])
    }

    /// - Parameter windows: `[batch, channels, length]`.
    /// - Returns: `[batch, 1 + length / patch, width]`.
    public func callAsFunction(_ windows: Tensor) -> Tensor {
        let (batch, channels, count) = (windows.shape[0], windows.shape[1], windows.shape[2] / patch)
        let patches = windows.reshaped(to: [batch, channels, count, patch]).permuted([0, 2, 1, 3])
        let vectors = projection(patches.reshaped(to: [batch, count, channels * patch]))
        return .concatenated([classToken.repeated(batch).reshaped(to: [batch, 1, vectors.width]), vectors], along: 1)
    }
}
