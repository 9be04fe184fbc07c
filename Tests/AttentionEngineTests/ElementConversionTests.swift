import Testing

@testable import AttentionEngine

@Suite("Element types")
struct ElementConversionTests {
    /// A tensor over the bytes of `values`.
    private func tensor<Value>(_ values: [Value], _ type: ElementType) -> Tensor {
        let storage = TensorStorage(byteCount: values.count * type.byteWidth)
        values.withUnsafeBytes { bytes in
            UnsafeMutableRawBufferPointer(start: storage.base, count: bytes.count).copyMemory(from: bytes)
        }
        return Tensor(shape: [values.count], elementType: type, storage: storage)
    }

    @Test("integers of every width become floats, and integers again")
    func integers() {
        func check<Value: FixedWidthInteger>(_ type: ElementType, _: Value.Type) {
            let values: [Value] = [0, 1, 100, .max, .min]
            let tensor = tensor(values, type)
            #expect(tensor.floats == values.map { Float($0) }, "\(type)")
            #expect(tensor.integers == values.map { Int(clamping: $0) }, "\(type)")
        }
        check(.int8, Int8.self)
        check(.int16, Int16.self)
        check(.int32, Int32.self)
        check(.int64, Int64.self)
        check(.uint8, UInt8.self)
        check(.uint16, UInt16.self)
        check(.uint32, UInt32.self)
        check(.uint64, UInt64.self)
        #expect(tensor([UInt8(0), 1], .bool).floats == [0, 1])
    }

    @Test("floats of every width become the nearest float")
    func floats() {
        let values = [0, -0, 1, -2.5, 1e300, -1e300, 1e-300, 0.1]
        #expect(tensor(values, .float64).floats == values.map { Float($0) })
        #expect(tensor([Double.nan], .float64).floats[0].isNaN)
        let singles: [Float] = [0, .infinity, -.infinity, .leastNonzeroMagnitude, 1.5]
        #expect(tensor(singles, .float32).floats == singles)
        let brains: [UInt16] = [0x3F80, 0xC000, 0x7F80, 0xFF80, 0x0001, 0x8000]
        #expect(tensor(brains, .bfloat16).floats == [1, -2, .infinity, -.infinity, Float(bitPattern: 0x10000), -0])
        #expect(tensor([UInt16(0x7FC0)], .bfloat16).floats[0].isNaN)
    }

    @Test("half precision: subnormals, infinity, NaN, both zeros")
    func halves() {
        let bits: [UInt16] = [0x0001, 0x8001, 0x03FF, 0x0400, 0x3C00, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00, 0x3555]
        let values: [Float] = [
            0x1p-24, -0x1p-24, 0x1.ff8p-15, 0x1p-14, 1, 65504, -65504, .infinity, -.infinity, 0.333251953125,
        ]
        #expect(tensor(bits, .float16).floats == values)
        #expect(tensor([UInt16(0x7E00), 0xFC01], .float16).floats.allSatisfy { $0.isNaN })
        #expect(tensor([UInt16(0), 0x8000], .float16).floats.map(\.sign) == [.plus, .minus])
        #if !(os(macOS) && arch(x86_64))
            for bits in 0...UInt16.max {
                let expected = Float(Float16(bitPattern: bits)), found = ElementConversion.float(half: bits)
                if !(expected.isNaN && found.isNaN) { #expect(found.bitPattern == expected.bitPattern) }
            }
        #endif
    }

    @Test("fractions are cut, NaN is 0, and what no integer holds is clamped")
    func clamping() {
        #expect(
            tensor([1.9, -1.9, .nan, .infinity, -.infinity, 1e30, -1e30, 0x1p63, -0x1p63], .float64).integers
                == [1, -1, 0, .max, .min, .max, .min, .max, .min])
        #expect(tensor([Float(2.5), .nan], .float32).integers == [2, 0])
        #expect(tensor([UInt16(0x7C00), 0x4500], .float16).integers == [.max, 5])
        #expect(tensor([UInt16(0xFF80), 0x4040], .bfloat16).integers == [.min, 3])
    }

    @Test("float32 converts to itself without a copy")
    func identity() {
        let tensor = Tensor([1, 2], shape: [2])
        #expect(tensor.converted(to: .float32).storage === tensor.storage)
    }
}
