#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The lines of standard input, read as they come.
struct StandardInputLines: Sequence, IteratorProtocol {
    private var buffer: [UInt8] = []
    /// Where in the buffer the next line starts, and up to where there is no line break.
    private var start = 0
    private var searched = 0
    /// Whether nothing is left to read, though there may be lines left that have been read.
    private(set) var isAtEnd = false

    /// The next line without its line break, bytes that are not UTF-8 replaced; `nil` after the last.
    mutating func next() -> String? { next(wait: true) }

    /// The next line if it is there already; `nil` where one would have to wait for it, and after the last.
    mutating func nextAtHand() -> String? { next(wait: false) }

    private mutating func next(wait: Bool) -> String? {
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer {
                    start = end + 1
                    searched = start
                }
                return line(upTo: end)
            }
            searched = buffer.count
            if isAtEnd {
                guard start < buffer.count else { return nil }
                defer { start = buffer.count }
                return line(upTo: buffer.count)
            }
            if !wait, !Self.isReadable { return nil }
            fill()
        }
    }

    /// Whether there is more to read, or the end, within a moment so short that nobody notices it and so long that a program
    /// which keeps writing is not taken for one that pauses.
    private static var isReadable: Bool {
        var request = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        return poll(&request, 1, 20) != 0
    }

    private func line(upTo end: Int) -> String {
        let isWindows = end > start && buffer[end - 1] == UInt8(ascii: "\r")
        return String(decoding: buffer[start..<(isWindows ? end - 1 : end)], as: UTF8.self)
    }

    private mutating func fill() {
        buffer.removeSubrange(..<start)
        searched -= start
        start = 0
        let chunk = 1 << 16
        let count = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: chunk))
        var read = 0
        repeat { read = readBytes(at: count, chunk) } while read < 0 && errno == EINTR
        buffer.removeLast(chunk - (read > 0 ? read : 0))
        isAtEnd = read <= 0
    }

    private mutating func readBytes(at offset: Int, _ count: Int) -> Int {
        buffer.withUnsafeMutableBytes { bytes in
            #if canImport(Glibc)
                Glibc.read(STDIN_FILENO, bytes.baseAddress! + offset, count)
            #elseif canImport(Musl)
                Musl.read(STDIN_FILENO, bytes.baseAddress! + offset, count)
            #else
                Darwin.read(STDIN_FILENO, bytes.baseAddress! + offset, count)
            #endif
        }
    }
}
