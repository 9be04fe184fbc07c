/// The number formats a tensor's elements may have, in memory and in safetensors files.
public enum ElementType: String, Sendable, Hashable, CaseIterable {
    case float64 = "F64"
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case int64 = "I64"
    case int32 = "I32"
    case int16 = "I16"
    case int8 = "I8"
    case uint64 = "U64"
    case uint32 = "U32"
    case uint16 = "U16"
    case uint8 = "U8"
    case bool = "BOOL"

    /// The width of one element in bytes.
    public var byteWidth: Int {
        switch self {
        case .float64, .int64, .uint64: 8
        case .float32, .int32, .uint32: 4
        case .float16, .bfloat16, .int16, .uint16: 2
        case .int8, .uint8, .bool: 1
        }
    }

    /// Whether the elements are numbers with a fraction.
    public var isFloatingPoint: Bool {
        switch self {
        case .float64, .float32, .float16, .bfloat16: true
        default: false
        }
    }

    /// The name people use: `fp32`, `bf16`, `int64`.
    public var displayName: String {
        switch self {
        case .float64: "fp64"
        case .float32: "fp32"
        case .float16: "fp16"
        case .bfloat16: "bf16"
        case .int64: "int64"
        case .int32: "int32"
        case .int16: "int16"
        case .int8: "int8"
        case .uint64: "uint64"
        case .uint32: "uint32"
        case .uint16: "uint16"
        case .uint8: "uint8"
        case .bool: "bool"
        }
    }
}
