public import AttentionEngine

/// Does a few changes to a photo, drawn from a fixed list and all of the same strength (Cubuk et al., 2019, arXiv:1909.13719), as
/// torchvision's `RandAugment` does to tensors of bytes.
public struct RandAugment: ImageAugmentation {
    /// How many changes follow each other.
    public var operationCount: Int
    /// How strong they are, from 0 to 30.
    public var magnitude: Int

    /// The strongest that there is.
    public static let greatestMagnitude = 30

    /// Creates the augmentation with torchvision's numbers.
    public init(operationCount: Int = 2, magnitude: Int = 9) {
        (self.operationCount, self.magnitude) = (operationCount, magnitude)
    }

    /// A change that strength has a meaning for, or none.
    enum Operation: CaseIterable {
        case identity, shearX, shearY, translateX, translateY, rotate
        case brightness, color, contrast, sharpness, posterize, solarize, autoContrast, equalize
    }

    public func callAsFunction(_ image: Image, using generator: inout SeededGenerator) -> Image {
        (0..<max(0, operationCount)).reduce(image) { image, _ in
            let operation = Operation.allCases.randomElement(using: &generator) ?? .identity
            return image.changed(operation, strength: strength, isNegative: Bool.random(using: &generator))
        }
    }

    /// The magnitude, as a share of the greatest.
    private var strength: Double {
        Double(min(max(0, magnitude), Self.greatestMagnitude)) / Double(Self.greatestMagnitude)
    }
}

extension Image {
    /// - Parameters:
    ///   - operation: what is done.
    ///   - strength: how strongly, from 0 to 1.
    ///   - isNegative: whether it goes to the left, or makes less of something.
    func changed(_ operation: RandAugment.Operation, strength: Double, isNegative: Bool) -> Image {
        let sign = isNegative ? -1.0 : 1
        switch operation {
        case .identity: return self
        case .shearX: return sheared(x: 0.3 * strength * sign, y: 0)
        case .shearY: return sheared(x: 0, y: 0.3 * strength * sign)
        case .translateX: return moved(x: Int(150.0 / 331 * Double(width) * strength * sign), y: 0)
        case .translateY: return moved(x: 0, y: Int(150.0 / 331 * Double(height) * strength * sign))
        case .rotate: return rotated(degrees: 30 * strength * sign)
        case .brightness: return adjusted(brightness: 1 + 0.9 * strength * sign)
        case .color: return adjusted(saturation: 1 + 0.9 * strength * sign)
        case .contrast: return adjusted(contrast: 1 + 0.9 * strength * sign)
        case .sharpness: return adjusted(sharpness: 1 + 0.9 * strength * sign)
        case .posterize: return posterized(bits: 8 - Int((4 * strength).rounded(.toNearestOrEven)))
        case .solarize: return solarized(threshold: Float(255 * (1 - strength)))
        case .autoContrast: return withAutomaticContrast()
        case .equalize: return equalized()
        }
    }
}
