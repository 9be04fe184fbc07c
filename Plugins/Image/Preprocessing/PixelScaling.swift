/// The number that each of a channel's 256 byte values becomes.
struct PixelScaling: Sendable {
    /// 256 numbers for each of red, green and blue.
    private let numbers: [[Float]]
    /// What happens, a step each, in words.
    let steps: [String]

    /// As the transformers library does it: product in double precision, normalization in single.
    init(factor: Double?, normalization: PixelNormalization?) {
        self.init(normalization: normalization, factor: factor) { byte in
            factor.map { Float(Double(byte) * $0) } ?? Float(byte)
        }
    }

    /// As torchvision does it: a division in single precision.
    init(dividingBy255Then normalization: PixelNormalization) {
        self.init(normalization: normalization, factor: 1 / 255) { byte in Float(byte) / 255 }
    }

    private init(normalization: PixelNormalization?, factor: Double?, scaled: (UInt8) -> Float) {
        numbers = (0..<3).map { channel in
            (0...UInt8.max).map { byte in
                guard let normalization else { return scaled(byte) }
                return (scaled(byte) - Float(normalization.mean[channel])) / Float(normalization.deviation[channel])
            }
        }
        let factorStep = factor.map { factor in
            let divisor = (1 / factor).rounded()
            return divisor < 1e6 && abs(divisor * factor - 1) < 1e-6 ? "scale by 1/\(Int(divisor))" : "scale by \(factor)"
        }
        steps = [factorStep, normalization?.description].compactMap(\.self)
    }

    /// Writes an image as three planes, red, green and blue.
    func write(_ image: Image, to planes: UnsafeMutableBufferPointer<Float>) {
        let area = image.width * image.height
        precondition(planes.count == 3 * area, "three planes of the image's size were needed")
        image.pixels.withUnsafeBufferPointer { pixels in
            for channel in 0..<3 {
                numbers[channel].withUnsafeBufferPointer { numbers in
                    for index in 0..<area { planes[channel * area + index] = numbers[Int(pixels[3 * index + channel])] }
                }
            }
        }
    }
}

/// Subtract a mean, then divide by a deviation; each for red, green and blue.
struct PixelNormalization: Sendable, Hashable, CustomStringConvertible {
    var mean: [Double]
    var deviation: [Double]

    var description: String {
        func list(_ numbers: [Double]) -> String { numbers.map(\.description).joined(separator: " ") }
        return "normalize with mean \(list(mean)) and deviation \(list(deviation))"
    }
}
