/// A matrix in 8-bit integers from −127 to 127, with a scale for each output.
///
/// An element is its integer times its output's scale, and the scale is what makes the output's largest element 127.
package struct QuantizedMatrix: Sendable {
    /// The integers, in the shape of the matrix they stand for.
    package let integers: Tensor
    /// `[outputs]`.
    package let scales: Tensor

    /// Rounds a matrix to the nearest integers.
    ///
    /// - Parameter matrix: two-dimensional, of floating-point numbers.
    package init(_ matrix: Tensor, layout: PackedMatrix.Layout) {
        precondition(matrix.rank == 2 && matrix.elementType.isFloatingPoint, "no matrix of numbers")
        let rows = matrix.shape[0], width = matrix.shape[1]
        let isByRow = layout == .outputByInput
        let numbers = matrix.converted(to: .float32)
        (integers, scales) = numbers.withFloatBuffer { numbers in
            var scales = [Float](repeating: 0, count: isByRow ? rows : width)
            for row in 0..<rows {
                for column in 0..<width {
                    let output = isByRow ? row : column
                    scales[output] = max(scales[output], abs(numbers[row * width + column]))
                }
            }
            for output in scales.indices { scales[output] /= 127 }
            let integers = Tensor.elements(of: .int8, shape: [rows, width]) { (index) -> Int8 in
                let scale = scales[isByRow ? index / width : index % width]
                return scale > 0 ? Int8(max(-127, min(127, (numbers[index] / scale).rounded(.toNearestOrEven)))) : 0
            }
            return (integers, Tensor(scales, shape: [scales.count]))
        }
    }
}

extension Tensor {
    fileprivate static func elements<Element>(
        of type: ElementType, shape: [Int], _ element: (Int) -> Element
    ) -> Tensor {
        let count = shape.reduce(1, *)
        let storage = TensorStorage(byteCount: count * type.byteWidth)
        let start = storage.base.bindMemory(to: Element.self, capacity: count)
        for index in 0..<count { start[index] = element(index) }
        return Tensor(shape: shape, elementType: type, storage: storage)
    }

    /// The same numbers rounded to bfloat16, to the nearest, of two as near the even one.
    package func convertedToBFloat16() -> Tensor {
        converted(to: .float32).withFloatBuffer { numbers in
            .elements(of: .bfloat16, shape: shape) { (index) -> UInt16 in
                let bits = numbers[index].bitPattern
                if numbers[index].isNaN { return UInt16(bits >> 16 | 0x40) }
                return UInt16((bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
            }
        }
    }
}
