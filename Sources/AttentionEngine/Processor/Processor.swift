import CKernels
import Synchronization

/// The kernels in use, chosen once by what the processor has.
nonisolated(unsafe) let kernels: UnsafePointer<apus_kernels> = apus_kernels_current()

/// The processor as the engine uses it.
public enum Processor {
    /// The name of the instruction set in use: `amx`, `avx512`, `avx2`, `neon` or `scalar`.
    public static var instructionSet: String { String(cString: kernels.pointee.name) }

    /// The instruction sets that this machine can run, the fastest first.
    public static var instructionSets: [String] {
        var tables: [UnsafePointer<apus_kernels>] = Array(repeating: kernels, count: 8)
        let count = tables.withUnsafeMutableBufferPointer { apus_kernels_available($0.baseAddress!, 8) }
        return tables.prefix(Int(count)).map { String(cString: $0.pointee.name) }
    }

    /// Checks that the environment variable `APUS_ISA`, if set, names an instruction set this machine has.
    ///
    /// - Throws: `InputError` if it does not; the fastest one is then in use.
    public static func validateOverride() throws {
        if apus_kernels_override_valid() { return }
        throw InputError(
            "APUS_ISA", found: "an instruction set that is not to be had here",
            needed: "one of " + instructionSets.joined(separator: ", "), remedy: "Unset it to use \(instructionSet)")
    }

    /// The number of threads that work on one operation; as many as there are cores unless set, and from 1 to 256.
    public static var threadCount: Int {
        get { Int(apus_thread_count()) }
        set { apus_set_thread_count(Int32(clamping: newValue)) }
    }

    /// The additions and multiplications that all products of the program have taken so far; attention's own are not counted.
    public static var operationCount: Int { Int(apus_operation_count()) }

    /// The most additions and multiplications a second that products in a precision reach on all threads, measured for
    /// `seconds`.
    public static func peakOperations(in precision: Precision, seconds: Double) -> Double {
        apus_peak_operations(kernels, precision.kernel, seconds)
    }

    /// The bytes a second that all threads together read from memory, measured for `seconds`; 0 if there is not enough of it.
    public static func peakBytes(seconds: Double) -> Double { apus_peak_bytes(kernels, seconds) }

    /// Runs `body` for all of `0 ..< count` on all threads, in ranges of at least `grain`, and returns when every one is done.
    ///
    /// Operations that `body` starts run on its own thread alone.
    public static func parallel(count: Int, grain: Int = 1, _ body: @Sendable (Range<Int>) -> Void) {
        withoutActuallyEscaping(body) { body in
            var body = body
            withUnsafeMutablePointer(to: &body) { context in
                apus_parallel(
                    1, Int64(count), Int64(grain),
                    { context, _, first, last, _ in
                        let body = context.assumingMemoryBound(to: (@Sendable (Range<Int>) -> Void).self)
                        body.pointee(Int(first)..<Int(last))
                    }, context)
            }
        }
    }

    /// What `transform` makes of each input, or throws at it, in order; the inputs are shared among all threads.
    public static func map<Input: Sendable, Output: Sendable>(
        _ inputs: [Input], _ transform: @Sendable (Input) throws -> Output
    ) -> [Result<Output, any Error>] {
        let outputs = Mutex([Result<Output, any Error>?](repeating: nil, count: inputs.count))
        parallel(count: inputs.count) { range in
            for index in range {
                let output = Result { try transform(inputs[index]) }
                outputs.withLock { $0[index] = output }
            }
        }
        return outputs.withLock { $0.compactMap(\.self) }
    }
}
