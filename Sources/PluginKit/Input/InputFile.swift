public import AttentionEngine

/// What a reader reads: a file on disk, bytes in memory, or standard input.
public struct InputFile: Sendable {
    private enum Source: Sendable {
        case file(String)
        case bytes([UInt8])
        case standardInput
    }

    /// The path as it was given, or what messages should call the bytes.
    public let name: String
    private let source: Source

    private init(name: String, source: Source) {
        self.name = name
        self.source = source
    }

    /// The name's extension in lower case, without the dot; empty where there is none.
    public var fileType: String {
        let last = name.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        guard let dot = last.lastIndex(of: "."), dot > last.startIndex else { return "" }
        return last[last.index(after: dot)...].lowercased()
    }

    /// Where the file is, if it is one on disk.
    var path: String? {
        if case .file(let path) = source { path } else { nil }
    }

    /// A file on disk; it is opened when its bytes are asked for.
    public init(path: String) { self.init(name: path, source: .file(path)) }

    /// Bytes in memory.
    public init(name: String, bytes: [UInt8]) { self.init(name: name, source: .bytes(bytes)) }

    /// All of standard input, which can be read once.
    public static func standardInput() -> InputFile { InputFile(name: "standard input", source: .standardInput) }

    /// The contents.
    ///
    /// - Parameter limit: the most bytes to read, one GiB without it.
    /// - Throws: `InputError` if the file is missing, no plain file, larger than `limit`, or may not be read.
    public func bytes(atMost limit: Int = 1 << 30) throws(InputError) -> [UInt8] {
        switch source {
        case .file(let path): return try RegularFile(path).bytes(atMost: limit)
        case .standardInput: return try RegularFile.bytes(of: 0, path: name, atMost: limit)
        case .bytes(let bytes):
            guard bytes.count <= limit else {
                throw InputError(name, found: "\(bytes.count) bytes", needed: "at most \(limit)", remedy: "Pass fewer bytes")
            }
            return bytes
        }
    }
}
