import AttentionEngine
import CImageCodecs

/// A format that a library in C decodes.
struct CompressedImage {
    static let png = CompressedImage(
        name: "PNG", open: png_decoder_open, read: png_decoder_read, close: png_decoder_close)
    static let jpeg = CompressedImage(
        name: "JPEG", open: jpeg_decoder_open, read: jpeg_decoder_read, close: jpeg_decoder_close)

    private typealias Decoder = UnsafeMutablePointer<ImageDecoder>

    private let name: String
    private let open: @Sendable (Decoder, UnsafePointer<UInt8>, Int) -> Bool
    private let read: @Sendable (Decoder, UnsafeMutablePointer<UInt8>) -> Bool
    private let close: @Sendable (Decoder) -> Void

    /// Decodes a whole file and turns the image upright.
    func decode(_ bytes: [UInt8], cap: PixelCap) throws -> Image {
        try bytes.withUnsafeBufferPointer { file in
            guard let start = file.baseAddress else { throw damage(ImageDecoder(), file: cap.file) }
            var decoder = ImageDecoder()
            let isOpen = open(&decoder, start, file.count)
            defer { close(&decoder) }
            guard isOpen else { throw damage(decoder, file: cap.file) }

            let (width, height) = (Int(decoder.width), Int(decoder.height))
            let byteCount = try cap.byteCount(width: width, height: height)
            let pixels = try [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
                guard let target = buffer.baseAddress, read(&decoder, target) else { throw damage(decoder, file: cap.file) }
                count = byteCount
            }
            let orientation = Orientation(
                exif: [UInt8](decoder.exif), hexadecimalExif: [UInt8](decoder.hexadecimalExif), xmp: [UInt8](decoder.xmp))
            return Image(width: width, height: height, checked: pixels).upright(from: orientation)
        }
    }

    private func damage(_ decoder: ImageDecoder, file: String) -> InputError {
        if decoder.truncated {
            return InputError(
                file, found: "a \(name) image that ends early", needed: "the whole file", remedy: "Copy or download it again")
        }
        let message = withUnsafeBytes(of: decoder.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return InputError(
            file, found: "a \(name) image that cannot be decoded (\(message))", needed: "an undamaged file",
            remedy: "Copy or download it again, or convert it anew")
    }
}

extension [UInt8] {
    fileprivate init(_ part: ImageBytes) {
        self.init(UnsafeBufferPointer(start: part.bytes, count: part.count))
    }
}
