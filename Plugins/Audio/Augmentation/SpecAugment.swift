public import AttentionEngine

/// Masks bands of frequencies and stretches of time in log-mel features (Park et al., 2019, arXiv:1904.08779).
public struct SpecAugment: Sendable {
    /// How many bands are masked.
    public var frequencyMasks: Int
    /// The most bins of a band.
    public var frequencyWidth: Int
    /// How many stretches are masked.
    public var timeMasks: Int
    /// The most frames of a stretch.
    public var timeWidth: Int
    /// The most of all frames that one stretch may take, from 0 to 1.
    public var timeShare: Double

    /// Creates the augmentation.
    public init(
        frequencyMasks: Int = 2, frequencyWidth: Int = 27, timeMasks: Int = 2, timeWidth: Int = 100, timeShare: Double = 0.2
    ) {
        (self.frequencyMasks, self.frequencyWidth) = (frequencyMasks, frequencyWidth)
        (self.timeMasks, self.timeWidth, self.timeShare) = (timeMasks, timeWidth, timeShare)
    }

    /// Masks features with their mean. Widths are drawn evenly from 0 to the most, and then where the mask begins.
    ///
    /// - Parameters:
    ///   - features: `[bins, frames]`, row by row.
    ///   - bins: how many frequencies each frame has.
    ///   - frames: how many there are.
    ///   - generator: what masks are drawn from.
    public func callAsFunction(_ features: inout [Float], bins: Int, frames: Int, using generator: inout SeededGenerator) {
        precondition(bins >= 0 && frames >= 0 && features.count == bins * frames, "a row of frames for each bin")
        guard !features.isEmpty else { return }
        let mean = Float(features.reduce(0.0) { $0 + Double($1) } / Double(features.count))
        func range(_ most: Int, of count: Int) -> Range<Int> {
            let width = Int.random(in: 0...min(max(0, most), count), using: &generator)
            let start = Int.random(in: 0...count - width, using: &generator)
            return start..<start + width
        }
        for _ in 0..<max(0, frequencyMasks) {
            for bin in range(frequencyWidth, of: bins) {
                for frame in 0..<frames { features[bin * frames + frame] = mean }
            }
        }
        let most = min(timeWidth, Int(min(max(0, timeShare), 1) * Double(frames)))
        for _ in 0..<max(0, timeMasks) {
            for frame in range(most, of: frames) {
                for bin in 0..<bins { features[bin * frames + frame] = mean }
            }
        }
    }
}
