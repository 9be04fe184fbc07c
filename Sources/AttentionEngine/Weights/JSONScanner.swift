/// A strict reader of JSON (RFC 8259) that goes over the bytes once and builds nothing.
///
/// It serves the headers of weight files and vocabularies, which may be a hundred megabytes long: strings come back as ranges of
/// `bytes`, so memory stays in proportion to the header, and its user sees each key, repeated ones included.
public struct JSONScanner {
    /// The text; strings with escapes are unescaped at its end.
    public private(set) var bytes: [UInt8]
    /// Where the next byte will be read.
    public private(set) var position: Int
    private let end: Int
    private let place: String

    /// Starts reading.
    ///
    /// - Parameters:
    ///   - bytes: the text, in UTF-8.
    ///   - position: where in `bytes` the value begins.
    ///   - place: the file, for messages.
    public init(_ bytes: [UInt8], at position: Int = 0, place: String) {
        self.bytes = bytes
        self.position = position
        self.end = bytes.count
        self.place = place
    }

    /// What to throw where the text is not as needed.
    public func failure(_ found: String) -> InputError {
        InputError(
            place, found: "no valid JSON at byte \(position): \(found)", needed: "a well-formed file",
            remedy: "Download it again")
    }

    /// The next byte that is no white space, not yet taken; 0 at the end.
    public mutating func peek() -> UInt8 {
        while position < end {
            switch bytes[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): position += 1
            case let byte: return byte
            }
        }
        return 0
    }

    /// Takes `byte` if it is next.
    public mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte, position < end else { return false }
        position += 1
        return true
    }

    /// Takes a character that must be next.
    ///
    /// - Throws: `InputError` if another is.
    public mutating func expect(_ character: Unicode.Scalar) throws(InputError) {
        guard take(UInt8(ascii: character)) else { throw failure("`\(character)` expected") }
    }

    /// Checks that nothing but white space is left.
    public mutating func finish() throws(InputError) {
        _ = peek()
        if position < end { throw failure("text after the end") }
    }

    /// An object; `member` is called after each key and its colon, and must take the value.
    public mutating func object(
        _ member: (inout JSONScanner, _ key: Range<Int>) throws(InputError) -> Void
    ) throws(InputError) {
        try expect("{")
        if take(UInt8(ascii: "}")) { return }
        repeat {
            let key = try string()
            try expect(":")
            try member(&self, key)
        } while take(UInt8(ascii: ","))
        try expect("}")
    }

    /// An array; `element` must take one value.
    public mutating func array(_ element: (inout JSONScanner) throws(InputError) -> Void) throws(InputError) {
        try expect("[")
        if take(UInt8(ascii: "]")) { return }
        repeat { try element(&self) } while take(UInt8(ascii: ","))
        try expect("]")
    }

    /// An integer from 0 to `Int.max`, without fraction or exponent.
    public mutating func count() throws(InputError) -> Int {
        _ = peek()
        let start = position
        var value = 0
        while position < end, case let digit = bytes[position] &- UInt8(ascii: "0"), digit <= 9 {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int(digit))
            if overflow || carry { throw failure("a number that is too large") }
            value = sum
            position += 1
        }
        let isWhole = position > start && (position == start + 1 || bytes[start] != UInt8(ascii: "0"))
        guard isWhole, ![UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(peek()) else {
            throw failure("an integer of 0 or more expected")
        }
        return value
    }

    /// The text of a range that `string` returned.
    public func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// Steps over one value of any kind.
    public mutating func skipValue(depth: Int = 0) throws(InputError) {
        if depth > 100 { throw failure("more than 100 levels of nesting") }
        switch peek() {
        case UInt8(ascii: "{"):
            try object { (scanner, _) throws(InputError) in try scanner.skipValue(depth: depth + 1) }
        case UInt8(ascii: "["):
            try array { (scanner) throws(InputError) in try scanner.skipValue(depth: depth + 1) }
        case UInt8(ascii: "\""): try skipString()
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        default: try skipNumber()
        }
    }

    /// Takes a word that must be next: `true`.
    ///
    /// - Throws: `InputError` if another is.
    public mutating func literal(_ word: StaticString) throws(InputError) {
        _ = peek()
        for index in 0..<word.utf8CodeUnitCount {
            guard position < end, bytes[position] == word.utf8Start[index] else { throw failure("`\(word)` expected") }
            position += 1
        }
    }

    /// A number, as the range of `bytes` where it stands.
    public mutating func number() throws(InputError) -> Range<Int> {
        _ = peek()
        let start = position
        try skipNumber()
        return start..<position
    }

    private mutating func skipNumber() throws(InputError) {
        _ = take(UInt8(ascii: "-"))
        let start = position
        try skipDigits()
        if bytes[start] == UInt8(ascii: "0"), position > start + 1 { throw failure("a number with a leading zero") }
        if position < end, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try skipDigits()
        }
        if position < end, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < end, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(bytes[position]) { position += 1 }
            try skipDigits()
        }
    }

    private mutating func skipDigits() throws(InputError) {
        let start = position
        while position < end, bytes[position] &- UInt8(ascii: "0") <= 9 { position += 1 }
        if position == start { throw failure("a value expected") }
    }
}

