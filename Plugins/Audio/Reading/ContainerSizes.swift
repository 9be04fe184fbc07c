import AttentionEngine
import PluginKit

/// Bytes to be read in place of those of the file.
struct SizeCorrection: Equatable {
    var offset: Int
    /// Up to eight.
    var bytes: [UInt8]
}

/// Compares the sizes that a container declares with the size of the file.
///
/// libsndfile takes what there is and says nothing where a file was cut short, so the sizes are looked at before. A
/// program that writes to a pipe does not know them: ffmpeg declares 2³² − 1 or nothing, sox nearly 2³¹. Such sizes are
/// corrected to what the file holds. Everything else about the container is left to libsndfile to judge.
struct ContainerSizes {
    /// What to correct for libsndfile to read all there is.
    private(set) var corrections: [SizeCorrection] = []
    /// Whether it is a stream of MPEG frames.
    private(set) var isMPEG = false

    private let contents: InputContents
    private let file: String
    /// Chunks to look at before giving up: a megabyte of empty ones must not take seconds.
    private static let maximumChunks = 4096

    /// - Throws: `InputError` if the file is shorter than it declares, or declares no channels or no sensible sample rate.
    init(of contents: InputContents, file: String) throws {
        self.contents = contents
        self.file = file
        let start = Bytes(contents.bytes(at: 0, count: 40))
        switch start.text(at: 0) {
        case "RIFF" where start.text(at: 8) == "WAVE": try checkRIFF(bigEndian: false)
        case "RIFX" where start.text(at: 8) == "WAVE": try checkRIFF(bigEndian: true)
        case "RF64" where start.text(at: 8) == "WAVE": try checkRIFF(bigEndian: false)
        case "FORM" where start.text(at: 8)?.hasPrefix("AIF") == true: try checkAIFF()
        case "riff": try checkWave64()
        case ".snd", "dns.": try checkAU(start)
        case "caff": try checkCAF()
        case "OggS": try checkOgg()
        default: try checkMPEG()
        }
    }

    // MARK: Declared and real sizes

    /// Whether a size was written by a program that did not know it.
    private func isStreaming(_ size: Int) -> Bool { size >= 0x7F00_0000 }

    /// The error for content of `declared` bytes that starts at `offset`.
    private func cutShort(_ kind: String, declared: Int, at offset: Int) -> InputError {
        InputError(
            file, found: "\(kind) that is cut short",
            needed: "the \(declared) bytes of sound that it declares, not \(max(0, contents.count - offset))",
            remedy: "Copy or download it again")
    }

    private func bytes(at offset: Int, count: Int) -> Bytes { Bytes(contents.bytes(at: offset, count: count)) }

    // MARK: Containers of chunks

    private mutating func checkRIFF(bigEndian: Bool) throws {
        let kind = "a WAV file"
        var offset = 12
        var longSize: (offset: Int, size: Int)?
        for _ in 0..<Self.maximumChunks {
            let header = bytes(at: offset, count: 8)
            guard let name = header.text(at: 0), let size = header.number(at: 4, width: 4, bigEndian: bigEndian) else { return }
            let content = offset + 8
            switch name {
            case "ds64":
                if let size = bytes(at: content, count: 16).number(at: 8, width: 8) { longSize = (content + 8, size) }
            case "fmt ":
                try checkFormat(bytes(at: content, count: 16), kind, bigEndian: bigEndian)
            case "data":
                let left = contents.count - content
                if let longSize, size == 0xFFFF_FFFF || size == 0 {
                    if longSize.size == 0 || longSize.size >= 1 << 62 {
                        corrections.append(SizeCorrection(offset: longSize.offset, bytes: littleEndian(left, width: 8)))
                        corrections.append(SizeCorrection(offset: offset + 4, bytes: littleEndian(0xFFFF_FFFF, width: 4)))
                    } else if longSize.size > left {
                        throw cutShort(kind, declared: longSize.size, at: content)
                    }
                } else if size > left {
                    guard isStreaming(size) else { throw cutShort(kind, declared: size, at: content) }
                } else if size == 0 || isStreaming(size), left > size, isUnfinished(bigEndian: bigEndian) {
                    try correct(at: offset + 4, to: left, kind, bigEndian: bigEndian)
                }
                return
            default: break
            }
            offset = content + size + size % 2
        }
    }

