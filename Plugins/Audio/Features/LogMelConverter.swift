public import AttentionEngine
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Turns sound into log-mel features: the power of mel bands in frames, as decimal logarithms, at most 8 below the largest,
/// shifted and scaled to about -1 to 1.
///
/// The numbers are those of transformers' `WhisperFeatureExtractor` (Radford et al., 2022, arXiv:2212.04356, section 2.2). A window is what a
/// model takes at once, usually 30 seconds. The largest power is that of the window, or, for the windows of a long
/// recording, one that is found first for all of it, as openai/whisper does.
public struct LogMelConverter: Sendable {
    /// Mel bins in a frame.
    public let melCount: Int
    /// The sample rate that the sound must have, in hertz.
    public let sampleRate: Int
    /// Samples from frame to frame.
    public let hopLength: Int
    /// Samples in a window.
    public let windowSampleCount: Int
    /// Frames in a window.
    public let windowFrameCount: Int

    private let paddingValue: Float
    private let spectrum: PowerSpectrum
    private let filters: Linear

    /// Frames computed at a time, by one thread.
    private static let blockFrames = 125
    /// The smallest power, and its logarithm.
    private static let floor: Float = 1e-10
    static let logarithmicFloor: Float = -10

    /// Creates a converter.
    ///
    /// - Parameters:
    ///   - configuration: the settings, as the file has them.
    ///   - file: what an error calls the place of the configuration.
    /// - Throws: `InputError` if a number cannot be used, or there is not the memory.
    public init(_ configuration: LogMelConfiguration = LogMelConfiguration(), file: String = "preprocessor_config.json") throws {
        try configuration.check(file: file)
        melCount = configuration.featureSize
        sampleRate = configuration.samplingRate
        hopLength = configuration.hopLength
        windowSampleCount = configuration.windowSampleCount
        windowFrameCount = windowSampleCount / hopLength
        paddingValue = Float(configuration.paddingValue)
        spectrum = try PowerSpectrum(length: configuration.transformLength, hop: hopLength)
        filters = Linear(
            try PackedMatrix([
                MelFilters.weights(
                    count: melCount, binCount: spectrum.binCount, sampleRate: sampleRate, maximumFrequency: 8000)
            ]))
    }

    // MARK: One window

    /// The features of one window of sound, relative to the largest power in it.
    ///
    /// - Parameters:
    ///   - waveform: the sound.
    ///   - range: the samples to take, all without it; up to `windowSampleCount` are used, and less is padded.
    /// - Returns: `[mel bins, frames]`.
    /// - Throws: `InputError` if the waveform has another sample rate.
    public func features(of waveform: Waveform, in range: Range<Int>? = nil) throws -> Tensor {
        try features(of: waveform, in: [range ?? 0..<waveform.samples.count]).reshaped(to: [melCount, windowFrameCount])
    }

    /// The features of several windows, each relative to the largest power in it.
    ///
    /// - Parameters:
    ///   - waveform: the sound.
    ///   - ranges: the samples of each; up to `windowSampleCount` are used, and less is padded.
    /// - Returns: `[windows, mel bins, frames]`.
    /// - Throws: `InputError` if the waveform has another sample rate.
    public func features(of waveform: Waveform, in ranges: [Range<Int>]) throws -> Tensor {
        try check(waveform)
        let size = melCount * windowFrameCount
        return Tensor(shape: [ranges.count, melCount, windowFrameCount]) { features in
            features.withUnsafeMutableBufferPointer { features in
                for (index, range) in ranges.enumerated() {
                    let range = range.clamped(to: 0..<waveform.samples.count)
                    let sound = PaddedSound(
                        samples: waveform.samples[range].prefix(windowSampleCount), end: windowSampleCount, padding: paddingValue)
                    let rows = UnsafeMutableBufferPointer(rebasing: features[(index * size)..<((index + 1) * size)])
                    scale(rows, maximum: writeLogarithms(of: sound, from: 0, to: rows))
                }
            }
        }
    }

    // MARK: Windows of a long recording

    /// The largest logarithm of a mel power in all of a recording, in memory that does not grow with its length.
    ///
    /// - Returns: at least -10.
    /// - Throws: `InputError` if the waveform has another sample rate.
    public func maximum(of waveform: Waveform) throws -> Float {
        try check(waveform)
        let sound = PaddedSound(samples: waveform.samples[...], end: nil, padding: 0)
        let largest = Mutex(Self.floor)
        forEachBlock(of: 0..<frameCount(of: waveform)) { frames in
            let blockLargest = power(of: sound, frames).withFloatPointer { power in
                var largest: Float = 0
                for index in power.indices { largest = max(largest, power[index]) }
                return largest
            }
            largest.withLock { $0 = max($0, blockLargest) }
        }
        return log10(largest.withLock { $0 })
    }

