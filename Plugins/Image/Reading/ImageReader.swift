import AttentionEngine
public import PluginKit

/// Reads PNG, JPEG and the portable anymaps (PBM, PGM, PPM) into upright 8-bit RGB.
///
/// The content decides what a file is, not its name. The pixels equal those of Pillow's
/// `ImageOps.exif_transpose(Image.open(file)).convert("RGB")`: transparency is dropped, 16-bit colour keeps its
/// high bytes, 16-bit grey saturates at 255, and an orientation in EXIF or XMP is applied.
public struct ImageReader: Reader {
    public static let kind = "image"
    public static let fileTypes: Set = ["png", "jpg", "jpeg", "jpe", "jfif", "ppm", "pgm", "pnm", "pbm"]

    /// The pixels an image may have where `ReadingLimits` leaves it open; Pillow's limit as well.
    public static let defaultMaximumPixels = 178_956_970

    /// Creates a reader.
    public init() {}

    /// Reads one file.
    ///
    /// - Throws: `InputError` if the file is no such image, is damaged or cut short, or has too many pixels.
    public func read(_ file: InputFile, limits: ReadingLimits) throws -> Image {
        let bytes = try file.bytes()
        let cap = PixelCap(file: file.name, maximum: limits.maximumElements ?? Self.defaultMaximumPixels)
        switch ImageFormat(of: bytes) {
        case .png: return try CompressedImage.png.decode(bytes, cap: cap)
        case .jpeg: return try CompressedImage.jpeg.decode(bytes, cap: cap)
        case .portableAnymap: return try PortableAnymap(bytes, file: file.name).decode(cap: cap)
        case .other(let found):
            throw InputError(
                file.name, found: found, needed: "a PNG, JPEG, PPM, PGM or PBM image", remedy: "Convert it to PNG or JPEG")
        case .unknown(let found):
            throw InputError(
                file.name, found: found, needed: "a PNG, JPEG, PPM, PGM or PBM image", remedy: "Check that this is the right file"
            )
        }
    }
}

/// The most pixels a file may unpack to, checked when its header is known and before anything is allocated.
struct PixelCap {
    let file: String
    let maximum: Int

    /// The bytes that the pixels need.
    func byteCount(width: Int, height: Int) throws -> Int {
        guard width > 0, height > 0 else {
            throw InputError(file, found: "an image of \(width) × \(height) pixels", needed: "at least one", remedy: "")
        }
        guard let count = Image.byteCount(width: width, height: height), count / 3 <= maximum else {
            throw InputError(
                file, found: "an image of \(width) × \(height) pixels", needed: "at most \(maximum) in all",
                remedy: "Make it smaller, or raise the limit if you trust the file")
        }
        return count
    }
}
