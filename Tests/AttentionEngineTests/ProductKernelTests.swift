import CKernels
import Testing

/// One product, with operands drawn at random and rows wider apart than they need be.
private struct Product {
    let rows: Int, depth: Int, columns: Int
    var hasBias = true
    var hasResidual = true
    var activation = apus_activation_none
    var precision = apus_precision_float32
    /// How far apart rows are beyond their width.
    var gaps = (a: 3, residual: 7, out: 5)
    let a: Guarded, b: [Float], bias: [Float], residual: Guarded

    init(rows: Int, depth: Int, columns: Int, seed: Int) {
        self.rows = rows
        self.depth = depth
        self.columns = columns
        var random = Seeded(state: UInt64(seed))
        // Gaps hold the mark, which is not a number: reading one spoils the sum.
        a = Guarded(rows * (depth + gaps.a), shift: seed % 5)
        let rowsOfA = random.floats(rows * depth)
        for row in 0..<rows { for k in 0..<depth { a.start[row * (depth + gaps.a) + k] = rowsOfA[row * depth + k] } }
        b = random.floats(depth * columns)
        bias = random.floats(columns)
        residual = Guarded(random.floats(rows * (columns + gaps.residual)), shift: seed % 3)
    }

    /// The result of one table, and whether it kept to its place.
    func result(_ table: KernelTable) -> (out: Guarded, isIntact: Bool) {
        let packed = table.packed(b, depth: depth, columns: columns, precision: precision)
        let stride = columns + gaps.out
        let out = Guarded(rows * stride, shift: rows % 4)
        bias.withUnsafeBufferPointer { bias in
            var product = apus_product(
                precision: precision, rows: Int64(rows), depth: Int64(depth), columns: Int64(columns), a: a.start,
                a_stride: Int64(depth + gaps.a), packed: packed.panels.start, scales: packed.scales.start,
                bias: hasBias ? bias.baseAddress : nil,
                activation: activation, residual: hasResidual ? UnsafePointer(residual.start) : nil,
                residual_stride: Int64(columns + gaps.residual), out: out.start, out_stride: Int64(stride))
            apus_multiply(table.pointer, &product)
        }
        return (out, packed.isIntact && out.isIntact(width: columns, stride: stride))
    }

    /// What the element should be, and how far off it may be: 1e-5 of the magnitudes that were added, what the activation
    /// itself may be off, and what a precision loses: half a step of its weights and, with integers, of the left operand.
    func expected(_ row: Int, _ column: Int) -> (value: Double, tolerance: Double) {
        var sum = hasBias ? Double(bias[column]) : 0
        var size = abs(sum)
        for k in 0..<depth {
            let term = Double(a.start[row * (depth + gaps.a) + k]) * Double(b[column * depth + k])
            sum += term
            size += abs(term)
        }
        let residual = hasResidual ? Double(self.residual.start[row * (columns + gaps.residual) + column]) : 0
        return (exact(activation, sum) + residual, 1e-5 * size + activationTolerance(sum) + loss(row, column))
    }

    private func loss(_ row: Int, _ column: Int) -> Double {
        if precision == apus_precision_float32 { return 0 }
        let left = (0..<depth).map { abs(Double(a.start[row * (depth + gaps.a) + $0])) }
        let right = b[column * depth..<(column + 1) * depth].map { abs(Double($0)) }
        // A processor may round the left operand to bfloat16 too.
        if precision == apus_precision_bfloat16 { return zip(left, right).reduce(0) { $0 + $1.0 * $1.1 } / 128 * 1.2 }
        // Of 4 bits the step is an eighth of the largest, and one nearly as large of the other sign is off by a whole step.
        let steps = (left.max() ?? 0) / 254, weightStep = (right.max() ?? 0) / (precision == apus_precision_int4 ? 8 : 254)
        return 1.2 * (right.reduce(0, +) * steps + left.reduce(0, +) * weightStep + Double(depth) * steps * weightStep)
    }

    /// Compares the results of all tables; of every `step`-th column where there are many.
    func check(columnStep step: Int = 1, sourceLocation: SourceLocation = #_sourceLocation) {
        let checked = Array(stride(from: 0, to: columns, by: step)) + (step > 1 ? Array(max(0, columns - 40)..<columns) : [])
        let results = KernelTable.all.map { ($0, result($0)) }
        let size = "\(rows)×\(depth)×\(columns), activation \(activation.rawValue)"
        for (table, result) in results {
            #expect(result.isIntact, "\(table.name) wrote outside at \(size)", sourceLocation: sourceLocation)
        }
        for row in 0..<rows {
            for column in checked {
                let (value, tolerance) = expected(row, column)
                for (table, result) in results {
                    let found = Double(result.out.start[row * (columns + gaps.out) + column])
                    if abs(found - value) <= tolerance { continue }
                    Issue.record(
                        "\(table.name), \(size): [\(row), \(column)] is \(found), not \(value)", sourceLocation: sourceLocation)
                    return
                }
            }
        }
    }
}

@Suite("Matrix products")
struct ProductKernelTests {
    @Test("all rows and columns from 1 to 67, with every depth, bias, residual and activation among them", arguments: 1...67)
    func oddSizes(rows: Int) {
        for columns in 1...67 {
            let index = rows * 67 + columns
            var product = Product(rows: rows, depth: 1 + (rows * 5 + columns) % 67, columns: columns, seed: index)
            product.hasBias = index % 2 == 0
            product.hasResidual = index / 2 % 2 == 0
            product.activation = apus_activation.all[index / 4 % 8]
            product.check()
        }
    }

