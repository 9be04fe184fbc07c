extension Orientation {
    /// The orientation that a file's metadata ask for; whatever cannot be read leaves the image as it is.
    ///
    /// XMP counts only where EXIF says nothing, and EXIF as hexadecimal text (`Raw profile type exif`, which older
    /// PNG writers used) only where there is no other.
    init(exif: [UInt8], hexadecimalExif: [UInt8], xmp: [UInt8]) {
        let tag =
            Self.tag(inExif: exif.isEmpty ? Self.bytes(ofRawProfile: hexadecimalExif) : exif) ?? Self.tag(inXMP: xmp)
        self = tag.flatMap(Orientation.init(rawValue:)) ?? .upright
    }

    /// Searches XMP for `tiff:Orientation="6"` or `<tiff:Orientation>6</…`.
    private static func tag(inXMP xmp: [UInt8]) -> Int? {
        let name = Array("tiff:Orientation".utf8)
        guard xmp.count > name.count else { return nil }
        for start in 0..<(xmp.count - name.count) where xmp[start] == name[0] && xmp[start...].starts(with: name) {
            var rest = xmp[(start + name.count)...]
            guard rest.removePrefix("=\"") || rest.removePrefix(">"), let digit = rest.first else { continue }
            if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) { return Int(digit - UInt8(ascii: "0")) }
        }
        return nil
    }

    /// The bytes of text that has three lines of heading, then hexadecimal digits.
    private static func bytes(ofRawProfile text: [UInt8]) -> [UInt8] {
        let lines = text.split(separator: UInt8(ascii: "\n"), maxSplits: 3, omittingEmptySubsequences: false)
        guard lines.count == 4 else { return [] }
        let digits = lines[3].lazy.filter { !$0.isASCIISpace }.map { Character(UnicodeScalar($0)).hexDigitValue }
        var bytes: [UInt8] = []
        var high: Int?
        for digit in digits {
            guard let digit else { return [] }
            if let first = high {
                bytes.append(UInt8(first << 4 | digit))
                high = nil
            } else {
                high = digit
            }
        }
        return bytes
    }

    /// The first directory's entry in a TIFF structure, found as the reference finds it: the first entry of its
    /// name counts, and the first value beyond the data ends the search.
    private static func tag(inExif exif: [UInt8]) -> Int? {
        var exif = exif[...]
        while exif.removePrefix("Exif\0\0") {}
        guard let tiff = TIFFBytes(exif), let directory = tiff.integer(at: 4, bytes: 4),
            let entries = tiff.integer(at: directory, bytes: 2)
        else { return nil }
        for index in 0..<entries {
            let entry = directory + 2 + 12 * index
            guard let tag = tiff.integer(at: entry, bytes: 2), let type = tiff.integer(at: entry + 2, bytes: 2),
                let count = tiff.integer(at: entry + 4, bytes: 4), let inline = tiff.integer(at: entry + 8, bytes: 4)
            else { return nil }
            guard let width = TIFFBytes.byteWidths[type], count > 0 else { continue }
            let size = width * count
            if size > tiff.count { continue }
            let place = size > 4 ? inline : entry + 8
            if place + size > tiff.count { return nil }
            if tag == 0x112 { return TIFFBytes.integerTypes.contains(type) ? tiff.integer(at: place, bytes: width) : 0 }
        }
        return nil
    }
}

/// Integers in a TIFF structure of either byte order.
private struct TIFFBytes {
    /// Bytes of a value of each type.
    static let byteWidths = [1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8]
    /// The types that hold an orientation: short and long, either sign.
    static let integerTypes: Set = [3, 4, 8, 9, 13, 16]

    private let bytes: [UInt8]
    private let isLittleEndian: Bool

    init?(_ slice: ArraySlice<UInt8>) {
        bytes = Array(slice)
        switch bytes.prefix(4) {
        case [0x49, 0x49, 0x2A, 0x00], [0x49, 0x49, 0x00, 0x2A]: isLittleEndian = true
        case [0x4D, 0x4D, 0x00, 0x2A], [0x4D, 0x4D, 0x2A, 0x00]: isLittleEndian = false
        default: return nil
        }
    }

    var count: Int { bytes.count }

    func integer(at offset: Int, bytes width: Int) -> Int? {
        guard offset >= 0, offset <= bytes.count - width else { return nil }
        let field = bytes[offset..<(offset + width)]
        let value = (isLittleEndian ? Array(field.reversed()) : Array(field)).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int(exactly: value)
    }
}

extension ArraySlice<UInt8> {
    /// Removes a text from the front and says whether it was there.
    fileprivate mutating func removePrefix(_ text: String) -> Bool {
        guard starts(with: text.utf8) else { return false }
        removeFirst(text.utf8.count)
        return true
    }
}
