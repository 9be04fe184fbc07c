public import AttentionEngine
public import PluginKit

extension Conformance {
    /// Checks what a converter makes of values: the shape, that all numbers are finite, and that the same value gives the same
    /// numbers.
    ///
    /// - Parameters:
    ///   - values: some, of several sizes where they have one.
    ///   - shape: of what is made of one value: `["windows", 3, 128]`.
    ///   - convert: the converter.
    /// - Throws: `ConformanceFailure`, or what `convert` throws.
    public static func checkConverter<Value>(
        on values: [Value], shape: [Extent], _ convert: (Value) throws -> Tensor
    ) throws {
        try require(!values.isEmpty, "converter: no values to check it with")
        for (index, value) in values.enumerated() {
            let features = try convert(value)
            try checkShape(features, shape, "converter, value \(index)")
            try require(features.floats == convert(value).floats, "converter, value \(index): other numbers the second time")
        }
    }

    /// Checks what an embedding makes of features: `[batch, positions, width]` with finite numbers, of which each row depends
    /// on its own input alone.
    ///
    /// - Parameters:
    ///   - features: the shape of the features of one input, without the batch: `[3, 128]`.
    ///   - positions: how many vectors it makes of them.
    ///   - width: the width of a vector.
    ///   - embed: the embedding, from `[batch] + features`.
    /// - Throws: `ConformanceFailure`, or what `embed` throws.
    public static func checkEmbedding(
        of features: [Int], positions: Int, width: Int, _ embed: (Tensor) throws -> Tensor
    ) throws {
        let both = Tensor(exampleOf: [2] + features)
        let vectors = try embed(both)
        try checkShape(vectors, [2, .exactly(positions), .exactly(width)], "embedding")
        for row in 0..<2 {
            let alone = try embed(both.sliced(row..<row + 1, along: 0))
            let difference = try relativeDifference(alone, vectors.sliced(row..<row + 1, along: 0), "embedding")
            try require(difference < 1e-5, "embedding: row \(row) of a batch is not what its input alone gives")
        }
    }

    static func checkShape(_ tensor: Tensor, _ shape: [Extent], _ what: String) throws {
        let fits = tensor.rank == shape.count && zip(shape, tensor.shape).allSatisfy { $0.allows($1) }
        let wanted = shape.map(\.description).joined(separator: ", ")
        try require(fits, "\(what): the shape is \(tensor.shape) and not [\(wanted)]")
        try require(tensor.floats.allSatisfy(\.isFinite), "\(what): not all numbers are finite")
    }

    /// The largest difference, as a share of the largest magnitude that was expected.
    static func relativeDifference(_ found: Tensor, _ expected: Tensor, _ what: String) throws -> Float {
        try require(found.shape == expected.shape, "\(what): the shape is \(found.shape) and not \(expected.shape)")
        let expected = expected.floats
        let scale = expected.map(abs).max() ?? 0
        let difference = zip(found.floats, expected).map { abs($0 - $1) }
        // A difference that is no number is as bad as can be.
        if difference.contains(where: \.isNaN) { return .infinity }
        let largest = difference.max() ?? 0
        return largest == 0 ? 0 : largest / max(scale, .leastNormalMagnitude)
    }
}
