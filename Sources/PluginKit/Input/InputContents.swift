import AttentionEngine

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The bytes of an input where they are, to be read in any order: what is long need not be in memory as a whole.
public enum InputContents {
    case memory(UnsafeRawBufferPointer)
    /// A plain file, which is read by position.
    case descriptor(Int32, byteCount: Int)

    /// How many bytes there are.
    public var count: Int {
        switch self {
        case .memory(let bytes): bytes.count
        case .descriptor(_, let byteCount): byteCount
        }
    }

    /// Up to `length` bytes from `offset` on; fewer at the end, or where the system cannot read more.
    public func bytes(at offset: Int, count length: Int) -> [UInt8] {
        guard offset >= 0, offset < count else { return [] }
        let length = min(max(0, length), count - offset)
        switch self {
        case .memory(let bytes):
            return Array(bytes[offset..<(offset + length)])
        case .descriptor(let descriptor, _):
            return [UInt8](unsafeUninitializedCapacity: length) { buffer, done in
                while done < length {
                    let part = pread(descriptor, buffer.baseAddress! + done, length - done, off_t(offset + done))
                    if part < 0, errno == EINTR { continue }
                    guard part > 0 else { return }
                    done += part
                }
            }
        }
    }
}

extension InputFile {
    /// Lends the contents for the length of the call, without reading a file on disk into memory.
    ///
    /// - Parameters:
    ///   - limit: the most bytes to take from standard input, which does have to be in memory.
    ///   - body: receives the contents, which are not to be kept.
    /// - Throws: `InputError` if the file is missing, no plain file, or may not be read; what `body` throws.
    public func withContents<R>(atMost limit: Int = 1 << 30, _ body: (InputContents) throws -> R) throws -> R {
        if let path {
            let file = try RegularFile(path)
            return try body(.descriptor(file.descriptor, byteCount: file.byteCount))
        }
        return try bytes(atMost: limit).withUnsafeBytes { try body(.memory($0)) }
    }
}
