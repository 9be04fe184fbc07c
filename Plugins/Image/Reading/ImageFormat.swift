/// What a file is, by the first of its bytes.
enum ImageFormat: Equatable {
    case png, jpeg, portableAnymap
    /// An image or document of another kind; the text says which.
    case other(String)
    /// No known image; the text says what it looks like.
    case unknown(String)

    init(of bytes: [UInt8]) {
        func has(_ signature: [UInt8], at offset: Int = 0) -> Bool {
            bytes.count >= offset + signature.count && bytes[offset..<(offset + signature.count)].elementsEqual(signature)
        }
        func has(_ text: StaticString, at offset: Int = 0) -> Bool {
            text.withUTF8Buffer { has(Array($0), at: offset) }
        }
        if has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if has([0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if bytes.count > 2, bytes[0] == UInt8(ascii: "P"), bytes[2].isASCIISpace,
            (UInt8(ascii: "1")...UInt8(ascii: "6")).contains(bytes[1])
        {
            self = .portableAnymap
        } else if has("GIF8") {
            self = .other("a GIF image")
        } else if has("RIFF"), has("WEBP", at: 8) {
            self = .other("a WebP image")
        } else if has("ftyp", at: 4) {
            self = .other(Self.mediaContainer(brand: bytes.dropFirst(8).prefix(4)))
        } else if has([0x49, 0x49, 0x2A, 0x00]) || has([0x4D, 0x4D, 0x00, 0x2A]) {
            self = .other("a TIFF image")
        } else if has("BM") {
            self = .other("a BMP image")
        } else if has([0xFF, 0x0A]) || has("JXL ", at: 4) {
            self = .other("a JPEG XL image")
        } else if has("jP  ", at: 4) {
            self = .other("a JPEG 2000 image")
        } else if has("8BPS") {
            self = .other("a Photoshop image")
        } else if has("P7") {
            self = .other("a PAM image")
        } else if has("PF") || has("Pf") {
            self = .other("a PFM image")
        } else if has([0, 0, 1, 0]) {
            self = .other("an ICO image")
        } else if has("%PDF") {
            self = .other("a PDF document")
        } else if has("<svg") {
            self = .other("an SVG image")
        } else if bytes.isEmpty {
            self = .unknown("an empty file")
        } else if bytes.prefix(256).allSatisfy({ $0 >= 0x20 || $0.isASCIISpace }) {
            self = .unknown("text")
        } else {
            self = .unknown("no image that Apus knows")
        }
    }

    private static func mediaContainer(brand: some Collection<UInt8>) -> String {
        switch String(decoding: brand, as: UTF8.self) {
        case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1": "a HEIC image"
        case "avif", "avis": "an AVIF image"
        default: "a video or other media container"
        }
    }
}

extension UInt8 {
    /// Space, tab, line feed, vertical tab, form feed, carriage return.
    var isASCIISpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
}
