import AttentionEngine
import PluginKit

/// Reads the files of tokenizers.
enum TextFile {
    /// Larger ones are refused; the largest published take a third of it.
    static let maximumByteCount = 64 << 20

    static func bytes(_ path: String) throws(InputError) -> [UInt8] {
        try InputFile(path: path).bytes(atMost: maximumByteCount)
    }

    /// A JSON file as a node.
    static func json(_ path: String) throws(InputError) -> JSONNode {
        var scanner = JSONScanner(try bytes(path), place: path)
        let value = try scanner.value()
        try scanner.finish()
        return JSONNode(value: value, file: path, path: "")
    }

    /// The lines, without their ends.
    static func lines(_ path: String) throws(InputError) -> [ArraySlice<UInt8>] {
        let bytes = try bytes(path)
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw InputError(path, found: "text that is not UTF-8", needed: "UTF-8", remedy: "Download it again")
        }
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
    }
}
