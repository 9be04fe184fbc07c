/// A matrix of weights as its file has it, with what its products are to be made in.
public struct StoredMatrix: Sendable {
    /// What is added to the name of a matrix of integers for that of its scales.
    package static let scaleSuffix = "_scale"

    /// The elements: floating-point numbers, or 8-bit integers where there are `scales`.
    public let elements: Tensor
    /// What the elements of each output are multiplied by, `[outputs]`, where they are integers.
    public let scales: Tensor?
    /// What the weights are kept in once they are packed.
    public var precision: Precision
    /// The same for a matrix that gives the scores of tokens.
    let precisionOfHead: Precision
    /// The file and the tensor, as messages name them.
    let place: String

    /// A matrix that a program has computed rather than loaded.
    public init(_ elements: Tensor, precision: Precision = .float32) {
        precondition(elements.rank >= 2 && elements.elementType.isFloatingPoint, "no matrix of numbers")
        self.init(elements: elements, scales: nil, precision: precision, precisionOfHead: precision, place: "weights")
    }

    init(elements: Tensor, scales: Tensor?, precision: Precision, precisionOfHead: Precision, place: String) {
        self.elements = elements
        self.scales = scales
        self.precision = precision
        self.precisionOfHead = precisionOfHead
        self.place = place
    }

    /// Its dimensions.
    public var shape: [Int] { elements.shape }

    /// Row `index` of `[rows, width]` as floats, for a matrix whose outputs are its rows.
    func copyRow(_ index: Int, to target: UnsafeMutableBufferPointer<Float>) {
        let byteWidth = elements.width * elements.elementType.byteWidth
        elements.withBytes { bytes in
            ElementConversion.convert(
                UnsafeRawBufferPointer(rebasing: bytes[index * byteWidth..<(index + 1) * byteWidth]), of: elements.elementType,
                to: target)
        }
        guard let scales else { return }
        scales.withFloatBuffer { scales in
            for place in target.indices { target[place] *= scales[index] }
        }
    }
}
