/// A vector for each token id.
public struct TokenEmbedding: Sendable {
    /// `[vocabulary, width]`, as its file has it.
    public let table: StoredMatrix

    /// Loads a table.
    ///
    /// - Throws: `InputError` naming the tensor if it is missing or has another shape.
    public init(_ vocabularySize: Int, _ width: Int, _ weights: Weights, name: String = "weight") throws {
        table = try weights.stored(name, [vocabularySize, width])
    }

    /// The number of tokens.
    public var vocabularySize: Int { table.shape[0] }

    /// `[rows, positions, width]`; every row as long.
    ///
    /// - Throws: `InputError` for an id that is not in the vocabulary.
    public func callAsFunction(_ ids: [[Int]]) throws -> Tensor {
        let length = ids.first?.count ?? 0
        precondition(ids.allSatisfy { $0.count == length }, "rows of different lengths")
        for id in ids.joined() where id < 0 || id >= vocabularySize {
            throw InputError(
                "token ids", found: "\(id)", needed: "ids from 0 to \(vocabularySize - 1)",
                remedy: "Use the tokenizer that belongs to the model")
        }
        let width = table.elements.width
        let vectors = Tensor(shape: [ids.count, length, width]) { (output: UnsafeMutableBufferPointer<Float>) in
            for (index, id) in ids.joined().enumerated() {
                table.copyRow(id, to: UnsafeMutableBufferPointer(rebasing: output[index * width..<(index + 1) * width]))
            }
        }
        guard let tape = GradientTape.tracking(table.elements) else { return vectors }
        let all = Array(ids.joined())
        return tape.remember(vectors) { [node = table.elements.node, count = table.elements.count] in
            node?.addRows($0, at: all, tableCount: count)
        }
    }
}
