public import AttentionEngine

/// Changes brightness, contrast, saturation and hue by random factors in random order, as torchvision's `ColorJitter` does to
/// tensors of bytes.
public struct ColorJitter: ImageAugmentation {
    /// A factor from 1 - brightness, at least 0, to 1 + brightness.
    public var brightness: Double
    /// As brightness.
    public var contrast: Double
    /// As brightness.
    public var saturation: Double
    /// A shift from -hue to hue, of a whole turn; at most 0.5.
    public var hue: Double

    /// Creates the augmentation; nothing is changed by default.
    public init(brightness: Double = 0, contrast: Double = 0, saturation: Double = 0, hue: Double = 0) {
        (self.brightness, self.contrast, self.saturation, self.hue) = (brightness, contrast, saturation, hue)
    }

    public func callAsFunction(_ image: Image, using generator: inout SeededGenerator) -> Image {
        func factor(_ strength: Double) -> Double {
            let strength = max(0, strength)
            return Double.random(in: max(0, 1 - strength)...1 + strength, using: &generator)
        }
        var result = image
        for step in [0, 1, 2, 3].shuffled(using: &generator) {
            switch step {
            case 0 where brightness > 0: result = result.adjusted(brightness: factor(brightness))
            case 1 where contrast > 0: result = result.adjusted(contrast: factor(contrast))
            case 2 where saturation > 0: result = result.adjusted(saturation: factor(saturation))
            case 3 where hue > 0:
                let most = min(0.5, hue)
                result = result.adjusted(hue: Double.random(in: -most...most, using: &generator))
            default: break
            }
        }
        return result
    }
}

extension Image {
    /// Each byte times a factor.
    func adjusted(brightness factor: Double) -> Image { blended(factor) { _ in 0 } }

    /// The distance from the mean grey times a factor.
    func adjusted(contrast factor: Double) -> Image {
        var sum = 0.0
        for pixel in stride(from: 0, to: pixels.count, by: 3) { sum += Double(grey(at: pixel)) }
        let mean = Float(sum / Double(width * height))
        return blended(factor) { _ in mean }
    }

    /// The distance from each pixel's grey times a factor.
    func adjusted(saturation factor: Double) -> Image { blended(factor) { self.grey(at: $0) } }

    /// The grey of a pixel by the weights of ITU-R 601-2, its fraction cut off as the reference does.
    private func grey(at pixel: Int) -> Float {
        (0.2989 * Float(pixels[pixel]) + 0.587 * Float(pixels[pixel + 1]) + 0.114 * Float(pixels[pixel + 2])).rounded(.down)
    }

    private func blended(_ factor: Double, with other: (Int) -> Float) -> Image {
        var result = pixels
        let (own, rest) = (Float(factor), Float(1 - factor))
        for pixel in stride(from: 0, to: pixels.count, by: 3) {
            let base = other(pixel)
            for channel in pixel..<pixel + 3 {
                result[channel] = UInt8(min(max(own * Float(pixels[channel]) + rest * base, 0), 255))
            }
        }
        return Image(width: width, height: height, checked: result)
    }

    /// Colours turned by a part of a whole turn, by way of hue, saturation and value.
    func adjusted(hue shift: Double) -> Image {
        var result = pixels
        for pixel in stride(from: 0, to: pixels.count, by: 3) {
            let (r, g, b) = (Float(pixels[pixel]) / 255, Float(pixels[pixel + 1]) / 255, Float(pixels[pixel + 2]) / 255)
            let (most, least) = (max(r, g, b), min(r, g, b))
            let range = most - least
            guard range > 0 else { continue }
            let saturation = range / most
            let (rc, gc, bc) = ((most - r) / range, (most - g) / range, (most - b) / range)
            let sector = most == r ? bc - gc : most == g ? 2 + rc - bc : 4 + gc - rc
            var hue = sector / 6 + 1 + Float(shift)
            hue -= hue.rounded(.down)
            let place = (hue * 6).rounded(.down)
            let fraction = hue * 6 - place
            func clamped(_ value: Float) -> Float { min(max(value, 0), 1) }
            let p = clamped(most * (1 - saturation)), q = clamped(most * (1 - saturation * fraction))
            let t = clamped(most * (1 - saturation * (1 - fraction)))
            let color: (Float, Float, Float) =
                switch Int(place) % 6 {
                case 0: (most, t, p)
                case 1: (q, most, p)
                case 2: (p, most, t)
                case 3: (p, q, most)
                case 4: (t, p, most)
                default: (most, p, q)
                }
            // As the reference turns fractions into bytes: 256 steps of equal width.
            func byte(_ value: Float) -> UInt8 { UInt8(min(255, value * 255.999)) }
            (result[pixel], result[pixel + 1], result[pixel + 2]) = (byte(color.0), byte(color.1), byte(color.2))
        }
        return Image(width: width, height: height, checked: result)
    }
}