    /// Whether the size of the whole, too, was written before anything followed, and never again.
    private func isUnfinished(bigEndian: Bool) -> Bool {
        guard let size = bytes(at: 4, count: 4).number(at: 0, width: 4, bigEndian: bigEndian) else { return false }
        return size == 0xFFFF_FFFF || size + 8 < contents.count
    }

    /// Replaces a size of four bytes, and that of the whole, which libsndfile compares with it.
    private mutating func correct(at offset: Int, to size: Int, _ kind: String, bigEndian: Bool) throws {
        guard contents.count - 8 < 0xFFFF_FFFF else {
            throw InputError(
                file, found: "\(kind) with more sound than its header can declare", needed: "at most 4 GiB",
                remedy: "Write it as FLAC or RF64 instead")
        }
        for (offset, size) in [(offset, size), (4, contents.count - 8)] {
            let bytes = littleEndian(size, width: 4)
            corrections.append(SizeCorrection(offset: offset, bytes: bigEndian ? bytes.reversed() : bytes))
        }
    }

    private func checkFormat(_ format: Bytes, _ kind: String, bigEndian: Bool) throws {
        guard let channels = format.number(at: 2, width: 2, bigEndian: bigEndian),
            let rate = format.number(at: 4, width: 4, bigEndian: bigEndian)
        else {
            throw InputError(
                file, found: "\(kind) that ends in its header", needed: "the whole file", remedy: "Copy or download it again")
        }
        try StreamFormat(channels: channels, sampleRate: rate).check(file: file)
    }

    private mutating func checkAIFF() throws {
        let kind = "an AIFF file"
        var offset = 12
        for _ in 0..<Self.maximumChunks {
            let header = bytes(at: offset, count: 8)
            guard let name = header.text(at: 0), let size = header.number(at: 4, width: 4, bigEndian: true) else { return }
            let content = offset + 8
            switch name {
            case "COMM":
                // The sample rate is a number of 80 bits, which libsndfile unpacks.
                if let channels = bytes(at: content, count: 2).number(at: 0, width: 2, bigEndian: true) {
                    try StreamFormat(channels: channels, sampleRate: AudioReader.sampleRates.lowerBound).check(file: file)
                }
            case "SSND":
                let left = contents.count - content
                if size > left, !isStreaming(size) { throw cutShort(kind, declared: max(0, size - 8), at: content + 8) }
                // libsndfile goes by the size of this chunk, and takes all there is if it is too large.
                if size == 0 || isStreaming(size), left > size, isUnfinished(bigEndian: true) {
                    try correct(at: offset + 4, to: left, kind, bigEndian: true)
                }
                return
            default: break
            }
            offset = content + size + size % 2
        }
    }

    private mutating func checkWave64() throws {
        let kind = "a W64 file"
        var offset = 40
        for _ in 0..<Self.maximumChunks {
            let header = bytes(at: offset, count: 24)
            // The size counts the 24 bytes of identifier and size as well.
            guard let name = header.text(at: 0), let size = header.number(at: 16, width: 8), size >= 24 else { return }
            let content = offset + 24
            if name == "fmt " { try checkFormat(bytes(at: content, count: 16), kind, bigEndian: false) }
            if name == "data" {
                if size - 24 > contents.count - content, size < 1 << 62 {
                    throw cutShort(kind, declared: size - 24, at: content)
                }
                return
            }
            let (next, overflows) = offset.addingReportingOverflow(size)
            if overflows || next > contents.count { return }
            offset = (next + 7) / 8 * 8
        }
    }

    private func checkAU(_ start: Bytes) throws {
        let bigEndian = start.text(at: 0) == ".snd"
        guard let offset = start.number(at: 4, width: 4, bigEndian: bigEndian),
            let size = start.number(at: 8, width: 4, bigEndian: bigEndian),
            let rate = start.number(at: 16, width: 4, bigEndian: bigEndian),
            let channels = start.number(at: 20, width: 4, bigEndian: bigEndian)
        else {
            throw InputError(
                file, found: "an AU file that ends in its header", needed: "the whole file", remedy: "Copy or download it again")
        }
        try StreamFormat(channels: channels, sampleRate: rate).check(file: file)
        if size > contents.count - offset, !isStreaming(size) { throw cutShort("an AU file", declared: size, at: offset) }
    }

