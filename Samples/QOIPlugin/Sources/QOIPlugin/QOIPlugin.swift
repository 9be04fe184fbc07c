import Apus

/// One more kind of image file for every model that takes images.
public enum QOIPlugin: Plugin {
    public static let name = "qoi"
    public static func register(in registry: inout Registry) throws { try registry.register(QOIReader()) }
}

/// Reads images in the Quite OK Image format (https://qoiformat.org/qoi-specification.pdf); transparency is dropped.
public struct QOIReader: Reader {
    public static let kind = "image"
    public static let fileTypes: Set = ["qoi"]

    public init() {}

    /// - Throws: `InputError` if the file is no such image, is cut short, or has too many pixels.
    public func read(_ file: InputFile, limits: ReadingLimits) throws -> Image {
        let bytes = try file.bytes(), limit = limits.maximumElements ?? ImageReader.defaultMaximumPixels
        func failure(_ found: String, needed: String) -> InputError {
            InputError(file.name, found: found, needed: needed, remedy: "Export it again")
        }
        guard bytes.count >= 14, bytes.starts(with: "qoif".utf8) else { throw failure("no QOI image", needed: "one") }
        let width = bytes[4..<8].reduce(0) { $0 << 8 | Int($1) }, height = bytes[8..<12].reduce(0) { $0 << 8 | Int($1) }
        guard width > 0, height > 0, height <= limit / width else {
            throw failure("an image of \(width) × \(height) pixels", needed: "from 1 to \(limit) in all")
        }
        let count = width * height
        var pixels: [UInt8] = [], position = 14
        var pixel: SIMD4<UInt8> = [0, 0, 0, 255], seen = [SIMD4<UInt8>](repeating: .zero, count: 64)
        func next() throws -> UInt8 {
            defer { position += 1 }
            guard position < bytes.count else { throw failure("an image that ends early", needed: "the rest of it") }
            return bytes[position]
        }
        while pixels.count < 3 * count {
            let tag = try next(), low = tag & 63
            var run = 1
            switch (tag, tag >> 6) {
            case (254, _): pixel = [try next(), try next(), try next(), pixel.w]
            case (255, _): pixel = [try next(), try next(), try next(), try next()]
            case (_, 0): pixel = seen[Int(low)]
            case (_, 1): pixel &+= SIMD4<UInt8>(low >> 4, low >> 2 & 3, low & 3, 2) &- 2
            case (_, 2):
                let green = low &- 32, others = try next()
                pixel &+= SIMD4<UInt8>(others >> 4, 8, others & 15, 8 &- green) &+ (green &- 8)
            default: run = min(Int(low) + 1, count - pixels.count / 3)
            }
            seen[Int((pixel &* SIMD4<UInt8>(3, 5, 7, 11)).wrappedSum()) % 64] = pixel
            for _ in 0..<run { pixels += [pixel.x, pixel.y, pixel.z] }
        }
        guard let image = Image(width: width, height: height, pixels: pixels) else { throw failure("no image", needed: "one") }
        return image
    }
}
