import Testing

@testable import AttentionEngine

@Suite("Attention to keys and values that were laid out once")
struct AttentionMemoryTests {
    private static func random(_ shape: [Int], _ seed: Int) -> Tensor {
        var random = Seeded(state: UInt64(seed))
        return Tensor(random.floats(shape.reduce(1, *)), shape: shape)
    }

    private static func shape(
        _ heads: Int, _ keyValueHeads: Int, _ width: Int, _ precision: Precision = .float32
    ) -> AttentionShape {
        AttentionShape(
            heads: heads, keyValueHeads: keyValueHeads, keyWidth: width, valueWidth: width, scale: 1 / Float(width).squareRoot(),
            isCausal: false, precision: precision)
    }

    @Test(
        "the same as fused attention, whatever the number of keys, queries, heads and widths",
        arguments: [1, 7, 16, 33, 767, 768, 769, 1500])
    func sizes(positions: Int) {
        for (queries, heads, keyValueHeads, width) in [(1, 2, 2, 64), (5, 4, 2, 33), (13, 2, 1, 8), (3, 1, 1, 800)] {
            let shape = Self.shape(heads, keyValueHeads, width)
            let rows = Self.random([2, positions, 3 + 2 * keyValueHeads * width], positions)
            let query = Self.random([2, queries, heads * width], queries)
            let mask = Tensor(
                (0..<2 * positions).map { $0 % positions > 0 && $0 % 5 == 0 ? -1e30 : 0 }, shape: [2, positions])
            let values = 3 + keyValueHeads * width
            let expected = attention(
                query: HeadRows(tensor: query), key: HeadRows(tensor: rows, column: 3),
                value: HeadRows(tensor: rows, column: values), shape: shape, keyMask: mask)
            for (precision, tolerance) in [(Precision.float32, Float(4e-6)), (.bfloat16, 0.03)] {
                let memory = AttentionMemory(
                    rows, keyColumn: 3, valueColumn: values, shape: Self.shape(heads, keyValueHeads, width, precision))
                let found = memory.attend(query, sequences: [0, 1], mask: mask)
                let difference = largestDifference(found.floats, expected.floats)
                #expect(difference <= tolerance, "\(positions), \(queries), \(precision): off by \(difference)")
            }
        }
    }

    @Test("groups look at the sequence they name, several at one if they like")
    func sequences() {
        let shape = Self.shape(2, 2, 16)
        let rows = Self.random([3, 20, 64], 1), query = Self.random([4, 2, 32], 2)
        let memory = AttentionMemory(rows, keyColumn: 0, valueColumn: 32, shape: shape)
        let found = memory.attend(query, sequences: [2, 0, 2, 1], mask: nil)
        for (group, sequence) in [2, 0, 2, 1].enumerated() {
            let own = rows.sliced(sequence..<sequence + 1, along: 0)
            let expected = attention(
                query: HeadRows(tensor: query.sliced(group..<group + 1, along: 0)), key: HeadRows(tensor: own),
                value: HeadRows(tensor: own, column: 32), shape: shape)
            #expect(largestDifference(found.sliced(group..<group + 1, along: 0).floats, expected.floats) <= 2e-6)
        }
    }

    @Test("scores are scaled products of queries and keys")
    func scores() {
        let shape = Self.shape(2, 2, 16)
        let rows = Self.random([2, 50, 64], 3), query = Self.random([1, 19, 32], 4)
        let memory = AttentionMemory(rows, keyColumn: 0, valueColumn: 32, shape: shape)
        let found = memory.scores(query, sequence: 1, head: 1).floats
        let keys = rows.floats, queries = query.floats
        for q in 0..<19 {
            for k in 0..<50 {
                var sum = 0.0
                for d in 0..<16 { sum += Double(queries[q * 32 + 16 + d]) * Double(keys[(50 + k) * 64 + 16 + d]) }
                #expect(abs(Double(found[q * 50 + k]) - sum / 4) < 1e-5)
            }
        }
    }

    @Test("nothing to look at gives zeros")
    func empty() {
        let memory = AttentionMemory(
            Tensor(repeating: 0, shape: [1, 0, 64]), keyColumn: 0, valueColumn: 32, shape: Self.shape(2, 2, 16))
        #expect(memory.attend(Self.random([1, 2, 32], 1), sequences: [0], mask: nil).floats.allSatisfy { $0 == 0 })
    }
}
