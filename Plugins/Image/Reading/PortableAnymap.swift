import AttentionEngine

/// The portable anymaps PBM, PGM and PPM, as text (`P1` to `P3`) or binary (`P4` to `P6`), with a largest sample
/// value of up to 65535.
///
/// Samples are scaled as Pillow scales them: to 0…255, but grey with a largest value above 255 to 0…65535, where it
/// then saturates at 255.
struct PortableAnymap {
    private enum Content { case bits, grey, color }

    private let content: Content
    private let isText: Bool
    private var file: AnymapCursor

    /// - Parameter bytes: begins with `P1` to `P6` and white space.
    init(_ bytes: [UInt8], file name: String) {
        let number = bytes[1] - UInt8(ascii: "0")
        content = number % 3 == 1 ? .bits : number % 3 == 2 ? .grey : .color
        isText = number <= 3
        file = AnymapCursor(bytes: bytes, position: 3, name: name)
    }

    /// Decodes the file; what follows the last sample is left alone.
    func decode(cap: PixelCap) throws -> Image {
        var file = file
        let (width, height) = (try file.number("width"), try file.number("height"))
        let byteCount = try cap.byteCount(width: width, height: height)
        let maximum = content == .bits ? 1 : try file.number("largest sample value")
        guard (1...65535).contains(maximum) else {
            throw file.damage("\(maximum) as the largest sample value", needed: "1 to 65535")
        }
        let count = content == .color ? byteCount : byteCount / 3
        let samples =
            switch (isText, content) {
            case (true, .bits): try file.textBits(count)
            case (true, _): try file.textSamples(count, scale: scale(maximum), maximum: maximum)
            case (false, .bits): try file.packedBits(width: width, height: height)
            case (false, _): try file.binarySamples(count, scale: scale(maximum), maximum: maximum)
            }
        let pixels = content == .color ? samples : samples.repeatedThreefold()
        return Image(width: width, height: height, checked: pixels)
    }

    /// The 8-bit value of every sample value that the file's sample width can hold.
    private func scale(_ maximum: Int) -> [UInt8] {
        let range: Double = content == .grey && maximum > 255 ? 65535 : 255
        return (0...(maximum < 256 ? 255 : 65535)).map { sample in
            UInt8(min(255, (Double(sample) / Double(maximum) * range).rounded(.toNearestOrEven)))
        }
    }
}

/// A place in the bytes of an anymap.
private struct AnymapCursor {
    let bytes: [UInt8]
    var position: Int
    let name: String

    func damage(_ found: String, needed: String) -> InputError {
        InputError(name, found: found, needed: needed, remedy: "Copy or download the image again, or convert it anew")
    }

    /// The file must be long enough for its samples before they get any memory.
    private func require(_ count: Int) throws {
        guard bytes.count - position >= count else {
            throw damage("an image that ends early", needed: "\(count) bytes after the header, not \(bytes.count - position)")
        }
    }

    /// The next byte that is not in a comment, which ends with its line.
    private mutating func next() -> UInt8? {
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte != UInt8(ascii: "#") { return byte }
            while position < bytes.count, bytes[position] != 0x0A, bytes[position] != 0x0D { position += 1 }
            position += 1
        }
        position = bytes.count
        return nil
    }

    /// The next number of up to ten digits, and one byte of white space behind it.
    mutating func number(_ what: String) throws -> Int {
        var byte = next()
        while let space = byte, space.isASCIISpace { byte = next() }
        var (value, digits) = (0, 0)
        while let digit = byte, !digit.isASCIISpace {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit), digits < 10 else {
                throw damage("something else in place of a \(what)", needed: "a number of at most ten digits")
            }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
            digits += 1
            byte = next()
        }
        guard digits > 0 else { throw damage("an image that ends early", needed: "a \(what)") }
        return value
    }

    mutating func textBits(_ count: Int) throws -> [UInt8] {
        try require(count)
        var samples: [UInt8] = []
        samples.reserveCapacity(count)
        while samples.count < count {
            switch next() {
            case UInt8(ascii: "0"): samples.append(255)
            case UInt8(ascii: "1"): samples.append(0)
            case let space? where space.isASCIISpace: continue
            case nil: throw damage("an image that ends early", needed: "\(count) samples, not \(samples.count)")
            case _?: throw damage("something else in place of a sample", needed: "0 or 1")
            }
        }
        return samples
    }

    mutating func textSamples(_ count: Int, scale: [UInt8], maximum: Int) throws -> [UInt8] {
        try require(2 * count - 1)
        var samples: [UInt8] = []
        samples.reserveCapacity(count)
        for _ in 0..<count {
            let sample = try number("sample")
            guard sample <= maximum else { throw damage("the sample \(sample)", needed: "at most \(maximum)") }
            samples.append(scale[sample])
        }
        return samples
    }

    func packedBits(width: Int, height: Int) throws -> [UInt8] {
        let rowBytes = width / 8 + (width % 8 == 0 ? 0 : 1)
        try require(rowBytes * height)
        var samples: [UInt8] = []
        samples.reserveCapacity(width * height)
        for row in 0..<height {
            let start = position + row * rowBytes
            for column in 0..<width {
                samples.append(bytes[start + column / 8] << (column % 8) & 0x80 == 0 ? 255 : 0)
            }
        }
        return samples
    }

    func binarySamples(_ count: Int, scale: [UInt8], maximum: Int) throws -> [UInt8] {
        if maximum > 255 {
            try require(2 * count)
            return (0..<count).map { scale[Int(bytes[position + 2 * $0]) << 8 | Int(bytes[position + 2 * $0 + 1])] }
        }
        try require(count)
        let samples = bytes[position..<(position + count)]
        return maximum == 255 ? Array(samples) : samples.map { scale[Int($0)] }
    }
}

extension [UInt8] {
    /// Grey as red, green and blue.
    fileprivate func repeatedThreefold() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 3 * count) { target, targetCount in
            for (index, sample) in enumerated() { target[3 * index...(3 * index + 2)].update(repeating: sample) }
            targetCount = 3 * count
        }
    }
}
