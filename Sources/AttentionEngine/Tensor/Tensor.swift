/// An immutable, row-major array of numbers with a shape.
///
/// A tensor is a handle: copying it copies no elements. Operations are pure functions that return new tensors.
/// Arithmetic runs on `float32`; the other element types exist to be read from files, looked up and converted.
/// A shape that does not fit an operation is a mistake in the program, not in its input, and traps.
public struct Tensor: Sendable {
    /// The extent of each dimension, outermost first; empty for a single number.
    public let shape: [Int]
    /// The format of the elements.
    public let elementType: ElementType
    var storage: TensorStorage
    let byteOffset: Int
    /// What is known of its gradient, where it is tracked: `nil` in inference.
    var node: GradientNode?

    /// The number of elements.
    public let count: Int

    init(shape: [Int], elementType: ElementType, storage: TensorStorage, byteOffset: Int = 0) {
        self.shape = shape
        self.elementType = elementType
        self.storage = storage
        self.byteOffset = byteOffset
        self.count = shape.reduce(1, *)
        precondition(byteOffset + count * elementType.byteWidth <= storage.byteCount, "storage too small for \(shape)")
    }

    /// A tensor over memory that `owner` keeps alive and nobody writes: a part of a mapped file.
    ///
    /// - Parameter bytes: exactly the elements, aligned to `elementType.byteWidth`.
    init(shape: [Int], elementType: ElementType, borrowing bytes: UnsafeRawBufferPointer, from owner: AnyObject) {
        self.init(shape: shape, elementType: elementType, storage: TensorStorage(borrowing: bytes, from: owner))
    }

    /// The number of dimensions.
    public var rank: Int { shape.count }

    /// The elements' memory, for the length of the call.
    func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeRawBufferPointer(start: storage.base + byteOffset, count: count * elementType.byteWidth))
    }
}

// MARK: - Making tensors

extension Tensor {
    /// Creates a `float32` tensor from its elements in row-major order.
    public init(_ elements: some Collection<Float>, shape: [Int]) {
        precondition(elements.count == shape.reduce(1, *), "\(elements.count) elements do not fill \(shape)")
        self.init(shape: shape) { buffer in _ = buffer.initialize(from: elements) }
    }

    /// Creates an `int64` tensor from its elements in row-major order.
    public init(integers elements: some Collection<Int>, shape: [Int]) {
        precondition(elements.count == shape.reduce(1, *), "\(elements.count) elements do not fill \(shape)")
        let storage = TensorStorage(byteCount: elements.count * 8)
        let start = storage.base.assumingMemoryBound(to: Int64.self)
        for (index, element) in elements.enumerated() { start[index] = Int64(element) }
        self.init(shape: shape, elementType: .int64, storage: storage)
    }

    /// Creates a `float32` tensor whose every element is `value`.
    public init(repeating value: Float, shape: [Int]) {
        self.init(shape: shape) { $0.initialize(repeating: value) }
    }

    /// Creates a `float32` tensor that `fill` writes in place, starting from zeros.
    ///
    /// - Parameters:
    ///   - shape: the extent of each dimension.
    ///   - fill: receives all elements in row-major order.
    public init(shape: [Int], filledBy fill: (inout MutableSpan<Float>) throws -> Void) rethrows {
        try self.init(shape: shape) { buffer in
            buffer.initialize(repeating: 0)
            var span = buffer.mutableSpan
            try fill(&span)
        }
    }

    /// Creates a `float32` tensor from uninitialized memory; `body` must write every element.
    init(shape: [Int], _ body: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows {
        let count = shape.reduce(1, *)
        let storage = TensorStorage(byteCount: count * 4)
        let start = storage.base.bindMemory(to: Float.self, capacity: count)
        try body(UnsafeMutableBufferPointer(start: start, count: count))
        self.init(shape: shape, elementType: .float32, storage: storage)
    }
}

// MARK: - Reading tensors

extension Tensor {
    /// Lends the elements of a `float32` tensor in row-major order.
    public func withFloats<R>(_ body: (Span<Float>) throws -> R) rethrows -> R {
        try withFloatBuffer { try body($0.span) }
    }

    /// Says that the elements will not be read soon: what the system can read again from a file need not stay in memory.
    func giveBackMemory() { withBytes(storage.giveBack) }

    /// The elements of a `float32` tensor as the kernels take them.
    func withFloatBuffer<R>(_ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R {
        precondition(elementType == .float32, "a float32 tensor was needed, not \(elementType)")
        return try withBytes { try body($0.assumingMemoryBound(to: Float.self)) }
    }

    /// A copy of the elements as `Float`, whatever the element type.
    public var floats: [Float] {
        converted(to: .float32).withFloatBuffer { Array($0) }
    }

    /// A copy of the elements as `Int`; fractions are cut and what no `Int` can hold is clamped (NaN is 0).
    public var integers: [Int] {
        withBytes { bytes in
            (0..<count).map { index in
                switch elementType {
                case .int64: Int(bytes.loadUnaligned(fromByteOffset: index * 8, as: Int64.self))
                case .int32: Int(bytes.loadUnaligned(fromByteOffset: index * 4, as: Int32.self))
                case .int16: Int(bytes.loadUnaligned(fromByteOffset: index * 2, as: Int16.self))
                case .int8: Int(bytes.load(fromByteOffset: index, as: Int8.self))
                case .uint64: Int(clamping: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
                case .uint32: Int(bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
                case .uint16: Int(bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
                case .uint8, .bool: Int(bytes[index])
                case .float64, .float32, .float16, .bfloat16:
                    ElementConversion.clampedInteger(ElementConversion.double(bytes, at: index, type: elementType))
                }
            }
        }
    }
}
