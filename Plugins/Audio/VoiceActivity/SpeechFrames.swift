import AttentionEngine

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What voice activity goes by: two levels and the flatness of the spectrum, every hundredth of a second.
struct SpeechFrames: Sendable {
    /// Samples from frame to frame.
    let hop: Int
    /// The power between 200 and 3,800 Hz, where vowels are, in decibels below a full-scale square wave.
    private(set) var voice: [Float]
    /// The power between 3,000 and 7,600 Hz, where s and f are, in the same unit.
    private(set) var hiss: [Float]
    /// The geometric over the arithmetic mean of the powers between 200 and 3,800 Hz: 0 for a tone, about 0.56 for white noise.
    private(set) var flatness: [Float]

    private static let voiceBand = 200.0...3800.0
    private static let hissBand = 3000.0...7600.0
    private static let blockFrames = 128
    /// Powers below this count as this: -120 decibels.
    private static let smallest: Float = 1e-12

    var count: Int { voice.count }

    /// - Throws: `InputError` if there is not the memory.
    init(of waveform: Waveform) throws {
        let rate = max(waveform.sampleRate, 1_000)
        hop = rate / 100
        // 25 milliseconds.
        let spectrum = try PowerSpectrum(length: max(4, rate / 160 * 4), hop: hop)
        let count = (waveform.samples.count + hop - 1) / hop
        voice = Array(repeating: 0, count: count)
        hiss = voice
        flatness = voice

        // The squares of the window's weights add up to 3/8 of its length.
        let scale = 2 / (Float(spectrum.length) * Float(spectrum.length) * 0.375)
        let voiceBins = Self.bins(Self.voiceBand, spectrum, rate)
        let hissBins = Self.bins(Self.hissBand, spectrum, rate)
        let sound = PaddedSound(samples: waveform.samples[...], end: nil, padding: 0)
        let hop = hop
        Self.write(&voice, &hiss, &flatness) { voice, hiss, flatness in
            nonisolated(unsafe) let (voice, hiss, flatness) = (voice, hiss, flatness)
            Processor.parallel(count: (count + Self.blockFrames - 1) / Self.blockFrames) { blocks in
                for block in blocks {
                    let frames = (block * Self.blockFrames)..<min((block + 1) * Self.blockFrames, count)
                    let start = frames.lowerBound * hop - spectrum.length / 2
                    let samples = sound[start..<(start + spectrum.sampleCount(frames: frames.count))]
                    spectrum(samples, frames: frames.count).withFloatPointer { power in
                        for frame in frames {
                            let row = UnsafeBufferPointer(
                                rebasing: power[((frame - frames.lowerBound) * spectrum.binCount)...].prefix(spectrum.binCount))
                            voice[frame] = Self.sum(row[voiceBins]) * scale
                            hiss[frame] = Self.sum(row[hissBins]) * scale
                            flatness[frame] = Self.flatness(row[voiceBins], scale)
                        }
                    }
                }
            }
        }
    }

    private static func bins(_ band: ClosedRange<Double>, _ spectrum: PowerSpectrum, _ rate: Int) -> Range<Int> {
        let width = Double(rate) / Double(spectrum.length)
        let last = spectrum.binCount - 1
        let first = min(Int((band.lowerBound / width).rounded(.up)), last)
        return first..<(max(first, min(Int(band.upperBound / width), last)) + 1)
    }

    private static func write(
        _ first: inout [Float], _ second: inout [Float], _ third: inout [Float],
        _ body: (UnsafeMutableBufferPointer<Float>, UnsafeMutableBufferPointer<Float>, UnsafeMutableBufferPointer<Float>) -> Void
    ) {
        first.withUnsafeMutableBufferPointer { first in
            second.withUnsafeMutableBufferPointer { second in
                third.withUnsafeMutableBufferPointer { third in body(first, second, third) }
            }
        }
    }

    private static func sum(_ powers: Slice<UnsafeBufferPointer<Float>>) -> Float {
        var sum: Float = 0
        for power in powers { sum += power }
        return sum
    }

    private static func flatness(_ powers: Slice<UnsafeBufferPointer<Float>>, _ scale: Float) -> Float {
        var (sum, logarithms): (Float, Float) = (0, 0)
        for power in powers {
            let power = max(power * scale, smallest / 10)
            sum += power
            logarithms += log(power)
        }
        let count = Float(powers.count)
        return exp(logarithms / count) / (sum / count)
    }

    /// Powers, averaged over a frame and its neighbours, in decibels.
    static func decibels(_ powers: [Float], neighbours: Int) -> [Float] {
        powers.indices.map { index in
            let range = max(0, index - neighbours)...min(powers.count - 1, index + neighbours)
            var sum: Float = 0
            for power in powers[range] { sum += power }
            return 10 * log10(max(sum / Float(range.count), smallest))
        }
    }
}
