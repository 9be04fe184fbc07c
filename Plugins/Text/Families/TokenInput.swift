import AttentionEngine
import PluginKit

/// Rows of token ids among the inputs of `forward`.
struct TokenInput {
    let rows: [[Int]]
    /// `[rows, positions]`, zero where a position is padding; `nil` where none is.
    let visible: Tensor?

    /// - Throws: `InputError` if the ids are missing, or are no rows of integers, or the mask has another shape.
    init(_ inputs: NamedTensors, _ name: String, mask: String) throws {
        guard let ids = inputs[name] else {
            throw InputError(
                "inputs", found: inputs.isEmpty ? "no tensors" : "only " + inputs.keys.sorted().joined(separator: ", "),
                needed: "\(name) of shape [batch, positions]", remedy: "Add the tensor to the file")
        }
        guard ids.rank == 2, ids.count > 0, !ids.elementType.isFloatingPoint else {
            throw InputError(
                name, found: "\(ids.elementType.displayName) of shape \(ids.shape)",
                needed: "integers of shape [batch, positions]", remedy: "Write the tensors as the reference takes them")
        }
        let visible = inputs[mask]
        guard visible == nil || visible?.shape == ids.shape else {
            throw InputError(
                mask, found: "the shape \(visible?.shape ?? [])", needed: "the shape of \(name), \(ids.shape)",
                remedy: "Write the tensors as the reference takes them")
        }
        let all = ids.integers, length = ids.shape[1]
        rows = (0..<ids.shape[0]).map { Array(all[$0 * length..<($0 + 1) * length]) }
        self.visible = visible?.integers.allSatisfy { $0 != 0 } == true ? nil : visible
    }

    /// The rows without their padding.
    var seen: [[Int]] {
        guard let flags = visible?.integers else { return rows }
        let length = rows.first?.count ?? 0
        return rows.enumerated().map { row, ids in
            ids.enumerated().filter { flags[row * length + $0.offset] != 0 }.map(\.element)
        }
    }
}
