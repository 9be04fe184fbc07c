import CKernels
import Testing

@Suite("Packing of weights")
struct PackingTests {
    /// What a packed matrix holds by its definition.
    private func panels(_ table: KernelTable, _ matrix: [Float], depth: Int, columns: Int) -> [Float] {
        let width = table.panelWidth
        var result = [Float](repeating: 0, count: (columns + width - 1) / width * width * depth)
        for column in 0..<columns {
            for k in 0..<depth {
                result[column / width * width * depth + k * width + column % width] = matrix[column * depth + k]
            }
        }
        return result
    }

    /// Packs `source`, in parts of the given widths, and compares.
    private func check<Element>(
        _ table: KernelTable, _ element: apus_element, _ source: [Element], as matrix: [Float], depth: Int, parts: [Int],
        isTransposed: Bool = false
    ) {
        let columns = parts.reduce(0, +)
        let (packed, scales) = table.room(depth: depth, columns: columns)
        var first = 0
        for part in parts {
            let isFinite = table.pack(
                Array(source[(isTransposed ? first : first * depth)...]), as: element,
                strides: isTransposed ? (1, columns) : (depth, 1), depth: depth, first: first, columns: part, to: packed,
                scales: scales)
            #expect(isFinite)
            first += part
        }
        let expected = panels(table, matrix, depth: depth, columns: columns)
        #expect(
            packed.elements.map(\.bitPattern).elementsEqual(expected.map(\.bitPattern)),
            "\(table.name), depth \(depth), columns \(parts)")
        #expect(packed.isIntact())
    }

    @Test("every element type and layout, one part and several with odd ends", arguments: KernelTable.all)
    func layouts(table: KernelTable) {
        var random = Seeded(state: 1)
        for depth in [1, 2, 63, 64, 65, 130] {
            for parts in [[1], [7], [31], [32], [33], [67], [1, 1, 1], [5, 27, 35], [33, 33, 33], [3, 100, 1, 64]] {
                let columns = parts.reduce(0, +)
                // Of few bits, so that every type holds them exactly.
                let matrix = random.floats(depth * columns).map { ($0 * 64).rounded() / 16 }
                let transposed = (0..<depth).flatMap { k in (0..<columns).map { matrix[$0 * depth + k] } }
                check(table, apus_element_float32, matrix, as: matrix, depth: depth, parts: parts)
                check(table, apus_element_float32, transposed, as: matrix, depth: depth, parts: parts, isTransposed: true)
                check(table, apus_element_float64, matrix.map(Double.init), as: matrix, depth: depth, parts: parts)
                check(
                    table, apus_element_bfloat16, matrix.map { UInt16($0.bitPattern >> 16) }, as: matrix, depth: depth,
                    parts: parts)
                check(
                    table, apus_element_bfloat16, transposed.map { UInt16($0.bitPattern >> 16) }, as: matrix, depth: depth,
                    parts: parts, isTransposed: true)
                #if !(os(macOS) && arch(x86_64))
                    check(table, apus_element_float16, matrix.map(Float16.init), as: matrix, depth: depth, parts: parts)
                #endif
            }
        }
    }

    #if !(os(macOS) && arch(x86_64))
        @Test("every half-precision number there is", arguments: KernelTable.all)
        func halves(table: KernelTable) {
            let width = table.panelWidth
            let bits = (0...UInt16.max).map { $0 }
            let (packed, scales) = table.room(depth: 1 << 16, columns: 1)
            let isFinite = table.pack(
                bits, as: apus_element_float16, strides: (1 << 16, 1), depth: 1 << 16, columns: 1, to: packed, scales: scales)
            #expect(!isFinite)
            for (index, bits) in bits.enumerated() {
                let expected = Float(Float16(bitPattern: bits)), found = packed.start[index * width]
                guard found.bitPattern != expected.bitPattern, !(expected.isNaN && found.isNaN) else { continue }
                Issue.record("\(bits) became \(found), not \(expected)")
            }
        }
    #endif

    @Test("doubles out of range become infinite", arguments: KernelTable.all)
    func doubles(table: KernelTable) {
        let source = [1e300, -1e300, 1e-300, .nan]
        let (packed, scales) = table.room(depth: 4, columns: 1)
        let isFinite = table.pack(
            source, as: apus_element_float64, strides: (4, 1), depth: 4, columns: 1, to: packed, scales: scales)
        #expect(!isFinite)
        let found = stride(from: 0, to: packed.count, by: packed.count / 4).map { packed.start[$0] }
        #expect(found[0] == .infinity && found[1] == -.infinity && found[2] == 0 && found[3].isNaN)
    }

    @Test(
        "integers with their scales are packed as they are, and give the products of the numbers they stand for",
        arguments: KernelTable.all)
    func integers(table: KernelTable) {
        let depth = 70, columns = 41
        var random = Seeded(state: 5)
        let numbers = random.floats(depth * columns, limit: 1).map { Int8(($0 * 127).rounded()) }
        let scales = random.floats(columns).map { abs($0) + 0.01 }
        let floats = numbers.enumerated().map { Float($1) * scales[$0 / depth] }
        for precision in [apus_precision_float32, apus_precision_int8] {
            let (panels, packedScales) = table.room(depth: depth, columns: columns, precision: precision)
            let isFinite = table.pack(
                numbers, as: apus_element_int8, strides: (depth, 1), depth: depth, columns: columns, sourceScales: scales,
                precision: precision, to: panels, scales: packedScales)
            #expect(isFinite && panels.isIntact() && packedScales.isIntact())
            if precision == apus_precision_int8 { #expect(Array(packedScales.elements.prefix(columns)) == scales) }
            let row = [Float](repeating: 1, count: depth)
            let out = Guarded(columns)
            row.withUnsafeBufferPointer { row in
                var product = apus_product(
                    precision: precision, rows: 1, depth: Int64(depth), columns: Int64(columns), a: row.baseAddress!,
                    a_stride: Int64(depth), packed: panels.start, scales: packedScales.start, bias: nil,
                    activation: apus_activation_none, residual: nil, residual_stride: 0, out: out.start,
                    out_stride: Int64(columns))
                apus_multiply(table.pointer, &product)
            }
            for column in 0..<columns {
                let expected = floats[column * depth..<(column + 1) * depth].reduce(0.0) { $0 + Double($1) }
                #expect(abs(Double(out.start[column]) - expected) < 1e-3)
            }
        }
    }
}
