import CKernels
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

private let counts = Array(1...67) + [127, 128, 768, 769, 4099]

/// Compares element by element with what double precision gives.
private func expectNear(
    _ found: Guarded, _ expected: [Double], tolerance: Double, _ what: String, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(found.isIntact(), "\(what) wrote outside", sourceLocation: sourceLocation)
    for (index, expected) in expected.enumerated() where !(abs(Double(found.start[index]) - expected) <= tolerance) {
        Issue.record("\(what): [\(index)] is \(found.start[index]), not \(expected)", sourceLocation: sourceLocation)
        return
    }
}

@Suite("Kernels over rows", .serialized)
struct RowKernelTests {
    @Test("sums, products and multiples, rounded once and so exact", arguments: KernelTable.all)
    func elementwise(table: KernelTable) {
        var random = Seeded(state: 2)
        for count in counts {
            let a = Guarded(random.floats(count), shift: count % 3), b = Guarded(random.floats(count), shift: count % 5)
            let sum = Guarded(count, shift: 1), product = Guarded(count), multiple = Guarded(count, shift: 2)
            table.functions.add(a.start, b.start, sum.start, Int64(count))
            table.functions.multiply(a.start, b.start, product.start, Int64(count))
            table.functions.scale(a.start, 0.37, multiple.start, Int64(count))
            #expect(sum.elements == zip(a.elements, b.elements).map { $0 + $1 })
            #expect(product.elements == zip(a.elements, b.elements).map { $0 * $1 })
            #expect(multiple.elements == a.elements.map { $0 * 0.37 })
            #expect(sum.isIntact() && product.isIntact() && multiple.isIntact())
        }
    }

    @Test("layer norm, with and without weight and bias", arguments: KernelTable.all)
    func layerNorm(table: KernelTable) {
        var random = Seeded(state: 3)
        for count in counts {
            // A mean away from zero, as residual streams have.
            let x = Guarded(random.floats(count).map { $0 + 3 }, shift: count % 4)
            let weight = random.floats(count), bias = random.floats(count)
            let mean = x.elements.reduce(0.0) { $0 + Double($1) } / Double(count)
            let variance = x.elements.reduce(0.0) { $0 + pow(Double($1) - mean, 2) } / Double(count)
            let plain = x.elements.map { (Double($0) - mean) / (variance + 1e-5).squareRoot() }
            // A row of one has no deviation: what is left is rounding over √ε.
            let tolerance = count == 1 ? 1e-3 : 1e-5
            let y = Guarded(count, shift: 1)
            table.functions.layer_norm(x.start, weight, bias, 1e-5, y.start, Int64(count))
            let whole = plain.indices.map { plain[$0] * Double(weight[$0]) + Double(bias[$0]) }
            expectNear(y, whole, tolerance: tolerance, "\(table.name), layer norm of \(count)")
            table.functions.layer_norm(x.start, weight, nil, 1e-5, y.start, Int64(count))
            expectNear(y, plain.indices.map { plain[$0] * Double(weight[$0]) }, tolerance: tolerance, "without bias")
            table.functions.layer_norm(x.start, nil, nil, 1e-5, y.start, Int64(count))
            expectNear(y, plain, tolerance: tolerance, "without weight")
        }
    }

    @Test("root mean square norm, with and without weight", arguments: KernelTable.all)
    func rmsNorm(table: KernelTable) {
        var random = Seeded(state: 4)
        for count in counts {
            let x = Guarded(random.floats(count), shift: count % 4), weight = random.floats(count)
            let square = x.elements.reduce(0.0) { $0 + pow(Double($1), 2) } / Double(count)
            let plain = x.elements.map { Double($0) / (square + 1e-6).squareRoot() }
            let y = Guarded(count, shift: 3)
            table.functions.rms_norm(x.start, weight, 1e-6, y.start, Int64(count))
            let whole = plain.indices.map { plain[$0] * Double(weight[$0]) }
            expectNear(y, whole, tolerance: 1e-5, "\(table.name), norm of \(count)")
            table.functions.rms_norm(x.start, nil, 1e-6, y.start, Int64(count))
            expectNear(y, plain, tolerance: 1e-5, "without weight")
        }
    }

