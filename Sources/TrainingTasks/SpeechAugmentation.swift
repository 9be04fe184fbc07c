import AttentionEngine
import AudioPlugin

/// How recordings are changed as they are learned from.
public struct SpeechAugmentation: Sendable, Hashable, Codable {
    /// How much faster or slower a recording is played at most: 0.1 for a tenth.
    public var speed = 0.1
    /// How much louder or softer it is made at most, in decibels.
    public var gain = 6.0
    /// How far it is moved in time at most, in seconds.
    public var shift = 0.1
    /// How often noise is added.
    public var noise = 0.3
    /// How often another recording follows it, where both fit into a window.
    public var joining = 0.0
    /// The longest pause before what follows, in seconds.
    public var pause = 0.5
    /// How often words of several recordings stand in its place, where there is a table of words and their times.
    public var splicing = 0.0
    /// How many bands of frequencies, and stretches of time, are masked.
    public var masks = 2
    /// The most bins of such a band.
    public var maskedBins = 27
    /// The most frames of such a stretch, and no more than a fifth of what is heard.
    public var maskedFrames = 100

    /// Creates the usual changes.
    public init() {}

    /// A recording as it is heard in this epoch; as it was where it would become longer than the window.
    func changed(_ sound: Waveform, window: Double, _ generator: inout SeededGenerator) -> Waveform {
        var result = sound
        if speed > 0 {
            let factors = [1 - speed, 1 - speed / 2, 1, 1 + speed / 2, 1 + speed]
            let played = SpeedPerturbation(factors: factors)(result, using: &generator)
            if played.duration <= window { result = played }
        }
        if shift > 0, result.duration + shift <= window {
            let silence = Int(Double.random(in: 0...shift, using: &generator) * Double(result.sampleRate))
            result.samples.insert(contentsOf: repeatElement(0, count: silence), at: 0)
        }
        if gain > 0 { result = RandomGain(decibels: -gain...gain)(result, using: &generator) }
        if noise > 0, Double.random(in: 0..<1, using: &generator) < noise {
            result = AddedNoise(ratio: 10...40)(result, using: &generator)
        }
        return result
    }

    /// Masks features, `[bins, frames]`.
    ///
    /// - Parameter heard: the share of the frames in which there is sound.
    func mask(_ features: inout Tensor, heard: Double, _ generator: inout SeededGenerator) {
        guard masks > 0 else { return }
        let (bins, frames) = (features.shape[0], features.shape[1])
        var values = features.floats
        let masking = SpecAugment(
            frequencyMasks: masks, frequencyWidth: maskedBins, timeMasks: masks,
            timeWidth: min(maskedFrames, max(1, Int(0.2 * heard * Double(frames)))))
        masking(&values, bins: bins, frames: frames, using: &generator)
        features = Tensor(values, shape: [bins, frames])
    }
}
