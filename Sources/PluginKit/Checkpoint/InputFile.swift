import AttentionEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A file to be read: on disk, or bytes that are already in memory.
public struct InputFile: Sendable {
    /// What messages call the file.
    public let name: String
    private let content: [UInt8]?

    /// A file on disk.
    public init(path: String) {
        name = path
        content = nil
    }

    /// Bytes in memory, and a name for messages.
    public init(name: String, bytes: [UInt8]) {
        self.name = name
        content = bytes
    }

    /// The whole content.
    ///
    /// - Throws: `InputError` if the file cannot be read.
    public func bytes() throws -> [UInt8] {
        if let content { return content }
        guard let data = FileManager.default.contents(atPath: name) else {
            throw InputError(name, found: "no readable file", needed: "a file", remedy: "Check the path")
        }
        return [UInt8](data)
    }
}
