import Testing

@testable import AttentionEngine

@Suite("Gradients of attention against differences")
struct AttentionGradientTests {
    /// Self-attention on rows of queries, keys and values side by side.
    @Test(arguments: [(1, 4, 4, 8), (7, 2, 1, 5), (40, 3, 3, 16), (131, 2, 1, 33)])
    func selfAttention(_ positions: Int, _ heads: Int, _ keyValueHeads: Int, _ width: Int) {
        for isCausal in [false, true] {
            let shape = AttentionShape(
                heads: heads, keyValueHeads: keyValueHeads, keyWidth: width, valueWidth: width, scale: 0.4, isCausal: isCausal)
            let rows = random([2, positions, (heads + 2 * keyValueHeads) * width], seed: 30)
            let visible = Tensor((0..<2 * positions).map { $0 % positions > 0 && $0 % 5 == 3 ? 0 : 1 }, shape: [2, positions])
            let bias = random([heads, positions, positions], seed: 31)
            expectGradients(of: [rows, bias], "\(positions) \(heads) \(keyValueHeads) \(width) \(isCausal)") {
                attention(
                    query: HeadRows(tensor: $0[0]), key: HeadRows(tensor: $0[0], column: heads * width),
                    value: HeadRows(tensor: $0[0], column: (heads + keyValueHeads) * width), shape: shape,
                    keyMask: attentionMask(visible), bias: $0[1])
            }
            expectGradients(of: [rows]) {
                attention(
                    query: HeadRows(tensor: $0[0]), key: HeadRows(tensor: $0[0], column: heads * width),
                    value: HeadRows(tensor: $0[0], column: (heads + keyValueHeads) * width), shape: shape)
            }
        }
    }

    @Test(arguments: [(3, 5), (19, 50), (5, 801)])
    func crossAttention(_ queries: Int, _ keys: Int) {
        let shape = AttentionShape(
            heads: 2, keyValueHeads: 2, keyWidth: 6, valueWidth: 9, scale: 1, isCausal: false)
        expectGradients(of: [random([3, queries, 12], seed: 32), random([3, keys, 30], seed: 33, scale: keys > 100 ? 4 : 1)]) {
            attention(
                query: HeadRows(tensor: $0[0]), key: HeadRows(tensor: $0[1]), value: HeadRows(tensor: $0[1], column: 12),
                shape: shape)
        }
    }

    /// Only the last positions ask.
    @Test func fewQueries() {
        let shape = AttentionShape(heads: 2, keyValueHeads: 2, keyWidth: 8, valueWidth: 8, scale: 0.5, isCausal: true)
        expectGradients(of: [random([2, 13, 48], seed: 34)]) {
            attention(
                query: HeadRows(tensor: $0[0], first: 10, positions: 3), key: HeadRows(tensor: $0[0], column: 16),
                value: HeadRows(tensor: $0[0], column: 32), shape: shape)
        }
    }
}
