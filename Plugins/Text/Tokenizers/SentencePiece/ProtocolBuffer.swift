import AttentionEngine

/// Walks over the fields of a protocol buffer message; a field that does not fit its file is an error.
struct ProtocolBuffer {
    /// A field's value, by how it is written.
    enum Value {
        case integer(UInt64)
        case bytes(ArraySlice<UInt8>)
        /// Four bytes, as an integer.
        case word(UInt32)

        var flag: Bool? { if case .integer(let value) = self { value != 0 } else { nil } }
        var bytes: ArraySlice<UInt8>? { if case .bytes(let bytes) = self { bytes } else { nil } }
        var integer: Int? { if case .integer(let value) = self { Int(truncatingIfNeeded: value) } else { nil } }
        var float: Float? { if case .word(let word) = self { Float(bitPattern: word) } else { nil } }
    }

    private var rest: ArraySlice<UInt8>
    private let file: String

    init(_ bytes: ArraySlice<UInt8>, file: String) {
        rest = bytes
        self.file = file
    }

    /// Calls `body` with each field's number and value.
    static func forEachField(
        in bytes: ArraySlice<UInt8>, file: String, _ body: (Int, Value) throws(InputError) -> Void
    ) throws(InputError) {
        var message = ProtocolBuffer(bytes, file: file)
        while !message.rest.isEmpty {
            let key = try message.integer()
            let value: Value
            switch key & 7 {
            case 0: value = .integer(try message.integer())
            case 1: value = .bytes(try message.take(8))
            case 2: value = .bytes(try message.take(try message.integer()))
            case 5: value = .word(try message.take(4).reversed().reduce(0) { $0 << 8 | UInt32($1) })
            default: throw message.failure("a field of an unknown kind")
            }
            try body(Int(truncatingIfNeeded: key >> 3), value)
        }
    }

    private func failure(_ found: String) -> InputError {
        InputError(
            file, found: "no sentencepiece model: \(found) at byte \(rest.startIndex)", needed: "one", remedy: "Download it again"
        )
    }

    private mutating func integer() throws(InputError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            guard let byte = rest.popFirst() else { throw failure("an early end") }
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        throw failure("a number that is too large")
    }

    private mutating func take(_ count: UInt64) throws(InputError) -> ArraySlice<UInt8> {
        guard count <= UInt64(rest.count) else { throw failure("an early end") }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }
}
