#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import AttentionEngine

/// Arrays as NumPy stores them (NEP 1, version 1.0).
enum NumPyFile {
    /// Writes rows of one length as a `float32` array, little-endian, whole or not at all.
    ///
    /// - Throws: `InputError` if the file cannot be written.
    static func write(_ rows: [[Float]], to path: String) throws {
        let shape = "(\(rows.count), \(rows.first?.count ?? 0))"
        var header = "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }"
        // The elements start at a multiple of 64 bytes; ten bytes stand before the header.
        let unfilled = 10 + header.utf8.count + 1
        header += String(repeating: " ", count: (64 - unfilled % 64) % 64) + "\n"
        var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count & 0xFF), UInt8(header.utf8.count >> 8)])
        data.append(contentsOf: header.utf8)
        for row in rows {
            for value in row { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
        }
        do {
            try data.write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw InputError(
                path, found: "cannot be written", needed: "a file in a folder that exists and may be written to",
                remedy: "Name another with --output")
        }
    }
}
