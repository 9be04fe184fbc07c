import AttentionEngine
import CZlib
import PluginKit

/// Pictures as PNG files (ISO/IEC 15948): eight bits of red, green and blue.
enum PNGFile {
    /// Writes a picture; the file appears whole or not at all.
    ///
    /// - Throws: `InputError` if it cannot be written.
    static func write(_ canvas: Canvas, to path: String) throws {
        var rows: [UInt8] = []
        rows.reserveCapacity(canvas.pixels.count + canvas.height)
        for row in 0..<canvas.height {
            // A row that is not filtered.
            rows.append(0)
            rows += canvas.pixels[3 * row * canvas.width..<3 * (row + 1) * canvas.width]
        }
        var size = compressBound(UInt(rows.count)), compressed = [UInt8](repeating: 0, count: Int(size))
        guard compress2(&compressed, &size, rows, UInt(rows.count), 6) == Z_OK else {
            throw InputError(path, found: "a picture that cannot be compressed", needed: "the memory for it", remedy: "Free some")
        }
        var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        let header = number(canvas.width) + number(canvas.height) + [8, 2, 0, 0, 0]
        for (name, content) in [("IHDR", header), ("IDAT", Array(compressed.prefix(Int(size)))), ("IEND", [])] {
            let named = Array(name.utf8) + content
            bytes += number(content.count) + named + number(Int(crc32(0, named, UInt32(named.count))))
        }
        try OutputFolder.write(bytes, to: path)
    }

    private static func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
}
