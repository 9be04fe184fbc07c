/// The scores of all tokens: a product with a matrix, the embedding's own where they are tied.
public struct TokenHead: Sendable {
    private let matrix: PackedMatrix
    private let bias: Tensor?
    private let scale: Float
    private let screen: TokenScreen?

    /// Packs a matrix.
    ///
    /// - Parameters:
    ///   - table: `[vocabulary, width]`.
    ///   - bias: of as many elements as the vocabulary, whatever its shape.
    ///   - scale: what states are multiplied by before.
    /// - Throws: `InputError` if there is not the memory, or naming the tensor where a weight is infinite or not a number.
    public init(_ table: StoredMatrix, bias: Tensor? = nil, scale: Float = 1) throws {
        var table = table
        table.precision = table.precisionOfHead
        matrix = try PackedMatrix([table])
        self.bias = bias.map { $0.reshaped(to: [$0.count]) }
        self.scale = scale
        screen = table.precision == .float32 && table.elements.node == nil ? TokenScreen(table) : nil
    }

    /// The number of tokens.
    public var vocabularySize: Int { matrix.columns }

    /// `[…, width]` to `[…, vocabulary]`.
    public func callAsFunction(_ states: Tensor) -> Tensor {
        Profile.measure(.head) {
            matrix.product(scaled(states), bias: bias, activation: .identity, residual: nil)
        }
    }

    private func scaled(_ states: Tensor) -> Tensor { scale == 1 ? states : states.scaled(by: scale) }

    /// Whether `approximateScores` can be had.
    var canApproximate: Bool { screen != nil }

    /// The scores of all tokens nearly, from a quarter of the memory; `nil` where there is none for that.
    ///
    /// - Parameter states: `[rows, width]`.
    func approximateScores(_ states: Tensor) -> ApproximateScores? {
        let states = scaled(states)
        guard let screen, let bounds = screen.bounds else { return nil }
        let scores = Profile.measure(.head) {
            bounds.matrix.product(states, bias: bias, activation: .identity, residual: nil)
        }
        return ApproximateScores(scores: scores, states: states, bounds: bounds, bias: bias) { row in
            matrix.product(
                states.sliced(row..<row + 1, along: 0), bias: bias, activation: .identity, residual: nil
            ).floats
        }
    }
}
