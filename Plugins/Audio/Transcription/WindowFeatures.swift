import AttentionEngine

/// The features of any window of a recording, as the reference cuts them: a recording that fits one window is filled up with
/// silence first; of a longer one the largest power of all of it counts, and nothing is heard after its end.
struct WindowFeatures {
    /// The frames that can be asked for.
    let frameCount: Int
    private let converter: LogMelConverter
    private let waveform: Waveform
    private let whole: Tensor?
    private let maximum: Float

    /// - Throws: `InputError` if the recording has another sample rate than the model hears.
    init(_ waveform: Waveform, _ converter: LogMelConverter) throws {
        self.waveform = waveform
        self.converter = converter
        if waveform.samples.count <= converter.windowSampleCount {
            whole = try converter.features(of: waveform)
            maximum = 0
            frameCount = converter.windowFrameCount
        } else {
            whole = nil
            maximum = try converter.maximum(of: waveform)
            frameCount = waveform.samples.count / converter.hopLength
        }
    }

    /// - Parameter frames: at most as many as a window has.
    /// - Returns: `[1, bins, frames of a window]`, with zeros after `frames`.
    func window(_ frames: Range<Int>) throws -> Tensor {
        let size = converter.windowFrameCount
        let found =
            if let whole {
                whole.sliced(frames, along: 1)
            } else {
                try converter.features(of: waveform, fromFrame: frames.lowerBound, maximum: maximum)
                    .sliced(0..<frames.count, along: 1)
            }
        let zeros = Tensor(repeating: 0, shape: [converter.melCount, size - frames.count])
        return (frames.count == size ? found : .concatenated([found, zeros], along: 1))
            .reshaped(to: [1, converter.melCount, size])
    }
}
