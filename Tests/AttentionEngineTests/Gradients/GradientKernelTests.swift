import CKernels
import Testing

@Suite("Backward kernels against their scalar twins", .serialized)
struct GradientKernelTests {
    private var scalar: apus_kernels { KernelTable.scalar.functions }

    /// Runs `body` with the table's kernels and the scalar ones on copies of `numbers`, and compares what it leaves there.
    private func compare(
        _ table: KernelTable, _ numbers: [[Float]], tolerance: Float, _ what: String,
        _ body: (apus_kernels, [UnsafeMutablePointer<Float>]) -> Void
    ) {
        let found = numbers.enumerated().map { Guarded($1, shift: $0) }, expected = numbers.map { Guarded($0) }
        body(table.functions, found.map(\.start))
        body(scalar, expected.map(\.start))
        for (found, expected) in zip(found, expected) {
            #expect(found.isIntact() && expected.isIntact(), "\(what) wrote outside")
            let most = expected.elements.reduce(1) { max($0, abs($1)) }
            let difference = zip(found.elements, expected.elements).reduce(0) { max($0, abs($1.0 - $1.1)) }
            #expect(difference <= tolerance * most, "\(what) of \(numbers[0].count) is off by \(difference)")
        }
    }

    @Test("activations, norms, softmax and attention", arguments: KernelTable.all, Array(1...35) + [127, 128, 769])
    func rows(table: KernelTable, count: Int) {
        var random = Seeded(state: UInt64(count))
        let x = random.floats(count), weight = random.floats(count), dy = random.floats(count),
            none = [Float](repeating: 0, count: count)
        let n = Int64(count)
        for activation in apus_activation.all {
            compare(table, [x.map { 3 * $0 }, dy, none], tolerance: 1e-5, "activation \(activation.rawValue)") { kernels, p in
                kernels.activate_backward(activation, p[0], p[1], p[2], n)
            }
        }
        let tolerance: Float = count < 3 ? 1e-2 : 2e-5
        compare(table, [x, weight, dy, none, weight, dy], tolerance: tolerance, "layer norm") { kernels, p in
            kernels.layer_norm_backward(p[0], p[1], p[2], 1e-2, p[3], p[4], p[5], n)
        }
        compare(table, [x, dy, none], tolerance: tolerance, "bare layer norm") { kernels, p in
            kernels.layer_norm_backward(p[0], nil, p[1], 1e-2, p[2], nil, nil, n)
        }
        compare(table, [x, weight, dy, none, weight], tolerance: tolerance, "root mean square norm") { kernels, p in
            kernels.rms_norm_backward(p[0], p[1], p[2], 1e-2, p[3], p[4], n)
        }
        compare(table, [x, dy, none], tolerance: 1e-5, "softmax") { kernels, p in
            kernels.softmax(p[0], n)
            kernels.softmax_backward(p[0], p[1], p[2], n)
        }
        compare(table, [x, dy, weight, x], tolerance: 1e-5, "attention") { kernels, p in
            kernels.attention_backward(p[0], p[1], p[2], p[3], 1.5, 0.3, n)
        }
        compare(table, [x, none], tolerance: 1e-5, "exponentials") { kernels, p in
            kernels.shifted_exp(p[0], 0.4, 1.3, -0.2, p[1], n)
            p[1][0] += kernels.log_sum_exp(p[0], n) + kernels.total(p[0], n)
        }
    }

    @Test("a product whose left operand stands turned", arguments: KernelTable.all)
    func turnedProducts(table: KernelTable) {
        var random = Seeded(state: 8)
        for precision in [apus_precision_float32, apus_precision_bfloat16] {
            for (rows, depth, columns) in [(1, 1, 1), (5, 7, 3), (33, 29, 35), (130, 801, 20), (67, 1_603, 33)] {
                let a = random.floats(rows * depth), b = random.floats(columns * depth)
                let packed = table.packed(b, depth: depth, columns: columns, precision: precision)
                var turned = [Float](repeating: 0, count: a.count)
                for r in 0..<rows { for k in 0..<depth { turned[k * rows + r] = a[r * depth + k] } }
                let results = [a, turned].enumerated().map { index, left in
                    let out = Guarded(rows * columns)
                    left.withUnsafeBufferPointer { left in
                        var product = apus_product(
                            precision: precision, rows: Int64(rows), depth: Int64(depth), columns: Int64(columns),
                            a: left.baseAddress!, a_stride: Int64(index == 0 ? depth : rows), packed: packed.panels.start,
                            scales: nil, bias: nil, activation: apus_activation_none, residual: nil, residual_stride: 0,
                            out: out.start, out_stride: Int64(columns))
                        if index == 0 {
                            apus_multiply(table.pointer, &product)
                        } else {
                            apus_multiply_transposed(table.pointer, &product)
                        }
                    }
                    #expect(out.isIntact())
                    return out.elements
                }
                #expect(results[0].elementsEqual(results[1]), "\(rows) \(depth) \(columns)")
            }
        }
    }
}
