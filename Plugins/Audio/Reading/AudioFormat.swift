/// What a file is, by the first of its bytes; asked where it cannot be decoded.
enum AudioFormat: Equatable {
    /// Sound of a kind that libsndfile knows; the text says which.
    case sound(String)
    /// Something else; the texts say what and what to do.
    case other(String, remedy: String)
    case unknown

    /// What messages ask for.
    static let needed = "a WAV, FLAC, Ogg, Opus, MP3, AIFF or other file that libsndfile reads"

    private static let convert = "Convert it first: ffmpeg -i INPUT OUTPUT.flac"
    private static let check = "Check that it is the right file"

    /// - Parameter bytes: some hundred bytes from the start, or all.
    init(of bytes: [UInt8]) {
        if let format = Self.signed(bytes) {
            self = format
        } else if bytes.count >= 2, bytes[0] == 0xFF, bytes[1] & 0xF6 == 0xF0 {
            self = .other("raw AAC sound", remedy: Self.convert)
        } else if bytes.count >= 2, bytes[0] == 0xFF, bytes[1] & 0xE0 == 0xE0 {
            self = .sound("an MP3 file")
        } else if !bytes.isEmpty, bytes.allSatisfy({ $0 >= 0x20 || (0x09...0x0D).contains($0) }) {
            self = .other("text", remedy: Self.check)
        } else {
            self = .unknown
        }
    }

    /// What a file is if it begins with a signature.
    static func signed(_ bytes: [UInt8]) -> AudioFormat? { signatures.first { $0.matches(bytes) }?.format }

    private struct Signature {
        var format: AudioFormat
        var parts: [(offset: Int, bytes: [UInt8])]

        init(_ format: AudioFormat, _ start: [UInt8], then second: (offset: Int, text: String)? = nil) {
            self.format = format
            parts = [(0, start)] + (second.map { [($0.offset, Array($0.text.utf8))] } ?? [])
        }

        init(_ format: AudioFormat, _ start: String, then second: (offset: Int, text: String)? = nil) {
            self.init(format, Array(start.utf8), then: second)
        }

        func matches(_ file: [UInt8]) -> Bool {
            parts.allSatisfy { file.count >= $0.offset + $0.bytes.count && file[$0.offset...].starts(with: $0.bytes) }
        }
    }

    private static let signatures: [Signature] = [
        Signature(.sound("a WAV file"), "RIFF", then: (8, "WAVE")),
        Signature(.sound("a WAV file"), "RIFX", then: (8, "WAVE")),
        Signature(.sound("an RF64 file"), "RF64"),
        Signature(.sound("a W64 file"), "riff"),
        Signature(.sound("an AIFF file"), "FORM", then: (8, "AIF")),
        Signature(.sound("a FLAC file"), "fLaC"),
        Signature(.sound("an Ogg file"), "OggS"),
        Signature(.sound("an MP3 file"), "ID3"),
        Signature(.sound("an AU file"), ".snd"),
        Signature(.sound("an AU file"), "dns."),
        Signature(.sound("a CAF file"), "caff"),
        Signature(.sound("a NIST SPHERE file"), "NIST_1A"),
        Signature(.sound("a VOC file"), "Creative Voice File"),
        Signature(.other("a WebP image", remedy: check), "RIFF", then: (8, "WEBP")),
        Signature(.other("an AVI video", remedy: convert), "RIFF", then: (8, "AVI ")),
        Signature(.other("an MP4, M4A or QuickTime file", remedy: convert), [0, 0, 0], then: (4, "ftyp")),
        Signature(.other("a Matroska or WebM file", remedy: convert), [0x1A, 0x45, 0xDF, 0xA3]),
        Signature(.other("a Windows Media file", remedy: convert), [0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11]),
        Signature(.other("an AMR file", remedy: convert), "#!AMR"),
        Signature(.other("a WavPack file", remedy: convert), "wvpk"),
        Signature(.other("a Monkey's Audio file", remedy: convert), "MAC "),
        Signature(.other("a MIDI file, which has notes and no sound", remedy: check), "MThd"),
        // libsndfile reads it, but prints to the standard output where it is damaged.
        Signature(.other("a MIDI sample dump", remedy: convert), [0xF0, 0x7E]),
        Signature(.other("a JPEG image", remedy: check), [0xFF, 0xD8, 0xFF]),
        Signature(.other("a PNG image", remedy: check), [0x89, 0x50, 0x4E, 0x47]),
        Signature(.other("a GIF image", remedy: check), "GIF8"),
        Signature(.other("a PDF document", remedy: check), "%PDF"),
        Signature(.other("a ZIP archive", remedy: "Unpack it first"), [0x50, 0x4B, 0x03, 0x04]),
        Signature(.other("a gzip archive", remedy: "Unpack it first"), [0x1F, 0x8B]),
    ]
}
