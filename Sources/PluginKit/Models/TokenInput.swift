public import AttentionEngine

/// Rows of token ids among the inputs of `forward`.
public struct TokenInput: Sendable {
    /// The ids, every row as long: padding included.
    public let rows: [[Int]]
    /// `[rows, positions]`, zero where a position is padding; `nil` where none is.
    public let visible: Tensor?

    /// Reads ids, `[rows, positions]`, and their mask.
    ///
    /// - Parameters:
    ///   - inputs: what `forward` or `generate` was given.
    ///   - name: what the reference calls the ids: `input_ids`.
    ///   - mask: what it calls the mask, which need not be among the inputs; `nil` where ids have none.
    /// - Throws: `InputError` if the ids are missing, or are no rows of integers, or the mask has another shape.
    public init(_ inputs: NamedTensors, _ name: String = "input_ids", mask: String? = "attention_mask") throws {
        guard let ids = inputs[name] else { throw inputs.missing(name, needed: "\(name) of shape [batch, positions]") }
        guard ids.rank == 2, ids.count > 0, !ids.elementType.isFloatingPoint else {
            throw InputError(
                name, found: "\(ids.elementType.displayName) of shape \(ids.shape)",
                needed: "integers of shape [batch, positions]", remedy: "Write the tensors as the reference takes them")
        }
        let visible = mask.flatMap { inputs[$0] }
        guard visible == nil || visible?.shape == ids.shape else {
            throw InputError(
                mask ?? "", found: "the shape \(visible?.shape ?? [])", needed: "the shape of \(name), \(ids.shape)",
                remedy: "Write the tensors as the reference takes them")
        }
        let all = ids.integers, length = ids.shape[1]
        rows = (0..<ids.shape[0]).map { Array(all[$0 * length..<($0 + 1) * length]) }
        self.visible = visible?.integers.allSatisfy { $0 != 0 } == true ? nil : visible
    }

    /// The rows without their padding.
    public var seen: [[Int]] {
        guard let flags = visible?.integers else { return rows }
        let length = rows.first?.count ?? 0
        return rows.enumerated().map { row, ids in
            ids.enumerated().filter { flags[row * length + $0.offset] != 0 }.map(\.element)
        }
    }
}
