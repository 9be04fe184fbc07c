extension Image {
    /// The image in another size, equal to Pillow's `Image.resize((width, height), filter)` in every byte.
    ///
    /// Downsampling widens the filter to the scale, so that every pixel counts. Each direction is weighted in
    /// 22-bit fixed point and rounded to 8 bits, as in Pillow's `Resample.c`; the rows usually first, but since
    /// Pillow 13 the columns where the height shrinks more than twice as much as the width.
    ///
    /// - Parameters:
    ///   - width: at least 1.
    ///   - height: at least 1; `3 * width * height` must be an `Int`.
    ///   - filter: how pixels are weighed.
    public func resized(width: Int, height: Int, filter: ResamplingFilter) -> Image {
        precondition(width > 0 && height > 0, "an image has at least one pixel")
        if (width, height) == (self.width, self.height) { return self }
        if filter == .nearest { return sampled(width: width, height: height) }
        if height < self.height, self.height - height > 2 * (self.width - width) {
            return resampledColumns(to: height, filter: filter).resampledRows(to: width, filter: filter)
        }
        return resampledRows(to: width, filter: filter).resampledColumns(to: height, filter: filter)
    }

    /// The horizontal pass.
    private func resampledRows(to newWidth: Int, filter: ResamplingFilter) -> Image {
        if newWidth == width { return self }
        let weights = ResamplingWeights(from: width, to: newWidth, filter: filter)
        let rowBytes = 3 * width
        let resampled = pixels.withUnsafeBufferPointer { source in
            [UInt8](unsafeUninitializedCapacity: 3 * newWidth * height) { target, count in
                for row in 0..<height {
                    let line = UnsafeBufferPointer(rebasing: source[(row * rowBytes)..<((row + 1) * rowBytes)])
                    weights.forEach { column, first, weights in
                        var (red, green, blue) = (FixedPoint.half, FixedPoint.half, FixedPoint.half)
                        var index = 3 * first
                        for weight in weights {
                            red &+= Int32(line[index]) &* weight
                            green &+= Int32(line[index + 1]) &* weight
                            blue &+= Int32(line[index + 2]) &* weight
                            index += 3
                        }
                        target[count + 3 * column] = FixedPoint.byte(red)
                        target[count + 3 * column + 1] = FixedPoint.byte(green)
                        target[count + 3 * column + 2] = FixedPoint.byte(blue)
                    }
                    count += 3 * newWidth
                }
            }
        }
        return Image(width: newWidth, height: height, checked: resampled)
    }

    /// The vertical pass.
    private func resampledColumns(to newHeight: Int, filter: ResamplingFilter) -> Image {
        if newHeight == height { return self }
        let weights = ResamplingWeights(from: height, to: newHeight, filter: filter)
        let rowBytes = 3 * width
        let resampled = pixels.withUnsafeBufferPointer { source in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: rowBytes) { sums in
                [UInt8](unsafeUninitializedCapacity: rowBytes * newHeight) { target, count in
                    weights.forEach { _, first, weights in
                        sums.initialize(repeating: FixedPoint.half)
                        var start = first * rowBytes
                        for weight in weights {
                            for index in 0..<rowBytes { sums[index] &+= Int32(source[start + index]) &* weight }
                            start += rowBytes
                        }
                        for index in 0..<rowBytes { target[count + index] = FixedPoint.byte(sums[index]) }
                        count += rowBytes
                    }
                }
            }
        }
        return Image(width: width, height: newHeight, checked: resampled)
    }

    /// The nearest pixel for each; places are added up step by step, as in Pillow's `Geometry.c`.
    private func sampled(width newWidth: Int, height newHeight: Int) -> Image {
        func places(from old: Int, to new: Int) -> [Int] {
            let step = Double(old) / Double(new)
            var place = step * 0.5
            return (0..<new).map { _ in
                defer { place += step }
                return min(Int(place), old - 1)
            }
        }
        let columns = places(from: width, to: newWidth)
        let sampled = pixels.withUnsafeBufferPointer { source in
            [UInt8](unsafeUninitializedCapacity: 3 * newWidth * newHeight) { target, count in
                for row in places(from: height, to: newHeight) {
                    for column in columns {
                        let start = 3 * (row * width + column)
                        for channel in 0..<3 { target[count + channel] = source[start + channel] }
                        count += 3
                    }
                }
            }
        }
        return Image(width: newWidth, height: newHeight, checked: sampled)
    }
}

/// Numbers with 22 bits behind the point: what 8-bit pixels and the sign of a filter's lobes leave of 32.
private enum FixedPoint {
    static let half: Int32 = 1 << 21

    /// Rounds to the nearest, ties away from zero.
    static func number(_ value: Double) -> Int32 {
        Int32(value * Double(1 << 22) + (value < 0 ? -0.5 : 0.5))
    }

    /// The integral part of a sum that began with `half`, between 0 and 255.
    static func byte(_ sum: Int32) -> UInt8 { UInt8(truncatingIfNeeded: max(0, min(255, sum >> 22))) }
}

/// For each place along a side of the result, which pixels of the original it is made of.
private struct ResamplingWeights {
    private let firsts: [Int]
    private let starts: [Int]
    private let weights: [Int32]

    init(from old: Int, to new: Int, filter: ResamplingFilter) {
        let scale = Double(old) / Double(new)
        let widening = max(1, scale)
        let (support, shrinking) = (filter.support * widening, 1 / widening)
        var firsts: [Int] = []
        var starts = [0]
        var weights: [Int32] = []
        for place in 0..<new {
            let center = (Double(place) + 0.5) * scale
            let first = max(0, Int(center - support + 0.5))
            let end = min(old, Int(center + support + 0.5))
            let exact = (first..<max(first, end)).map { filter.weight(at: (Double($0) - center + 0.5) * shrinking) }
            let sum = exact.reduce(0, +)
            weights += exact.map { FixedPoint.number(sum == 0 ? $0 : $0 / sum) }
            firsts.append(first)
            starts.append(weights.count)
        }
        (self.firsts, self.starts, self.weights) = (firsts, starts, weights)
    }

    /// Calls `body` with each place, the first of its pixels in the original, and their weights.
    @inline(__always)
    func forEach(_ body: (_ place: Int, _ first: Int, _ weights: UnsafeBufferPointer<Int32>) -> Void) {
        weights.withUnsafeBufferPointer { weights in
            for place in firsts.indices {
                body(place, firsts[place], UnsafeBufferPointer(rebasing: weights[starts[place]..<starts[place + 1]]))
            }
        }
    }
}