    @Test("depths around the blocks it is cut into", arguments: [767, 768, 769, 1536, 3073])
    func depths(depth: Int) {
        for (index, rows) in [1, 2, 13, 14, 15, 29].enumerated() {
            for columns in [1, 33, 100] {
                var product = Product(rows: rows, depth: depth, columns: columns, seed: depth + rows + columns)
                product.activation = apus_activation.all[(index + columns) % 8]
                product.check()
            }
        }
    }

    @Test(
        "every precision, with sizes that fill no step, tile, panel or block",
        arguments: [apus_precision_bfloat16, apus_precision_int8, apus_precision_int4])
    func precisions(precision: apus_precision) {
        for (index, depth) in [1, 2, 3, 4, 5, 31, 64, 67, 768, 769, 771, 1539, 3073].enumerated() {
            for rows in [1, 2, 3, 5, 7, 12, 13, 15, 29] where depth < 100 || rows < 8 {
                for columns in [1, 7, 33, 70] {
                    var product = Product(rows: rows, depth: depth, columns: columns, seed: depth + rows * columns)
                    product.precision = precision
                    product.activation = [apus_activation_none, apus_activation_relu][(index + columns) % 2]
                    product.check()
                }
            }
        }
    }

    @Test("in lower precision, all rows from 1 to 70 with depths that fill no tile of a processor", arguments: 1...70)
    func oddRowsInLowerPrecision(rows: Int) {
        for precision in [apus_precision_bfloat16, apus_precision_int8] {
            for (index, depth) in [rows, 33 + rows, 384 + rows % 5, 800].enumerated() {
                var product = Product(rows: rows, depth: depth, columns: 1 + (rows * 7 + index * 13) % 67, seed: rows + depth)
                product.precision = precision
                product.hasResidual = index % 2 == 0
                product.check(columnStep: depth < 200 ? 1 : 9)
            }
        }
    }

    @Test("integers make the same to the last bit by tiles and without them")
    func integersByTiles() {
        let tables = KernelTable.all.filter { ["amx", "avx512"].contains($0.name) }
        guard tables.count == 2 else { return }
        for (rows, depth, columns) in [(3, 70, 40), (17, 385, 33), (70, 800, 200)] {
            var product = Product(rows: rows, depth: depth, columns: columns, seed: rows)
            product.precision = apus_precision_int8
            let results = tables.map { product.result($0).out.elements.map(\.bitPattern) }
            #expect(results[0] == results[1])
        }
    }

    @Test("many rows and columns", arguments: [(300, 64, 1000), (300, 770, 1000), (1, 3073, 1000), (300, 3073, 65)])
    func large(rows: Int, depth: Int, columns: Int) {
        Product(rows: rows, depth: depth, columns: columns, seed: depth).check(columnStep: 37)
    }

    @Test("matrices too large for a cache, whose panels threads share", arguments: [1, 2, 14, 128, 161, 162, 163, 200])
    func tooLargeForCache(rows: Int) {
        Product(rows: rows, depth: 330, columns: 6400, seed: rows).check(columnStep: 997)
        if rows == 128 { Product(rows: 40, depth: 3073, columns: 700, seed: rows).check(columnStep: 97) }
    }

    @Test("no rows, columns or depth")
    func empty() {
        Product(rows: 0, depth: 5, columns: 7, seed: 1).check()
        Product(rows: 5, depth: 7, columns: 0, seed: 2).check()
        // A sum of nothing is zero: bias and residual are left.
        Product(rows: 5, depth: 0, columns: 7, seed: 3).check()
    }

    @Test("in lower precision, what is not finite spoils its row and no other", arguments: KernelTable.all)
    func nonFiniteInLowerPrecision(table: KernelTable) {
        for precision in [apus_precision_bfloat16, apus_precision_int8, apus_precision_int4] {
            for (place, value) in [(4, Float.nan), (0, .nan), (8, .infinity), (2, -.infinity)] {
                var product = Product(rows: 17, depth: 9, columns: 35, seed: 4)
                product.precision = precision
                product.hasResidual = false
                product.a.start[place] = value
                let out = product.result(table).out
                for column in 0..<35 {
                    #expect(!out.start[column].isFinite)
                    for row in 1..<17 { #expect(out.start[row * 40 + column].isFinite) }
                }
            }
        }
    }

    @Test("NaN and infinity reach their row and no other", arguments: KernelTable.all)
    func nonFinite(table: KernelTable) {
        for rows in [1, 2, 17] {
            var product = Product(rows: rows, depth: 9, columns: 35, seed: 4)
            product.hasResidual = false
            product.a.start[4] = .nan
            let nan = product.result(table).out
            product.a.start[4] = .infinity
            let infinite = product.result(table).out
            for column in 0..<35 {
                #expect(nan.start[column].isNaN)
                #expect(infinite.start[column] == (product.b[column * 9 + 4] > 0 ? .infinity : -.infinity))
                for row in 1..<rows { #expect(nan.start[row * 40 + column].isFinite) }
            }
        }
    }
}
