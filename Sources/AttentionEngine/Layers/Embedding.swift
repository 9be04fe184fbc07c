/// A learnt vector for each id: tokens, token types, languages.
public struct Embedding: Sendable {
    /// The vectors, `[count, width]`, in the element type of the checkpoint.
    private let table: Tensor

    /// Loads `weight`, `[count, width]`.
    ///
    /// - Throws: `InputError` naming the tensor if it is missing or has another shape.
    public init(_ count: Int, _ width: Int, _ weights: Weights) throws {
        table = try weights.stored("weight", [count, width])
    }

    /// The number of vectors.
    public var count: Int { table.shape[0] }

    /// The vectors of ids.
    ///
    /// - Parameters:
    ///   - ids: of any shape and integer type.
    ///   - name: what the error calls them.
    /// - Returns: the shape of `ids`, and `width`.
    /// - Throws: `InputError` for an id that there is no vector for.
    public func callAsFunction(_ ids: Tensor, name: String = "input_ids") throws -> Tensor {
        let width = table.width, rowBytes = width * table.elementType.byteWidth
        let indices = ids.integers
        if let wrong = indices.first(where: { !(0..<count).contains($0) }) {
            throw InputError(
                name, found: "the id \(wrong)", needed: "from 0 to \(count - 1)",
                remedy: "Check that the tokenizer belongs to the model")
        }
        return table.withBytes { bytes in
            Tensor(shape: ids.shape + [width]) { (output: UnsafeMutableBufferPointer<Float>) in
                for (row, index) in indices.enumerated() {
                    ElementConversion.convert(
                        UnsafeRawBufferPointer(rebasing: bytes[index * rowBytes..<(index + 1) * rowBytes]), of: table.elementType,
                        to: UnsafeMutableBufferPointer(rebasing: output[row * width..<(row + 1) * width]))
                }
            }
        }
    }

    /// The layer from a state to one score for each vector: how much it lies in its direction (Press and Wolf, 2017,
    /// arXiv:1608.05859).
    ///
    /// - Parameter bias: `[count]`, added to the scores.
    public func tiedOutput(bias: Tensor?) throws -> Linear { try Linear(weight: table, bias: bias) }
}
