public import AttentionEngine

/// Tensors under the names the reference gives its arguments and results: `pixel_values`, `logits`, …
public typealias NamedTensors = [String: Tensor]

/// One dimension of the shape that an input must have: a number, or a word for what may be any number from 1 on.
public enum Extent: Sendable, Hashable, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, CustomStringConvertible {
    /// As many as this.
    case exactly(Int)
    /// Any number; the word says what is counted: `batch`.
    case any(String)

    public init(integerLiteral value: Int) { self = .exactly(value) }

    public init(stringLiteral value: String) { self = .any(value) }

    public var description: String {
        switch self {
        case .exactly(let count): "\(count)"
        case .any(let word): word
        }
    }

    /// Whether a dimension of that many fits.
    public func allows(_ count: Int) -> Bool {
        switch self {
        case .exactly(let wanted): count == wanted
        case .any: count > 0
        }
    }
}

extension NamedTensors {
    /// An input of numbers, checked and as `float32`: `inputs.numbers("pixel_values", ["batch", 3, .exactly(side), .exactly(side)])`.
    ///
    /// - Throws: `InputError` naming the input that is missing, or has another shape or an integer type.
    public func numbers(_ name: String, _ shape: [Extent]) throws -> Tensor {
        let needed = "[\(shape.map(\.description).joined(separator: ", "))]"
        guard let tensor = self[name] else { throw missing(name, needed: "\(name) of shape \(needed)") }
        let fits = tensor.rank == shape.count && zip(shape, tensor.shape).allSatisfy { $0.allows($1) }
        guard fits, tensor.elementType.isFloatingPoint else {
            throw InputError(
                name, found: "\(tensor.elementType.displayName) of shape \(tensor.shape)", needed: "numbers of shape \(needed)",
                remedy: "Write the tensors as the reference takes them")
        }
        return tensor.converted(to: .float32)
    }

    /// What is said of an input that is not there.
    func missing(_ name: String, needed: String) -> InputError {
        InputError(
            "inputs", found: isEmpty ? "no tensors" : "only " + keys.sorted().joined(separator: ", "), needed: needed,
            remedy: "Add the tensor to the file")
    }
}

extension Tensor {
    /// Pseudo-random numbers from -1 to 1, the same each time: what `exampleInputs` is made of.
    public init(exampleOf shape: [Int]) {
        var state: UInt32 = 1
        let values = (0..<shape.reduce(1, *)).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return Float(state >> 8) / Float(1 << 23) - 1
        }
        self.init(values, shape: shape)
    }
}