    /// The features of a window of a recording, in which the sound goes on to both sides of the window, and which silence
    /// follows.
    ///
    /// - Parameters:
    ///   - waveform: the sound.
    ///   - frame: the first frame of the window: its middle is at sample `frame * hopLength`.
    ///   - maximum: what `maximum(of:)` says of the recording.
    /// - Returns: `[mel bins, frames]`.
    /// - Throws: `InputError` if the waveform has another sample rate.
    public func features(of waveform: Waveform, fromFrame frame: Int, maximum: Float) throws -> Tensor {
        try check(waveform)
        let sound = PaddedSound(samples: waveform.samples[...], end: nil, padding: 0)
        let frame = min(max(0, frame), frameCount(of: waveform))
        return Tensor(shape: [melCount, windowFrameCount]) { features in
            features.withUnsafeMutableBufferPointer { features in
                _ = writeLogarithms(of: sound, from: frame, to: features)
                scale(features, maximum: maximum)
            }
        }
    }

    /// The frames of a recording that some of its samples belong to.
    public func frameCount(of waveform: Waveform) -> Int { frameCount(samples: waveform.samples.count) }

    // MARK: Steps

    private func check(_ waveform: Waveform) throws(InputError) {
        guard waveform.sampleRate == sampleRate else {
            throw InputError(
                "sound", found: "a sample rate of \(waveform.sampleRate) Hz",
                needed: "\(sampleRate) Hz, as the model was trained",
                remedy: "Read it with AudioReader(sampleRate: \(sampleRate))")
        }
    }

    /// The frames, of those from the start on, that reach into the first `count` samples.
    private func frameCount(samples count: Int) -> Int {
        count == 0 ? 0 : (count + spectrum.length / 2 + hopLength - 1) / hopLength
    }

    /// Writes the logarithms of a window's powers and returns the largest.
    private func writeLogarithms(
        of sound: PaddedSound, from first: Int, to features: UnsafeMutableBufferPointer<Float>
    ) -> Float {
        // Frames beyond the samples hold padding alone.
        let audible = sound.padding == 0 ? frameCount(samples: sound.samples.count) : .max
        let count = max(0, min(windowFrameCount, audible - first))
        for row in 0..<melCount {
            features[(row * windowFrameCount + count)..<((row + 1) * windowFrameCount)].update(repeating: Self.logarithmicFloor)
        }
        let largest = Mutex(Self.logarithmicFloor)
        nonisolated(unsafe) let features = features
        forEachBlock(of: first..<(first + count)) { frames in
            let blockLargest = power(of: sound, frames).withFloatPointer { power in
                var largest = Self.logarithmicFloor
                for bin in 0..<melCount {
                    let row = bin * windowFrameCount - first
                    for frame in frames {
                        let logarithm = log10(max(power[(frame - frames.lowerBound) * melCount + bin], Self.floor))
                        features[row + frame] = logarithm
                        largest = max(largest, logarithm)
                    }
                }
                return largest
            }
            largest.withLock { $0 = max($0, blockLargest) }
        }
        return largest.withLock { $0 }
    }

    /// Shares frames among all threads.
    private func forEachBlock(of frames: Range<Int>, _ body: @Sendable (Range<Int>) -> Void) {
        let count = (frames.count + Self.blockFrames - 1) / Self.blockFrames
        Processor.parallel(count: count) { blocks in
            for block in blocks {
                let first = frames.lowerBound + block * Self.blockFrames
                body(first..<min(first + Self.blockFrames, frames.upperBound))
            }
        }
    }

    /// The power of each mel bin: `[frames, mel bins]`.
    private func power(of sound: PaddedSound, _ frames: Range<Int>) -> Tensor {
        let start = frames.lowerBound * hopLength - spectrum.length / 2
        let samples = sound[start..<(start + spectrum.sampleCount(frames: frames.count))]
        return filters(spectrum(samples, frames: frames.count))
    }

    private func scale(_ features: UnsafeMutableBufferPointer<Float>, maximum: Float) {
        for index in features.indices { features[index] = (max(features[index], maximum - 8) + 4) / 4 }
    }
}

extension LogMelConverter {
    /// What happens to sound, a step each, for people.
    var steps: [String] {
        [
            "mix to one channel at \(sampleRate) Hz", "cut into windows of \(windowSampleCount / sampleRate) seconds",
            "\(melCount) log-mel bins every \(hopLength) samples",
        ]
    }
}