    @Test("NaN in a row makes its norm NaN throughout", arguments: KernelTable.all)
    func normOfNaN(table: KernelTable) {
        for count in [1, 5, 33] {
            for place in [0, count - 1] {
                let x = Guarded([Float](repeating: 1, count: count)), y = Guarded(count)
                x.start[place] = .nan
                table.functions.layer_norm(x.start, nil, nil, 1e-5, y.start, Int64(count))
                #expect(y.elements.allSatisfy { $0.isNaN })
                table.functions.rms_norm(x.start, nil, 1e-5, y.start, Int64(count))
                #expect(y.elements.allSatisfy { $0.isNaN })
            }
        }
    }

    @Test("softmax, of small and large scores, hidden ones included", arguments: KernelTable.all)
    func softmax(table: KernelTable) {
        var random = Seeded(state: 5)
        for count in counts {
            for limit: Float in [1, 30, 3000] {
                var scores = random.floats(count, limit: limit)
                for index in stride(from: 1, to: count, by: 7) { scores[index] = -.infinity }
                let row = Guarded(scores, shift: count % 3)
                table.functions.softmax(row.start, Int64(count))
                let most = Double(scores.max()!), terms = scores.map { exp(Double($0) - most) }, sum = terms.reduce(0, +)
                expectNear(row, terms.map { $0 / sum }, tolerance: 1e-6, "\(table.name), softmax of \(count)")
            }
        }
    }

    @Test("the logarithm of softmax, in place or not, hidden scores included", arguments: KernelTable.all)
    func logSoftmax(table: KernelTable) {
        var random = Seeded(state: 7)
        for count in counts {
            for limit: Float in [1, 30, 3000] {
                var scores = random.floats(count, limit: limit)
                for index in stride(from: 1, to: count, by: 7) { scores[index] = -.infinity }
                let row = Guarded(scores, shift: count % 3), apart = Guarded(count, shift: 1)
                let most = Double(scores.max()!), sum = scores.reduce(0) { $0 + exp(Double($1) - most) }
                table.functions.log_softmax(row.start, apart.start, Int64(count))
                table.functions.log_softmax(row.start, row.start, Int64(count))
                #expect(row.isIntact() && apart.isIntact() && row.elements == apart.elements)
                for (score, found) in zip(scores, row.elements) {
                    let expected = Double(score) - most - log(sum)
                    #expect(Double(found) == expected || abs(Double(found) - expected) <= 1e-6 * max(1, abs(expected)))
                }
            }
        }
    }

    @Test("the largest of a row", arguments: KernelTable.all)
    func largest(table: KernelTable) {
        var random = Seeded(state: 8)
        for count in counts {
            let row = Guarded(random.floats(count), shift: count % 3)
            #expect(table.functions.largest(row.start, Int64(count)) == row.elements.max())
            row.start[count - 1] = 9
            #expect(table.functions.largest(row.start, Int64(count)) == 9)
            for index in 0..<count { row.start[index] = -.infinity }
            #expect(table.functions.largest(row.start, Int64(count)) == -.infinity)
        }
    }

    @Test("products with rows that lie apart, and their weighted sum", arguments: KernelTable.all)
    func scatteredRows(table: KernelTable) {
        var random = Seeded(state: 9)
        for width in Array(1...67) + [80, 96, 128, 300] {
            for count in [0, 1, 2, 3, 4, 5, 9] {
                let query = Guarded(random.floats(width), shift: width % 3), weights = Guarded(random.floats(count))
                let rows = Guarded(random.floats(width * (count + 3)), shift: 1)
                let starts = (0..<count).map { Int64(($0 * 5 + 2) % (count + 3) * width) }
                // As bfloat16 with nothing after the last row that a load might take along unpunished.
                var brains = rows.elements.map { UInt16($0.bitPattern >> 16) }
                for isBrain in [false, true] {
                    if isBrain {
                        for (i, brain) in brains.enumerated() { rows.start[i] = Float(bitPattern: UInt32(brain) << 16) }
                    }
                    let scores = Guarded(count), sum = Guarded(width, shift: 2)
                    brains.withUnsafeMutableBytes { brains in
                        let element = isBrain ? apus_element_bfloat16 : apus_element_float32
                        let from = isBrain ? UnsafeRawPointer(brains.baseAddress!) : UnsafeRawPointer(rows.start)
                        table.functions.dots(
                            query.start, 0.5, element, from, starts + [0], Int64(count), Int64(width), scores.start)
                        table.functions.weighted_sum(
                            weights.start, 0.5, element, from, starts + [0], Int64(count), Int64(width), sum.start)
                    }
                    let products = starts.map { start in
                        (0..<width).reduce(0.0) { $0 + 0.5 * Double(query.start[$1]) * Double(rows.start[Int(start) + $1]) }
                    }
                    expectNear(scores, products, tolerance: 2e-6 * Double(width + 4), "\(table.name), \(count) of \(width)")
                    let sums = (0..<width).map { d in
                        starts.indices.reduce(0.0) {
                            $0 + 0.5 * Double(weights.start[$1]) * Double(rows.start[Int(starts[$1]) + d])
                        }
                    }
                    expectNear(sum, sums, tolerance: 1e-5, "\(table.name), sum of \(count) of \(width)")
                }
            }
        }
    }

