import CKernels
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A generator that gives the same numbers everywhere (SplitMix64).
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    /// `count` numbers from −`limit` to `limit`.
    mutating func floats(_ count: Int, limit: Float = 2) -> [Float] {
        (0..<count).map { _ in (Float(next() >> 40) * 0x1p-23 - 1) * limit }
    }
}

/// A table of kernels under its name.
struct KernelTable: CustomTestStringConvertible, @unchecked Sendable {
    let pointer: UnsafePointer<apus_kernels>
    var name: String { String(cString: pointer.pointee.name) }
    var testDescription: String { name }
    var functions: apus_kernels { pointer.pointee }
    /// Columns in a panel of floats.
    var panelWidth: Int { Int(functions.formats.0.pointee.panel_width) }

    /// All that this machine runs; the scalar one is last.
    static let all: [KernelTable] = {
        var list = [UnsafePointer<apus_kernels>](repeating: apus_kernels_current(), count: 8)
        let count = list.withUnsafeMutableBufferPointer { apus_kernels_available($0.baseAddress!, 8) }
        return list.prefix(Int(count)).map(KernelTable.init)
    }()
    static let scalar = all[all.count - 1]

    /// A matrix in panels, and the scale of each column where it is kept in integers.
    struct Packed {
        let panels: Guarded
        let scales: Guarded
        let precision: apus_precision
        let isFinite: Bool
        var isIntact: Bool { panels.isIntact() && scales.isIntact() }
    }

    /// Packs `columns` of a matrix that other calls may pack other columns of.
    func pack<Element>(
        _ source: [Element], as element: apus_element, strides: (column: Int, depth: Int), depth: Int, first: Int = 0,
        columns: Int, sourceScales: [Float]? = nil, precision: apus_precision = apus_precision_float32, to panels: Guarded,
        scales: Guarded
    ) -> Bool {
        source.withUnsafeBufferPointer { source in
            (sourceScales ?? []).withUnsafeBufferPointer { sourceScales in
                guard let start = source.baseAddress else { return true }
                var packing = apus_packing(
                    precision: precision, element: element, source: start, column_stride: Int64(strides.column),
                    depth_stride: Int64(strides.depth), source_scales: sourceScales.isEmpty ? nil : sourceScales.baseAddress,
                    depth: Int64(depth),
                    first_column: Int64(first), columns: Int64(columns), packed: panels.start, scales: scales.start)
                return apus_pack(pointer, &packing)
            }
        }
    }

    /// Memory for a packed matrix.
    func room(depth: Int, columns: Int, precision: apus_precision = apus_precision_float32) -> (panels: Guarded, scales: Guarded)
    {
        let bytes = Int(apus_packed_bytes(pointer, precision, Int64(depth), Int64(columns)))
        return (Guarded(bytes / 4), Guarded(columns + Int(apus_maximum_panel_width)))
    }

    /// Packs `[columns, depth]`.
    func packed(
        _ matrix: [Float], depth: Int, columns: Int, precision: apus_precision = apus_precision_float32
    ) -> Packed {
        let (panels, scales) = room(depth: depth, columns: columns, precision: precision)
        let isFinite = pack(
            matrix, as: apus_element_float32, strides: (depth, 1), depth: depth, columns: columns, precision: precision,
            to: panels, scales: scales)
        return Packed(panels: panels, scales: scales, precision: precision, isFinite: isFinite)
    }
}

/// Floats between two stretches of a bit pattern that no kernel computes: whatever is written outside shows.
final class Guarded {
    private static let margin = 64
    private static let mark = Float(bitPattern: 0x7FA1_B2C3)
    private let memory: UnsafeMutablePointer<Float>
    let count: Int

    /// `count` marked floats; `shift` moves them off their alignment.
    init(_ count: Int, shift: Int = 0) {
        self.count = count
        memory = .allocate(capacity: count + 2 * Self.margin + shift)
        memory.initialize(repeating: Self.mark, count: count + 2 * Self.margin + shift)
        start = memory + Self.margin + shift
    }

    convenience init(_ elements: [Float], shift: Int = 0) {
        self.init(elements.count, shift: shift)
        for (index, element) in elements.enumerated() { start[index] = element }
    }

    deinit { memory.deallocate() }

    let start: UnsafeMutablePointer<Float>
    var elements: [Float] { Array(UnsafeBufferPointer(start: start, count: count)) }

    /// Whether nothing before or after was written, nor, with a `stride`, between the first `width` of each row.
    func isIntact(width: Int = 0, stride: Int = 0) -> Bool {
        func isMarked(_ index: Int) -> Bool { start[index].bitPattern == Self.mark.bitPattern }
        let outside = (-Self.margin..<0).allSatisfy(isMarked) && (count..<count + Self.margin).allSatisfy(isMarked)
        guard outside, stride > width else { return outside }
        return (0..<count).allSatisfy { $0 % stride < width || isMarked($0) }
    }
}

extension apus_activation {
    static var all: [apus_activation] {
        [
            apus_activation_none, apus_activation_relu, apus_activation_gelu, apus_activation_gelu_tanh,
            apus_activation_quick_gelu, apus_activation_silu, apus_activation_tanh, apus_activation_sigmoid,
        ]
    }
}

/// What an activation is by its definition, in double precision.
func exact(_ activation: apus_activation, _ x: Double) -> Double {
    switch activation {
    case apus_activation_relu: max(x, 0)
    case apus_activation_gelu: 0.5 * x * erfc(-x / 2.0.squareRoot())
    case apus_activation_gelu_tanh: 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case apus_activation_quick_gelu: x / (1 + exp(-1.702 * x))
    case apus_activation_silu: x / (1 + exp(-x))
    case apus_activation_tanh: tanh(x)
    case apus_activation_sigmoid: 1 / (1 + exp(-x))
    default: x
    }
}

/// How far an activation may be from its definition.
func activationTolerance(_ x: Double) -> Double { 5e-7 * max(1, abs(x)) }