    private mutating func checkCAF() throws {
        var offset = 8
        for _ in 0..<Self.maximumChunks {
            let header = bytes(at: offset, count: 12)
            guard let name = header.text(at: 0), header.count == 12 else { return }
            let content = offset + 12
            // −1, which is no `Int` from an unsigned number, marks a last chunk whose size was not known.
            let size = header.number(at: 4, width: 8, bigEndian: true)
            if name == "data" {
                let left = contents.count - content
                if let size, size > left { throw cutShort("a CAF file", declared: size, at: content) }
                if size == nil {
                    corrections.append(SizeCorrection(offset: offset + 4, bytes: littleEndian(left, width: 8).reversed()))
                }
                return
            }
            guard let size, size <= contents.count - content else { return }
            offset = content + size
        }
    }

    // MARK: Streams

    /// Refuses Ogg whose last page is not whole.
    private func checkOgg() throws {
        // A page has at most 65,307 bytes.
        let start = max(0, contents.count - 65_536)
        let end = bytes(at: start, count: contents.count - start)
        guard let page = end.lastOffset(of: "OggS") else { return }
        let segments = end.number(at: page + 26, width: 1) ?? 255
        let table = (0..<segments).map { end.number(at: page + 27 + $0, width: 1) ?? 255 }
        if page + 27 + segments + table.reduce(0, +) > end.count {
            throw InputError(
                file, found: "an Ogg file that is cut short", needed: "its last page whole", remedy: "Copy or download it again")
        }
    }

    /// Refuses MPEG audio that is shorter than the count of bytes in its Xing header.
    private mutating func checkMPEG() throws {
        var offset = 0
        let tag = bytes(at: 0, count: 10)
        if tag.text(at: 0)?.hasPrefix("ID3") == true {
            let size = (6..<10).reduce(0) { $0 << 7 | ((tag.number(at: $1, width: 1) ?? 0) & 0x7F) }
            offset = 10 + size
        }
        let frame = bytes(at: offset, count: 64)
        // Without a layer it is AAC.
        guard let sync = frame.number(at: 0, width: 2, bigEndian: true), sync & 0xFFE0 == 0xFFE0, sync & 6 != 0 else { return }
        isMPEG = true
        for mark in ["Xing", "Info"] {
            guard let place = frame.lastOffset(of: mark), let flags = frame.number(at: place + 4, width: 4, bigEndian: true),
                flags & 2 != 0, let size = frame.number(at: place + (flags & 1 == 0 ? 8 : 12), width: 4, bigEndian: true)
            else { continue }
            if size > contents.count - offset, !isStreaming(size) { throw cutShort("an MP3 file", declared: size, at: offset) }
        }
    }
}

/// Numbers and names at places that may lie beyond the end.
private struct Bytes {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var count: Int { bytes.count }

    /// Four bytes as text; what is not ASCII becomes something that equals no name.
    func text(at offset: Int) -> String? {
        guard offset >= 0, offset + 4 <= bytes.count else { return nil }
        return String(decoding: bytes[offset..<(offset + 4)], as: UTF8.self)
    }

    /// An unsigned number; `nil` beyond the end, and where no `Int` can hold it.
    func number(at offset: Int, width: Int, bigEndian: Bool = false) -> Int? {
        guard offset >= 0, offset + width <= bytes.count else { return nil }
        let part = bytes[offset..<(offset + width)]
        let value = (bigEndian ? Array(part) : part.reversed()).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int(exactly: value)
    }

    func lastOffset(of name: String) -> Int? {
        let name = Array(name.utf8)
        guard bytes.count >= name.count else { return nil }
        return (0...(bytes.count - name.count)).last { bytes[$0...].starts(with: name) }
    }
}

/// The bytes of a number, the lowest first.
private func littleEndian(_ value: Int, width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}