    @Test("bfloat16 to the nearest, halves to the even one, NaN as NaN", arguments: KernelTable.all)
    func brains(table: KernelTable) {
        let numbers: [(Float, UInt16)] = [
            (1, 0x3F80), (Float(bitPattern: 0x3F80_8000), 0x3F80), (Float(bitPattern: 0x3F81_8000), 0x3F82),
            (Float(bitPattern: 0x3F80_8001), 0x3F81), (-.infinity, 0xFF80), (.greatestFiniteMagnitude, 0x7F80), (0, 0),
            (-0.0, 0x8000),
        ]
        for count in 1...67 {
            let x = (0..<count).map { numbers[$0 % numbers.count].0 }
            var y = [UInt16](repeating: 0, count: count + 1)
            y[count] = 0x1234
            table.functions.to_brains(x, &y, Int64(count))
            #expect(y.elementsEqual((0..<count).map { numbers[$0 % numbers.count].1 } + [0x1234]))
        }
        var odd = [UInt16](repeating: 0, count: 1)
        table.functions.to_brains([Float(bitPattern: 0x7F80_0001)], &odd, 1)
        #expect(odd[0] & 0x7F80 == 0x7F80 && odd[0] & 0x7F != 0)
    }

    @Test("softmax of what has none is NaN", arguments: KernelTable.all)
    func softmaxOfNaN(table: KernelTable) {
        for count in [1, 7, 16, 40] {
            for bad: Float in [.nan, .infinity] {
                let row = Guarded([Float](repeating: 1, count: count))
                row.start[count / 2] = bad
                table.functions.softmax(row.start, Int64(count))
                #expect(row.start[count / 2].isNaN)
            }
            let hidden = Guarded([Float](repeating: -.infinity, count: count))
            table.functions.softmax(hidden.start, Int64(count))
            #expect(hidden.elements.allSatisfy { $0.isNaN })
        }
    }

    @Test("running softmax over blocks, the first of them hidden, equals softmax of the whole", arguments: KernelTable.all)
    func runningSoftmax(table: KernelTable) {
        var random = Seeded(state: 6)
        for block in Array(1...67) + [768] {
            for hidden in [0, 1, 2] {
                let blocks = (0..<4).map { index in
                    index < hidden
                        ? [Float](repeating: -.infinity, count: block) : random.floats(block, limit: Float(10 * index + 1))
                }
                var maximum = -Float.infinity, sum: Float = 0
                var terms: [Double] = []
                for scores in blocks {
                    let row = Guarded(scores, shift: block % 3)
                    let correction = table.functions.softmax_step(row.start, Int64(block), &maximum, &sum)
                    terms = terms.map { $0 * Double(correction) } + row.elements.map(Double.init)
                    #expect(row.isIntact())
                }
                let all = blocks.joined().map(Double.init), most = all.max()!
                #expect(Double(maximum) == most)
                let expected = all.map { exp($0 - most) }, total = expected.reduce(0, +)
                #expect(abs(Double(sum) - total) <= 1e-6 * total)
                #expect(zip(terms, expected).allSatisfy { abs($0 - $1) <= 1e-6 })
            }
        }
    }

    @Test("running softmax of hidden scores alone counts nothing, and NaN stays", arguments: KernelTable.all)
    func runningSoftmaxOfNothing(table: KernelTable) {
        for count in [1, 8, 33] {
            var maximum = -Float.infinity, sum: Float = 0
            let row = Guarded([Float](repeating: -.infinity, count: count))
            let correction = table.functions.softmax_step(row.start, Int64(count), &maximum, &sum)
            #expect(correction == 1 && sum == 0 && maximum == -.infinity)
            #expect(row.elements.allSatisfy { $0 == 0 })
            row.start[count - 1] = .nan
            _ = table.functions.softmax_step(row.start, Int64(count), &maximum, &sum)
            #expect(sum.isNaN && row.start[count - 1].isNaN)
        }
    }
}
