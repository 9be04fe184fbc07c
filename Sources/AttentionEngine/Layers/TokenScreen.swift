import CKernels
import Synchronization

/// A head's matrix once more in 8-bit integers, made when it is first needed: a quarter of the memory to read tells which few
/// tokens can be the likeliest, and only of those the exact scores are computed.
final class TokenScreen: Sendable {
    private enum State {
        case notMade
        case made(Bounds)
        /// There was not the memory for it.
        case impossible
    }

    private let table: StoredMatrix
    private let state = Mutex(State.notMade)

    init(_ table: StoredMatrix) { self.table = table }

    var bounds: Bounds? {
        state.withLock { state in
            if case .notMade = state { state = (try? Bounds(table)).map(State.made) ?? .impossible }
            if case .made(let bounds) = state { return bounds }
            return nil
        }
    }

    /// The integers, and how far a product with them may be from the exact one.
    ///
    /// With w a column's weights, h a row, and what stands for them within half a step s of weights and half a step a of the
    /// row, the product is off by at most s/2 Σ|h| + a/2 (Σ|w| + s/2 · width).
    struct Bounds: Sendable {
        /// Neighbouring tokens that share a bound, so that most are passed over together.
        static let stretch = 128

        let table: StoredMatrix
        let matrix: PackedMatrix
        /// Σ|w| + s/2 · width of each token.
        let sizes: [Float]
        /// The largest scale and the largest size of each stretch of tokens.
        let stretches: [(scale: Float, size: Float)]
        /// The number of steps of the largest element of a row.
        let rowSteps: Float

        init(_ table: StoredMatrix) throws {
            var integers = table
            integers.precision = .int8
            let matrix = try PackedMatrix([integers])
            self.table = table
            self.matrix = matrix
            rowSteps = Float(kernels.pointee.format(.int8).pointee.left_most)
            let width = matrix.depth
            sizes = Self.map(matrix.columns) { range in
                var row = [Float](repeating: 0, count: width)
                return range.map { token in
                    row.withUnsafeMutableBufferPointer { table.copyRow(token, to: $0) }
                    return row.reduce(0) { $0 + abs($1) } + matrix.scales[token] / 2 * Float(width)
                }
            }
            stretches = stride(from: 0, to: matrix.columns, by: Self.stretch).map { [sizes] first in
                let tokens = first..<min(first + Self.stretch, matrix.columns)
                return (matrix.scales[tokens].max() ?? 0, sizes[tokens].max() ?? 0)
            }
        }

        private static func map(_ count: Int, _ body: @Sendable (Range<Int>) -> [Float]) -> [Float] {
            let parts = Mutex([Int: [Float]]())
            Processor.parallel(count: count, grain: 1024) { range in
                let part = body(range)
                parts.withLock { $0[range.lowerBound] = part }
            }
            return parts.withLock { parts in parts.keys.sorted().flatMap { parts[$0] ?? [] } }
        }
    }
}

extension apus_kernels {
    func format(_ precision: Precision) -> UnsafePointer<apus_format> {
        switch precision {
        case .float32: formats.0
        case .bfloat16: formats.1
        case .int8: formats.2
        case .int4: formats.3
        }
    }
}

/// Scores of all tokens that are nearly right, with how far they may be off, and the means to make them exact.
struct ApproximateScores: Sendable {
    /// `[rows, vocabulary]`.
    let scores: Tensor
    private let states: Tensor
    private let bounds: TokenScreen.Bounds
    private let bias: Tensor?
    private let rowErrors: [(ofScale: Float, ofSize: Float)]
    private let exactRow: @Sendable (Int) -> [Float]

    init(
        scores: Tensor, states: Tensor, bounds: TokenScreen.Bounds, bias: Tensor?,
        exactRow: @escaping @Sendable (Int) -> [Float]
    ) {
        self.scores = scores
        self.states = states
        self.bounds = bounds
        self.bias = bias
        self.exactRow = exactRow
        let width = states.width
        rowErrors = states.withFloatBuffer { states in
            stride(from: 0, to: states.count, by: width).map { start in
                let row = states[start..<start + width]
                // A little more, for what the sums round.
                let largest = row.reduce(0) { max($0, abs($1)) } * 1.001
                return (row.reduce(0) { $0 + abs($1) } * 0.5005, largest / bounds.rowSteps * 0.5)
            }
        }
    }

    /// The exact scores of a row.
    func exactScores(ofRow row: Int) -> [Float] { exactRow(row) }

    /// The most that any score of a row may be off.
    func largestError(ofRow row: Int) -> Float {
        bounds.stretches.reduce(0) { max($0, error(row, scale: $1.scale, size: $1.size)) }
    }

    private func error(_ row: Int, scale: Float, size: Float) -> Float {
        rowErrors[row].ofScale * scale + rowErrors[row].ofSize * size
    }

    /// The first of the tokens whose exact score is the largest.
    ///
    /// - Parameter allowed: the scores of the row, −∞ where a token is forbidden; those that may be the largest are made exact.
    func likeliest(ofRow row: Int, among allowed: UnsafeMutableBufferPointer<Float>) -> Int {
        guard let start = allowed.baseAddress else { return 0 }
        let length = TokenScreen.Bounds.stretch
        // Nothing is chosen whose score can at best be this.
        var least = -Float.infinity
        let highest = bounds.stretches.enumerated().map { index, stretch in
            let first = index * length
            let largest = kernels.pointee.largest(start + first, Int64(min(length, allowed.count - first)))
            let error = error(row, scale: stretch.scale, size: stretch.size)
            least = max(least, largest - error)
            return largest + error
        }
        var best = (token: 0, score: -Float.infinity)
        for (index, highest) in highest.enumerated() where highest >= least && highest > -.infinity {
            for token in index * length..<min((index + 1) * length, allowed.count) {
                let error = error(row, scale: bounds.matrix.scales[token], size: bounds.sizes[token])
                guard allowed[token] + error >= least, allowed[token] > -.infinity else { continue }
                allowed[token] = exactScore(ofRow: row, token: token)
                if allowed[token] > best.score { best = (token, allowed[token]) }
            }
        }
        return best.token
    }

    private func exactScore(ofRow row: Int, token: Int) -> Float {
        let width = states.width
        let product = withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { weights in
            bounds.table.copyRow(token, to: weights)
            return states.withFloatBuffer { states in
                var sum: Float = 0, start: Int64 = 0
                if let state = states.baseAddress, let weights = weights.baseAddress {
                    kernels.pointee.dots(
                        state + row * width, 1, apus_element_float32, weights, &start, 1, Int64(width), &sum)
                }
                return sum
            }
        }
        return product + (bias.map { $0.withFloatBuffer { $0[token] } } ?? 0)
    }
}
