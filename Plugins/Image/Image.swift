/// A picture in memory: 8-bit red, green and blue for each pixel.
public struct Image: Sendable, Hashable {
    /// Pixels in a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// Three bytes a pixel (red, green, blue), row by row from the top left; `3 * width * height` in all.
    public let pixels: [UInt8]

    /// Creates an image, or nothing if a side is below one or `pixels` has not the size they ask for.
    public init?(width: Int, height: Int, pixels: [UInt8]) {
        guard width > 0, height > 0, let count = Self.byteCount(width: width, height: height), pixels.count == count else {
            return nil
        }
        self.init(width: width, height: height, checked: pixels)
    }

    /// An image whose size the caller has made sure of.
    init(width: Int, height: Int, checked pixels: [UInt8]) {
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// Bytes that an image of this size takes, if an `Int` can count them.
    static func byteCount(width: Int, height: Int) -> Int? {
        let (area, areaOverflows) = width.multipliedReportingOverflow(by: height)
        let (count, overflows) = area.multipliedReportingOverflow(by: 3)
        return areaOverflows || overflows ? nil : count
    }
}
