public import AttentionEngine

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A change to a sound that leaves what is said the same, drawn anew for each example.
public protocol WaveformAugmentation: Sendable {
    /// The sound as drawn from the generator.
    func callAsFunction(_ sound: Waveform, using generator: inout SeededGenerator) -> Waveform
}

/// Plays faster or slower, pitch and all, by resampling (Ko et al., 2015).
public struct SpeedPerturbation: WaveformAugmentation {
    /// The speeds to choose from, each above 0; 1 changes nothing.
    public var factors: [Double]

    /// Creates the augmentation with the usual three speeds.
    public init(factors: [Double] = [0.9, 1, 1.1]) { self.factors = factors }

    public func callAsFunction(_ sound: Waveform, using generator: inout SeededGenerator) -> Waveform {
        guard let factor = factors.randomElement(using: &generator), factor > 0, factor.isFinite, factor != 1 else {
            return sound
        }
        return Waveform(samples: Self.resampled(sound.samples, by: factor), sampleRate: sound.sampleRate)
    }

    /// Every `factor`-th sample, by a windowed sinc that lets through what the slower of both rates can carry.
    static func resampled(_ samples: [Float], by factor: Double) -> [Float] {
        let count = Int((Double(samples.count) / factor).rounded(.up))
        // Six zero crossings to each side, and a cut a little below half the rate, as torchaudio has it.
        let cut = min(1, 1 / factor) * 0.99, reach = Int((6 / cut).rounded(.up))
        func tap(_ distance: Double) -> Float {
            let distance = distance * cut
            guard abs(distance) < 6 else { return 0 }
            let sinc = distance == 0 ? 1 : sin(.pi * distance) / (.pi * distance), window = cos(.pi * distance / 12)
            return Float(sinc * window * window * cut)
        }
        // Where the factor is a ratio of small numbers, places between samples come again.
        let period = (1...1_000).first { abs((factor * Double($0)).rounded() - factor * Double($0)) < 1e-9 }
        let width = 2 * reach + 1
        func taps(_ fraction: Double) -> [Float] { (0..<width).map { tap(fraction - Double($0 - reach)) } }
        let tables = period.map { period in
            (0..<period).map { phase in
                let place = Double(phase) * factor
                return taps(place - place.rounded(.down))
            }
        }
        return (0..<count).map { index in
            let place = Double(index) * factor, first = Int(place) - reach
            let taps = period.flatMap { period in tables?[index % period] } ?? taps(place - place.rounded(.down))
            var sum: Float = 0
            for offset in max(0, -first)..<max(max(0, -first), min(width, samples.count - first)) {
                sum += taps[offset] * samples[first + offset]
            }
            return sum
        }
    }
}

/// Adds noise at a ratio to the sound's power.
public struct AddedNoise: WaveformAugmentation {
    /// Signal to noise, in decibels.
    public var ratio: ClosedRange<Double>
    /// Recordings of noise to take a part of; white noise without any.
    public var noises: [Waveform]

    /// Creates the augmentation.
    public init(ratio: ClosedRange<Double> = 10...30, noises: [Waveform] = []) { (self.ratio, self.noises) = (ratio, noises) }

    public func callAsFunction(_ sound: Waveform, using generator: inout SeededGenerator) -> Waveform {
        let decibels = Double.random(in: ratio, using: &generator)
        var noise: [Float]
        if let recording = noises.randomElement(using: &generator), !recording.samples.isEmpty {
            let start = Int.random(in: 0..<recording.samples.count, using: &generator)
            noise = sound.samples.indices.map { recording.samples[(start + $0) % recording.samples.count] }
        } else {
            noise = sound.samples.map { _ in
                let first = Double.random(in: Double.leastNormalMagnitude..<1, using: &generator)
                return Float((-2 * log(first)).squareRoot() * cos(2 * .pi * Double.random(in: 0..<1, using: &generator)))
            }
        }
        func power(_ samples: [Float]) -> Double { samples.reduce(0) { $0 + Double($1) * Double($1) } }
        let (own, other) = (power(sound.samples), power(noise))
        guard own > 0, other > 0 else { return sound }
        let scale = Float((own / other).squareRoot() * pow(10, -decibels / 20))
        var result = sound
        for index in noise.indices { result.samples[index] += scale * noise[index] }
        return result
    }
}

/// Makes louder or softer.
public struct RandomGain: WaveformAugmentation {
    /// In decibels.
    public var decibels: ClosedRange<Double>

    /// Creates the augmentation.
    public init(decibels: ClosedRange<Double> = -6...6) { self.decibels = decibels }

    public func callAsFunction(_ sound: Waveform, using generator: inout SeededGenerator) -> Waveform {
        let gain = Float(pow(10, Double.random(in: decibels, using: &generator) / 20))
        return Waveform(samples: sound.samples.map { $0 * gain }, sampleRate: sound.sampleRate)
    }
}

/// Moves the sound in time; silence fills the gap, and what goes beyond the end is lost.
public struct TimeShift: WaveformAugmentation {
    /// The most, to either side, in seconds.
    public var seconds: Double

    /// Creates the augmentation.
    public init(seconds: Double = 0.1) { self.seconds = seconds }

    public func callAsFunction(_ sound: Waveform, using generator: inout SeededGenerator) -> Waveform {
        let count = sound.samples.count
        let most = Int(min(max(0, seconds * Double(sound.sampleRate)), Double(count)))
        let shift = Int.random(in: -most...most, using: &generator)
        var result = sound
        for index in 0..<count {
            let source = index - shift
            result.samples[index] = source >= 0 && source < count ? sound.samples[source] : 0
        }
        return result
    }
}

extension Waveform {
    /// Sounds of one rate, one after the other with a pause between; `nil` where rates differ or there is none.
    ///
    /// - Parameters:
    ///   - sounds: in the order they are heard.
    ///   - pause: in seconds.
    public init?(concatenating sounds: [Waveform], pause: Double = 0) {
        guard let rate = sounds.first?.sampleRate, sounds.allSatisfy({ $0.sampleRate == rate }) else { return nil }
        let silence = Array(repeating: Float(0), count: Int(min(max(0, pause * Double(rate)), 1e9)))
        self.init(samples: Array(sounds.map(\.samples).joined(separator: silence)), sampleRate: rate)
    }
}
