import AttentionEngine

/// Where in a recording somebody speaks, found by energy and spectrum, without a model.
///
/// Every hundredth of a second the power of the voice band (200 to 3,800 Hz) and that of the hiss of s and f (3,000 to
/// 7,600 Hz) are compared with the noise floor of either (`NoiseFloor`). Speech begins where the voice band stands out clearly
/// for long enough, with a spectrum that is not flat; it reaches as far to both sides as either band stands out a little
/// (hysteresis), over gaps as short as those of stops. Steady sound, be it hiss, hum or a fan, is its own floor and never
/// stands out. The measures are those of ITU-T G.729 Annex B (Benyassine et al., 1997, IEEE Communications Magazine 35(9)) and of
/// Moattar and Homayounpour (2009, EUSIPCO), without their classifiers.
public struct VoiceActivity: Sendable {
    /// Where speech is: ranges of samples in order, with 0.2 seconds around them, and with those less than 0.5 seconds
    /// apart made one.
    public let speech: [Range<Int>]

    /// The same without the margins.
    private let cores: [Range<Int>]
    /// The level of each frame, to find quiet places by.
    private let levels: [Float]
    private let hop: Int
    private let sampleRate: Int

    /// Decibels over the noise floor where speech begins, and as far as it reaches in either band.
    private static let onset: Float = 9
    private static let voiceReach: Float = 5
    private static let hissReach: Float = 6
    /// What is quieter is no speech, whatever the floor, in decibels of full scale.
    private static let quietest: Float = -66
    private static let lowestFloor: Float = -75
    /// The flattest spectrum of a frame that counts as voice.
    private static let maximumFlatness: Float = 0.35
    /// Frames, of a hundredth of a second each: the voice that makes speech, the gap within it, the floor's reach.
    private static let voicedFrames = 5
    private static let gapFrames = 10
    private static let floorReach = 300
    private static let margin = 0.2
    private static let smallestGap = 0.5

    /// Looks for speech; takes time in proportion to the length, and some hundred bytes a second.
    ///
    /// - Throws: `InputError` if there is not the memory.
    public init(of waveform: Waveform) throws {
        let frames = try SpeechFrames(of: waveform)
        hop = frames.hop
        sampleRate = max(1, waveform.sampleRate)
        levels = SpeechFrames.decibels(frames.voice, neighbours: 3)
        let voice = SpeechFrames.decibels(frames.voice, neighbours: 1)
        let hiss = SpeechFrames.decibels(frames.hiss, neighbours: 1)
        let voiceFloor = NoiseFloor.follow(levels, reach: Self.floorReach)
        let hissFloor = NoiseFloor.follow(SpeechFrames.decibels(frames.hiss, neighbours: 3), reach: Self.floorReach)

        func standsOut(_ level: Float, _ floor: Float, by decibels: Float) -> Bool {
            level > max(floor, Self.lowestFloor) + decibels
        }
        let isVoiced = voice.indices.map { frame in
            voice[frame] > Self.quietest && frames.flatness[frame] < Self.maximumFlatness
                && standsOut(voice[frame], voiceFloor[frame], by: Self.onset)
        }
        let isActive = voice.indices.map { frame in
            standsOut(voice[frame], voiceFloor[frame], by: Self.voiceReach)
                || standsOut(hiss[frame], hissFloor[frame], by: Self.hissReach)
        }
        let (samples, hop) = (waveform.samples.count, hop)
        cores = Self.runs(of: isActive, gap: Self.gapFrames)
            .filter { run in isVoiced[run].count { $0 } >= Self.voicedFrames }
            .map { ($0.lowerBound * hop)..<min($0.upperBound * hop, samples) }
        speech = Self.padded(cores, by: Self.margin, gap: Self.smallestGap, sampleRate: sampleRate, count: samples)
    }

    /// Runs of frames that are true, with shorter gaps than `gap` bridged.
    private static func runs(of frames: [Bool], gap: Int) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        for frame in frames.indices where frames[frame] {
            if let last = runs.last, frame - last.upperBound < gap {
                runs[runs.count - 1] = last.lowerBound..<(frame + 1)
            } else {
                runs.append(frame..<(frame + 1))
            }
        }
        return runs
    }

    private static func padded(
        _ ranges: [Range<Int>], by margin: Double, gap: Double, sampleRate: Int, count: Int
    ) -> [Range<Int>] {
        let (margin, gap) = (Int(margin * Double(sampleRate)), Int(gap * Double(sampleRate)))
        var result: [Range<Int>] = []
        for range in ranges {
            let padded = max(0, range.lowerBound - margin)..<min(count, range.upperBound + margin)
            if let last = result.last, padded.lowerBound - last.upperBound < gap {
                result[result.count - 1] = last.lowerBound..<padded.upperBound
            } else {
                result.append(padded)
            }
        }
        return result
    }

    // MARK: What follows from it

    /// Whether somebody speaks in a range of samples, margins left aside.
    public func hasSpeech(in range: Range<Int>) -> Bool {
        // The first that does not end before the range.
        var (low, high) = (0, cores.count)
        while low < high {
            let middle = (low + high) / 2
            if cores[middle].upperBound <= range.lowerBound { low = middle + 1 } else { high = middle }
        }
        return low < cores.count && cores[low].overlaps(range)
    }

    /// Ranges of samples that hold all of `speech`, each part of it once, in order: cut where nobody speaks, or, where
    /// somebody does for longer than fits, where it is quietest.
    ///
    /// - Parameter seconds: the longest that a window may be; below a second, one.
    public func windows(atMost seconds: Double) -> [Range<Int>] {
        let limit = Int(min(max(1, seconds.isNaN ? 1 : seconds), 1e6) * Double(sampleRate))
        var windows: [Range<Int>] = []
        for piece in speech.flatMap({ pieces(of: $0, atMost: limit) }) {
            if let last = windows.last, piece.upperBound - last.lowerBound <= limit {
                windows[windows.count - 1] = last.lowerBound..<piece.upperBound
            } else {
                windows.append(piece)
            }
        }
        return windows
    }

    /// A range cut at quiet places in the second half of what fits.
    private func pieces(of range: Range<Int>, atMost limit: Int) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var start = range.lowerBound
        while range.upperBound - start > limit {
            let frames = ((start + limit / 2) / hop + 1)..<((start + limit) / hop + 1)
            let quietest = frames.min { levels[$0] < levels[$1] } ?? frames.lowerBound
            let cut = min(max(quietest * hop, start + 1), start + limit)
            pieces.append(start..<cut)
            start = cut
        }
        pieces.append(start..<range.upperBound)
        return pieces
    }
}
