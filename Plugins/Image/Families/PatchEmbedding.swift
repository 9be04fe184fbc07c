public import AttentionEngine

/// Cuts images into patches and makes a vector of each (Dosovitskiy et al., 2021, arXiv:2010.11929), after the vectors
/// of learnt tokens that stand for the whole image.
public struct PatchEmbedding: Sendable {
    /// The size of images and patches, in pixels.
    public struct Geometry: Sendable, Hashable {
        /// The number of colours.
        public var channels: Int
        /// The size of an image.
        public var image: PixelSize
        /// The size of a patch.
        public var patch: PixelSize

        /// Creates a geometry.
        public init(channels: Int, image: PixelSize, patch: PixelSize) {
            self.channels = channels
            self.image = image
            self.patch = patch
        }

        /// How many patches an image has; what is left over at the right and below is not seen.
        public var patchCount: Int { (image.height / patch.height) * (image.width / patch.width) }
    }

    /// What the embedding was made for.
    public let geometry: Geometry
    private let projection: Linear
    private let tokens: [Tensor]

    /// Loads the projection of patches and takes the tokens before them.
    ///
    /// - Parameters:
    ///   - geometry: the size of images and patches.
    ///   - width: of a vector.
    ///   - projection: the path of the convolution's `weight`, `[width, channels, patch height, patch width]`.
    ///   - hasBias: whether the convolution has `bias`.
    ///   - tokens: each `[1, count, width]`, in order.
    /// - Throws: `InputError` naming the tensor that is missing or has another shape.
    public init(
        _ geometry: Geometry, width: Int, projection: Weights, hasBias: Bool = true, tokens: [Tensor]
    ) throws {
        let (channels, patch) = (geometry.channels, geometry.patch)
        self.geometry = geometry
        self.projection = try Linear(
            channels * patch.height * patch.width, width, projection, hasBias: hasBias,
            kernel: [channels, patch.height, patch.width])
        self.tokens = tokens
    }

    /// How many tokens stand before the patches.
    public var tokenCount: Int { tokens.reduce(0) { $0 + $1.shape[1] } }

    /// - Parameter pixels: `[batch, channels, height, width]`.
    /// - Returns: `[batch, tokens + patches, width]`; patches row by row.
    public func callAsFunction(_ pixels: Tensor) -> Tensor {
        let batch = pixels.shape[0], channels = geometry.channels, patch = geometry.patch
        let rows = geometry.image.height / patch.height, columns = geometry.image.width / patch.width
        let patches =
            pixels
            .sliced(0..<rows * patch.height, along: 2).sliced(0..<columns * patch.width, along: 3)
            .reshaped(to: [batch, channels, rows, patch.height, columns, patch.width])
            .permuted([0, 2, 4, 1, 3, 5])
            .reshaped(to: [batch, rows * columns, channels * patch.height * patch.width])
        let vectors = projection(patches)
        if tokens.isEmpty { return vectors }
        let tokens = Tensor.concatenated(tokens, along: 1)
        return .concatenated([tokens.repeated(batch).reshaped(to: [batch, tokenCount, vectors.width]), vectors], along: 1)
    }
}

/// A height and a width in pixels, written in `config.json` as one number or as two.
public struct PixelSize: Sendable, Hashable, Decodable, CustomStringConvertible {
    /// The number of rows.
    public var height: Int
    /// The number of columns.
    public var width: Int

    /// Creates a size.
    public init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }

    /// Decodes `224` or `[224, 192]`: height, then width.
    public init(from decoder: any Decoder) throws {
        if let side = try? decoder.singleValueContainer().decode(Int.self) {
            self.init(height: side, width: side)
            return
        }
        var sides = try decoder.unkeyedContainer()
        self.init(height: try sides.decode(Int.self), width: try sides.decode(Int.self))
    }

    /// `height × width`.
    public var description: String { "\(height) × \(width)" }
}
