#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Image {
    /// Each row moved against the one before it, and each column: pixels beyond the edge are black.
    func sheared(x horizontal: Double, y vertical: Double) -> Image {
        resampled { x, y in (x + horizontal * y, y + vertical * x) }
    }

    /// Moved by whole pixels.
    func moved(x right: Int, y down: Int) -> Image {
        resampled { x, y in (x - Double(right), y - Double(down)) }
    }

    /// Turned against the clock around the middle.
    func rotated(degrees: Double) -> Image {
        let angle = degrees * .pi / 180, (sine, cosine) = (sin(angle), cos(angle))
        let (middleX, middleY) = (Double(width) / 2, Double(height) / 2)
        return resampled { x, y in
            let (x, y) = (x - middleX, y - middleY)
            return (cosine * x - sine * y + middleX, sine * x + cosine * y + middleY)
        }
    }

    /// Each pixel is the nearest to where it comes from.
    ///
    /// - Parameter source: for the middle of a pixel, half a pixel from its corner, the place that it shows.
    private func resampled(_ source: (_ x: Double, _ y: Double) -> (x: Double, y: Double)) -> Image {
        var result = [UInt8](repeating: 0, count: pixels.count)
        for row in 0..<height {
            for column in 0..<width {
                let place = source(Double(column) + 0.5, Double(row) + 0.5)
                let (x, y) = ((place.x - 0.5).rounded(.toNearestOrEven), (place.y - 0.5).rounded(.toNearestOrEven))
                guard x >= 0, y >= 0, x < Double(width), y < Double(height) else { continue }
                let (from, to) = (3 * (Int(y) * width + Int(x)), 3 * (row * width + column))
                for channel in 0..<3 { result[to + channel] = pixels[from + channel] }
            }
        }
        return Image(width: width, height: height, checked: result)
    }
}