// MARK: - Strings

extension JSONScanner {
    /// A string, as the range of `bytes` where its UTF-8 stands without escapes.
    public mutating func string() throws(InputError) -> Range<Int> {
        let raw = try rawString()
        guard raw.hasEscapes else { return raw.range }
        let start = bytes.count
        try unescape(raw.range) {
            $0.append(contentsOf: $1.utf8)
        } byte: {
            $0.append($1)
        }
        return start..<bytes.count
    }

    /// A string as text.
    public mutating func text() throws(InputError) -> String {
        let range = try string()
        return text(range)
    }

    /// Steps over a string.
    mutating func skipString() throws(InputError) {
        let raw = try rawString()
        if raw.hasEscapes {
            try unescape(raw.range) { _, _ in
            } byte: { _, _ in
            }
        }
    }

    private mutating func rawString() throws(InputError) -> (range: Range<Int>, hasEscapes: Bool) {
        try expect("\"")
        let start = position
        var hasEscapes = false
        var union: UInt8 = 0
        while position < end {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let range = start..<position
                if union >= 0x80, String(validating: bytes[range], as: UTF8.self) == nil {
                    throw failure("text that is not UTF-8")
                }
                position += 1
                return (range, hasEscapes)
            }
            if byte < 0x20 { throw failure("a control character in a string") }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                position += 1
            }
            union |= byte
            position += 1
        }
        position = end
        throw failure("a string without an end")
    }

    /// Hands the pieces of an escaped string to the closures, which may append them to `bytes`.
    private mutating func unescape(
        _ range: Range<Int>, scalar: (inout [UInt8], Unicode.Scalar) -> Void, byte: (inout [UInt8], UInt8) -> Void
    ) throws(InputError) {
        var index = range.lowerBound
        while index < range.upperBound {
            let first = bytes[index]
            index += 1
            guard first == UInt8(ascii: "\\") else {
                byte(&bytes, first)
                continue
            }
            let escape = bytes[index]
            index += 1
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte(&bytes, escape)
            case UInt8(ascii: "b"): byte(&bytes, 8)
            case UInt8(ascii: "f"): byte(&bytes, 12)
            case UInt8(ascii: "n"): byte(&bytes, 10)
            case UInt8(ascii: "r"): byte(&bytes, 13)
            case UInt8(ascii: "t"): byte(&bytes, 9)
            case UInt8(ascii: "u"):
                guard let value = escapedScalar(at: &index, before: range.upperBound) else {
                    throw failure("a broken \\u escape before this")
                }
                scalar(&bytes, value)
            default: throw failure("an unknown escape before this")
            }
        }
    }

    /// The scalar of `XXXX`, or of the surrogate pair `XXXX\uXXXX`.
    private func escapedScalar(at index: inout Int, before end: Int) -> Unicode.Scalar? {
        func unit(_ index: inout Int) -> UInt32? {
            guard end - index >= 4 else { return nil }
            var value: UInt32 = 0
            for byte in bytes[index..<index + 4] {
                guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
                value = value << 4 | UInt32(digit)
            }
            index += 4
            return value
        }
        guard let high = unit(&index) else { return nil }
        guard 0xD800..<0xDC00 ~= high else { return Unicode.Scalar(high) }
        guard end - index >= 6, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u") else { return nil }
        index += 2
        guard let low = unit(&index), 0xDC00..<0xE000 ~= low else { return nil }
        return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    }
}
