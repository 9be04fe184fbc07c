public import AttentionEngine

/// Turns images into the numbers that a vision model was trained on: resized, cropped, scaled and normalized.
///
/// The results equal those of the transformers library's image processors (Pillow versions), or of timm's
/// evaluation transform, within rounding of `float32`.
public struct ImageConverter: Sendable {
    private let geometry: [GeometryStep]
    private let scaling: PixelScaling

    init(geometry: [GeometryStep], scaling: PixelScaling) {
        self.geometry = geometry
        self.scaling = scaling
    }

    /// The size of what comes out, or nothing if it depends on the image.
    public var outputSize: (height: Int, width: Int)? { geometry.last?.fixedSize }

    /// What is done to an image, a step each, in words: `resize to 224 × 224, bilinear`.
    public var steps: [String] { geometry.map(\.description) + scaling.steps }

    /// The tensor `[images, 3, height, width]`.
    ///
    /// - Throws: `InputError` if an image cannot be resized as asked, or the results differ in size.
    public func callAsFunction(_ images: [Image]) throws -> Tensor {
        let prepared = try Processor.map(images, prepared).map { try $0.get() }
        let (height, width) = prepared.first.map { ($0.height, $0.width) } ?? outputSize ?? (0, 0)
        for image in prepared where (image.height, image.width) != (height, width) {
            throw InputError(
                "images", found: "\(width) × \(height) and \(image.width) × \(image.height) pixels in one batch",
                needed: "one size, because this model's preprocessor keeps the aspect ratio and does not crop",
                remedy: "Use a batch size of 1")
        }
        let count = 3 * height * width
        return Tensor(shape: [images.count, 3, height, width]) { numbers in
            numbers.withUnsafeMutableBufferPointer { numbers in
                for (index, image) in prepared.enumerated() {
                    write(image, to: UnsafeMutableBufferPointer(rebasing: numbers[(index * count)..<((index + 1) * count)]))
                }
            }
        }
    }

    /// The image resized and cropped, still in bytes; a pure function.
    func prepared(_ image: Image) throws -> Image {
        try geometry.reduce(image) { image, step in try step(image) }
    }

    /// Writes a prepared image's numbers as three planes.
    func write(_ image: Image, to planes: UnsafeMutableBufferPointer<Float>) {
        scaling.write(image, to: planes)
    }
}
