import CKernels

/// What the weights of products are kept in.
public enum Precision: String, Sendable, Hashable, CaseIterable {
    /// 32-bit floating point: the answers of the reference.
    case float32 = "fp32"
    /// bfloat16, the upper half of a 32-bit float, with sums in 32 bits: half the memory, and where the processor has
    /// instructions for it, half the time.
    case bfloat16 = "bf16"
    /// 8-bit integers with a scale for each output, what they are multiplied by brought to integers row by row: a quarter of the
    /// memory.
    case int8 = "int8"
    /// 4-bit integers with a scale for each output and 32 inputs, for what is read anew for every token that is written: the
    /// layers of decoders and the scores of tokens. All else is kept as `int8` has it.
    case int4 = "int4"

    /// The fastest on this processor that gives the answers of `float32`.
    public static var automatic: Precision { apus_multiplies_bfloat16(kernels) ? .bfloat16 : .float32 }

    /// The precision for the first layer of a model that reads pixels or samples, which is small and in which integers would
    /// cost most.
    var forRawInput: Precision { self == .int8 || self == .int4 ? .bfloat16 : self }

    /// The precision for layers that read a whole input at once, which 4 bits would cost more than they gain.
    var forReading: Precision { self == .int4 ? .int8 : self }

    /// What scores and weighted sums of attention are computed in: integers are not fine enough for what softmax makes of them,
    /// and bfloat16 is no gain where it is multiplied as floats.
    var forAttention: Precision { self == .float32 ? .float32 : .automatic }

    /// What keys and values are stored in that are read again and again.
    var forMemory: Precision { self == .float32 ? .float32 : .bfloat16 }

    var kernel: apus_precision {
        switch self {
        case .float32: apus_precision_float32
        case .bfloat16: apus_precision_bfloat16
        case .int8: apus_precision_int8
        case .int4: apus_precision_int4
        }
    }
}
