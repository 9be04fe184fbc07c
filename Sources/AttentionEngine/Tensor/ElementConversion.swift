/// Reading and writing elements of every type.
enum ElementConversion {
    /// One element as a double.
    static func double(_ bytes: UnsafeRawBufferPointer, at index: Int, type: ElementType) -> Double {
        switch type {
        case .float64: bytes.loadUnaligned(fromByteOffset: index * 8, as: Double.self)
        case .float32: Double(bytes.loadUnaligned(fromByteOffset: index * 4, as: Float.self))
        case .float16: Double(float(half: bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)))
        case .bfloat16: Double(float(brain: bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)))
        case .int64: Double(bytes.loadUnaligned(fromByteOffset: index * 8, as: Int64.self))
        case .int32: Double(bytes.loadUnaligned(fromByteOffset: index * 4, as: Int32.self))
        case .int16: Double(bytes.loadUnaligned(fromByteOffset: index * 2, as: Int16.self))
        case .int8: Double(bytes.load(fromByteOffset: index, as: Int8.self))
        case .uint64: Double(bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
        case .uint32: Double(bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
        case .uint16: Double(bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
        case .uint8, .bool: Double(bytes[index])
        }
    }

    /// IEEE 754 binary16 as a float, exact, subnormals included.
    static func float(half bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 0x1F
        let fraction = UInt32(bits & 0x3FF)
        switch exponent {
        case 0:
            let magnitude = Float(fraction) * 0x1p-24
            return sign == 0 ? magnitude : -magnitude
        case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }

    /// bfloat16, the upper half of a float.
    static func float(brain bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

    static func clampedInteger(_ value: Double) -> Int {
        if value.isNaN { return 0 }
        if value >= 0x1p63 { return .max }
        if value < -0x1p63 { return .min }
        return Int(value)
    }

    /// Writes `source`, elements of `type`, as floats.
    static func convert(
        _ source: UnsafeRawBufferPointer, of type: ElementType, to target: UnsafeMutableBufferPointer<Float>
    ) {
        switch type {
        case .float32:
            UnsafeMutableRawBufferPointer(target).copyMemory(from: source)
        case .bfloat16:
            for index in 0..<target.count {
                target[index] = float(brain: source.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
            }
        case .float16:
            for index in 0..<target.count {
                target[index] = float(half: source.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
            }
        default:
            for index in 0..<target.count { target[index] = Float(double(source, at: index, type: type)) }
        }
    }
}

extension Tensor {
    /// The same numbers as `float32`; the tensor itself if it is that already.
    ///
    /// - Parameter type: must be `.float32`, the one type arithmetic runs on.
    public func converted(to type: ElementType) -> Tensor {
        precondition(type == .float32, "conversion goes to float32 only")
        if elementType == .float32 { return self }
        return withBytes { bytes in
            Tensor(shape: shape) { ElementConversion.convert(bytes, of: elementType, to: $0) }
        }
    }
}
