public import AttentionEngine

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A change to a photo that leaves what it shows the same, drawn anew for each example.
public protocol ImageAugmentation: Sendable {
    /// The image as drawn from the generator.
    func callAsFunction(_ image: Image, using generator: inout SeededGenerator) -> Image
}

/// Several augmentations, one after the other.
public struct ImageAugmentations: ImageAugmentation {
    /// The steps.
    public var steps: [any ImageAugmentation]

    /// Creates a sequence.
    public init(_ steps: [any ImageAugmentation]) { self.steps = steps }

    public func callAsFunction(_ image: Image, using generator: inout SeededGenerator) -> Image {
        steps.reduce(image) { image, step in step(image, using: &generator) }
    }
}

/// Mirrors left and right.
public struct RandomHorizontalFlip: ImageAugmentation {
    /// How often.
    public var probability: Double

    /// Creates the augmentation.
    public init(probability: Double = 0.5) { self.probability = probability }

    public func callAsFunction(_ image: Image, using generator: inout SeededGenerator) -> Image {
        Double.random(in: 0..<1, using: &generator) < probability ? image.mirrored() : image
    }
}

/// Cuts out a part of random area and aspect and resizes it (Szegedy et al., 2015, arXiv:1409.4842), as torchvision's
/// `RandomResizedCrop` chooses it.
public struct RandomResizedCrop: ImageAugmentation {
    /// The size of the result, in pixels.
    public var width: Int
    /// The size of the result, in pixels.
    public var height: Int
    /// The part's share of the area.
    public var scale: ClosedRange<Double>
    /// The part's width over its height.
    public var aspectRatio: ClosedRange<Double>
    /// How pixels are weighed.
    public var filter: ResamplingFilter

    /// Creates the augmentation; sizes are at least 1, scales above 0 and at most 1, aspects above 0.
    public init(
        width: Int, height: Int, scale: ClosedRange<Double> = 0.08...1, aspectRatio: ClosedRange<Double> = 3.0 / 4...4.0 / 3,
        filter: ResamplingFilter = .bilinear
    ) {
        (self.width, self.height) = (width, height)
        (self.scale, self.aspectRatio, self.filter) = (scale, aspectRatio, filter)
    }

    public func callAsFunction(_ image: Image, using generator: inout SeededGenerator) -> Image {
        let part = part(of: image, using: &generator)
        return image.cropped(x: part.x, y: part.y, width: part.width, height: part.height)
            .resized(width: max(1, width), height: max(1, height), filter: filter)
    }

    /// The part to cut out; the middle, of the nearest aspect, where ten tries find none that fits.
    func part(of image: Image, using generator: inout SeededGenerator) -> (x: Int, y: Int, width: Int, height: Int) {
        let area = Double(image.width) * Double(image.height)
        for _ in 0..<10 {
            let target = area * Double.random(in: scale, using: &generator)
            let aspect = exp(
                Double.random(
                    in: log(aspectRatio.lowerBound)...log(aspectRatio.upperBound), using: &generator))
            let width = (target * aspect).squareRoot().rounded(.toNearestOrEven)
            let height = (target / aspect).squareRoot().rounded(.toNearestOrEven)
            guard width >= 1, height >= 1, width <= Double(image.width), height <= Double(image.height) else { continue }
            let (w, h) = (Int(width), Int(height))
            let y = Int.random(in: 0...image.height - h, using: &generator)
            let x = Int.random(in: 0...image.width - w, using: &generator)
            return (x, y, w, h)
        }
        let aspect = Double(image.width) / Double(image.height)
        var (w, h) = (image.width, image.height)
        if aspect < aspectRatio.lowerBound {
            h = Int((Double(w) / aspectRatio.lowerBound).rounded(.toNearestOrEven))
        } else if aspect > aspectRatio.upperBound {
            w = Int((Double(h) * aspectRatio.upperBound).rounded(.toNearestOrEven))
        }
        (w, h) = (min(max(1, w), image.width), min(max(1, h), image.height))
        return ((image.width - w) / 2, (image.height - h) / 2, w, h)
    }
}

extension Image {
    /// Left and right changed.
    func mirrored() -> Image {
        var result = pixels
        for row in 0..<height {
            for column in 0..<width {
                let (from, to) = (3 * (row * width + column), 3 * (row * width + width - 1 - column))
                for channel in 0..<3 { result[to + channel] = pixels[from + channel] }
            }
        }
        return Image(width: width, height: height, checked: result)
    }

    /// A part that lies within the image.
    func cropped(x: Int, y: Int, width: Int, height: Int) -> Image {
        var result: [UInt8] = []
        result.reserveCapacity(3 * width * height)
        for row in y..<y + height {
            let start = 3 * (row * self.width + x)
            result += pixels[start..<start + 3 * width]
        }
        return Image(width: width, height: height, checked: result)
    }
}
