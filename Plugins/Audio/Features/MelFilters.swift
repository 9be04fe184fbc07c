import AttentionEngine

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Triangular filters that are equally far apart on the mel scale, as Slaney's Auditory Toolbox (1998, Interval Research
/// technical report 1998-010) has them: linear up to 1,000 Hz, logarithmic above, each of the same area.
enum MelFilters {
    /// The filters as weights.
    ///
    /// - Parameters:
    ///   - count: how many filters, from 0 Hz to `maximumFrequency`.
    ///   - binCount: the bins of a power spectrum, from 0 Hz to half the sample rate.
    /// - Returns: `[count, binCount]`.
    static func weights(count: Int, binCount: Int, sampleRate: Int, maximumFrequency: Double) -> Tensor {
        let top = mel(maximumFrequency)
        let corners = (0...(count + 1)).map { hertz(top * Double($0) / Double(count + 1)) }
        let elements = (0..<count).flatMap { filter in
            let (lower, center, upper) = (corners[filter], corners[filter + 1], corners[filter + 2])
            return (0..<binCount).map { bin in
                let frequency = Double(bin) * Double(sampleRate) / 2 / Double(max(1, binCount - 1))
                let slope = min((frequency - lower) / (center - lower), (upper - frequency) / (upper - center))
                return Float(max(0, slope) * 2 / (upper - lower))
            }
        }
        return Tensor(elements, shape: [count, binCount])
    }

    private static let breakHertz = 1000.0
    private static let breakMel = 15.0
    private static let logarithmicStep = log(6.4) / 27

    static func mel(_ hertz: Double) -> Double {
        hertz < breakHertz ? hertz * breakMel / breakHertz : breakMel + log(hertz / breakHertz) / logarithmicStep
    }

    static func hertz(_ mel: Double) -> Double {
        mel < breakMel ? mel * breakHertz / breakMel : breakHertz * exp(logarithmicStep * (mel - breakMel))
    }
}
