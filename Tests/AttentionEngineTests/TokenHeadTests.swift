import Testing

@testable import AttentionEngine

@Suite("Token heads")
struct TokenHeadTests {
    /// A table whose rows differ much in size, as trained ones do.
    private static func table(_ vocabulary: Int, _ width: Int, seed: Int) -> Tensor {
        var random = Seeded(state: UInt64(seed))
        let sizes = random.floats(vocabulary).map { 0.05 + abs($0) * abs($0) }
        let numbers = random.floats(vocabulary * width)
        return Tensor(numbers.enumerated().map { $1 * sizes[$0 / width] }, shape: [vocabulary, width])
    }

    private static func states(_ rows: Int, _ width: Int, seed: Int) -> Tensor {
        var random = Seeded(state: UInt64(seed))
        return Tensor(random.floats(rows * width), shape: [rows, width])
    }

    @Test(
        "no approximate score is off by more than it may be, and the likeliest token is the exact one",
        arguments: [(1, 7), (130, 64), (1_000, 31), (5_000, 512), (257, 1_600)])
    func screening(vocabulary: Int, width: Int) throws {
        let rows = 9
        // Of sums of so many terms in different orders.
        let rounding = 2e-6 * Float(width) + 1e-5
        let bias = vocabulary % 2 == 0 ? Self.states(1, vocabulary, seed: 3) : nil
        let head = try TokenHead(StoredMatrix(Self.table(vocabulary, width, seed: width)), bias: bias, scale: 0.7)
        let states = Self.states(rows, width, seed: 4)
        let exact = head(states).floats
        let approximate = try #require(head.approximateScores(states))
        let nearly = approximate.scores.floats
        for row in 0..<rows {
            let own = Array(exact[row * vocabulary..<(row + 1) * vocabulary])
            let largest = approximate.largestError(ofRow: row)
            let errors = (0..<vocabulary).map { abs(own[$0] - nearly[row * vocabulary + $0]) }
            #expect((errors.max() ?? 0) <= largest * 1.001)
            #expect(largestDifference(approximate.exactScores(ofRow: row), own) <= rounding)
            // The likeliest, and then the likeliest of those that are left, again and again.
            var allowed = Array(nearly[row * vocabulary..<(row + 1) * vocabulary]), left = own
            for _ in 0..<min(4, vocabulary) {
                let token = allowed.withUnsafeMutableBufferPointer { approximate.likeliest(ofRow: row, among: $0) }
                let best = left.indices.max { left[$0] < left[$1] } ?? 0
                #expect(token == best || abs(left[token] - left[best]) < rounding)
                #expect(abs(allowed[token] - own[token]) < rounding, "made exact")
                allowed = Array(nearly[row * vocabulary..<(row + 1) * vocabulary])
                left[token] = -.infinity
                for other in left.indices where left[other] == -.infinity { allowed[other] = -.infinity }
            }
        }
    }

    @Test("where every token is forbidden, or the states are no numbers, the first is taken")
    func nothingLikely() throws {
        let head = try TokenHead(StoredMatrix(Self.table(300, 16, seed: 1)))
        let approximate = try #require(head.approximateScores(Self.states(1, 16, seed: 2)))
        var forbidden = [Float](repeating: -.infinity, count: 300)
        #expect(forbidden.withUnsafeMutableBufferPointer { approximate.likeliest(ofRow: 0, among: $0) } == 0)
        let broken = try #require(head.approximateScores(Tensor(repeating: .nan, shape: [1, 16])))
        var scores = broken.scores.floats
        #expect(scores.withUnsafeMutableBufferPointer { broken.likeliest(ofRow: 0, among: $0) } == 0)
    }

    @Test("a head in lower precision has no need of it")
    func lowerPrecision() throws {
        for precision in [Precision.bfloat16, .int8, .int4] {
            let head = try TokenHead(StoredMatrix(Self.table(300, 64, seed: 1), precision: precision))
            #expect(!head.canApproximate)
            let states = Self.states(3, 64, seed: 2)
            let exact = try TokenHead(StoredMatrix(Self.table(300, 64, seed: 1)))(states).floats
            let size = exact.reduce(0) { max($0, abs($1)) }
            #expect(largestDifference(head(states).floats, exact) <= (precision == .int4 ? 0.1 : 0.02) * size)
        }
    }
}
