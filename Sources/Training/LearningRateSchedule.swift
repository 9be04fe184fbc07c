#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How the learning rate rises and falls over the steps of a run.
public struct LearningRateSchedule: Sendable, Hashable, Codable {
    /// How it falls after the warm-up.
    public enum Decay: String, Sendable, Hashable, Codable, CaseIterable {
        /// Not at all.
        case constant
        /// Along half a cosine (Loshchilov and Hutter, 2017, arXiv:1608.03983).
        case cosine
        /// Along a line.
        case linear
        /// With the inverse root of the step, as the first Transformer was trained (Vaswani et al., 2017, arXiv:1706.03762).
        case inverseRoot = "inverse-root"
    }

    /// The highest rate.
    public var peak: Float
    /// How it falls.
    public var decay: Decay
    /// How many steps it rises along a line before.
    public var warmUpSteps: Int
    /// After how many steps it is at its least.
    public var totalSteps: Int
    /// What share of the highest rate is the least, for `cosine` and `linear`.
    public var finalShare: Float

    /// Creates a schedule.
    public init(peak: Float, decay: Decay = .cosine, warmUpSteps: Int = 0, totalSteps: Int, finalShare: Float = 0) {
        self.peak = peak
        self.decay = decay
        self.warmUpSteps = max(0, warmUpSteps)
        self.totalSteps = totalSteps
        self.finalShare = finalShare
    }

    /// The rate of a step, counted from 0.
    public func rate(at step: Int) -> Float {
        if step < warmUpSteps { return peak * Float(step + 1) / Float(warmUpSteps) }
        let length = Double(max(1, totalSteps - warmUpSteps))
        let passed = min(1, max(0, Double(step - warmUpSteps) / length)), least = Double(finalShare)
        let share: Double =
            switch decay {
            case .constant: 1
            case .cosine: least + (1 - least) * (1 + cos(.pi * passed)) / 2
            case .linear: least + (1 - least) * (1 - passed)
            case .inverseRoot: (Double(max(1, warmUpSteps)) / Double(max(step + 1, warmUpSteps, 1))).squareRoot()
            }
        return peak * Float(share)
    }
}
