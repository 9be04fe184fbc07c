/// Sound that goes on beyond its ends: mirrored before the first sample, padded after the last.
struct PaddedSound: Sendable {
    let samples: ArraySlice<Float>
    /// Where padding turns into a mirror image as well; never without it.
    let end: Int?
    let padding: Float

    /// Samples at places that may lie outside.
    subscript(range: Range<Int>) -> [Float] {
        if range.lowerBound >= 0, range.upperBound <= samples.count {
            let start = samples.startIndex + range.lowerBound
            return Array(samples[start..<(start + range.count)])
        }
        return range.map { place in
            var place = abs(place)
            if let end, place >= end { place = max(0, 2 * (end - 1) - place) }
            return place < samples.count ? samples[samples.startIndex + place] : padding
        }
    }
}
