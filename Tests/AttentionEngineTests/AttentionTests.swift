import Testing

@testable import AttentionEngine

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("Attention on tensors")
struct AttentionTests {
    /// Attention of one head by its definition.
    private func naive(
        _ query: [[Float]], _ key: [[Float]], _ value: [[Float]], scale: Double, isHidden: (Int, Int) -> Bool
    ) -> [[Double]] {
        query.indices.map { q in
            let scores = key.indices.map { k in
                isHidden(q, k) ? 0 : exp(zip(query[q], key[k]).reduce(0) { $0 + Double($1.0) * Double($1.1) } * scale)
            }
            let total = scores.reduce(0, +)
            return value[0].indices.map { d in
                key.indices.reduce(0) { $0 + scores[$1] * Double(value[$1][d]) } / total
            }
        }
    }

    @Test("queries, keys and values side by side in one tensor, the first few queries, a mask", arguments: [false, true])
    func fusedRows(isCausal: Bool) {
        // Four query heads of width 5, two heads of keys, two of values of width 3, with a column to spare in front.
        let batch = 2, positions = 11, width = 1 + 4 * 5 + 2 * 5 + 2 * 3, queries = isCausal ? positions : 4
        var random = Seeded(state: 1)
        let elements = random.floats(batch * positions * width)
        let rows = Tensor(elements, shape: [batch, positions, width])
        let visible = Tensor(
            integers: (0..<batch * positions).map { $0 < positions || $0 % positions < 7 ? 1 : 0 }, shape: [batch, positions])
        let shape = AttentionShape(heads: 4, keyValueHeads: 2, keyWidth: 5, valueWidth: 3, scale: 0.4, isCausal: isCausal)
        let result = attention(
            query: HeadRows(tensor: rows, column: 1, positions: queries), key: HeadRows(tensor: rows, column: 21),
            value: HeadRows(tensor: rows, column: 31), shape: shape, keyMask: attentionMask(visible))
        #expect(result.shape == [batch, queries, 12])

        func head(_ b: Int, _ column: Int, _ width: Int, _ count: Int) -> [[Float]] {
            (0..<count).map { p in (0..<width).map { elements[(b * positions + p) * 37 + column + $0] } }
        }
        let found = result.floats
        for b in 0..<batch {
            for h in 0..<4 {
                let expected = naive(
                    head(b, 1 + h * 5, 5, queries), head(b, 21 + h / 2 * 5, 5, positions),
                    head(b, 31 + h / 2 * 3, 3, positions), scale: 0.4
                ) { q, k in (b == 1 && k >= 7) || (isCausal && k > q) }
                for q in 0..<queries {
                    for d in 0..<3 {
                        #expect(abs(Double(found[(b * queries + q) * 12 + h * 3 + d]) - expected[q][d]) < 2e-5)
                    }
                }
            }
        }
    }

    @Test("keys from another tensor, of another length")
    func cross() {
        var random = Seeded(state: 2)
        let query = random.floats(3 * 4), key = random.floats(9 * 4), value = random.floats(9 * 4)
        let result = attention(
            query: HeadRows(tensor: Tensor(query, shape: [1, 3, 4])), key: HeadRows(tensor: Tensor(key, shape: [1, 9, 4])),
            value: HeadRows(tensor: Tensor(value, shape: [1, 9, 4]), positions: 9),
            shape: AttentionShape(heads: 1, keyValueHeads: 1, keyWidth: 4, valueWidth: 4, scale: 0.5, isCausal: false))
        func rows(_ elements: [Float]) -> [[Float]] {
            stride(from: 0, to: elements.count, by: 4).map { Array(elements[$0..<$0 + 4]) }
        }
        let expected = naive(rows(query), rows(key), rows(value), scale: 0.5) { _, _ in false }.flatMap { $0 }
        #expect(zip(result.floats, expected).allSatisfy { abs(Double($0) - $1) < 2e-5 })
    }

    @Test("a sequence of padding alone weighs every position alike")
    func hiddenSequence() {
        var random = Seeded(state: 3)
        let value = random.floats(7 * 4)
        let rows = Tensor(value, shape: [1, 7, 4])
        let result = attention(
            query: HeadRows(tensor: rows), key: HeadRows(tensor: rows), value: HeadRows(tensor: rows),
            shape: AttentionShape(heads: 2, keyValueHeads: 2, keyWidth: 2, valueWidth: 2, scale: 1, isCausal: false),
            keyMask: attentionMask(Tensor(repeating: 0, shape: [1, 7])))
        let mean = rows.mean(along: 1).floats
        for (index, element) in result.floats.enumerated() { #expect(abs(element - mean[index % 4]) < 1e-6) }
    }
}
