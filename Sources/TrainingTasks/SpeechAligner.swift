import AttentionEngine
import AudioPlugin
public import PluginKit
import Training

/// A word of a text, and when it is said.
public struct TimedWord: Sendable, Hashable, Codable {
    /// As the text has it.
    public var text: String
    /// In seconds from the recording's start.
    public var start: Double
    /// In seconds from the recording's start.
    public var end: Double

    /// Creates a word.
    public init(_ text: String, start: Double, end: Double) { (self.text, self.start, self.end) = (text, start, end) }
}

/// Finds when the words of a known text are said, by what a trained model spells beside writing.
public struct SpeechAligner: Sendable {
    private let model: any SpeechLearning
    private let speller: Speller
    private let registry: Registry
    private let name: String
    /// A pause between words is no longer part of them beyond this, in seconds.
    private static let margin = 0.12

    /// Loads a model that `train transcribe` has made.
    ///
    /// - Throws: `InputError` if it is another, or was trained without spelling.
    public init(_ checkpoint: Checkpoint, registry: Registry) throws {
        model = try registry.load(checkpoint, as: (any SpeechLearning).self)
        speller = try Speller(checkpoint)
        (self.registry, name) = (registry, checkpoint.name)
    }

    /// The words of a recording, each from where it begins to where it ends.
    ///
    /// - Parameter item: a recording no longer than the model's window, and what is said in it.
    /// - Throws: `InputError` if it cannot be read, the model cannot spell its text, or the text does not fit into it.
    public func words(of item: SpeechClips.Item) throws -> [TimedWord] {
        try words(of: registry.read(InputFile(path: item.path), as: Waveform.self), text: item.text)
    }

    /// The same of a sound at the model's sample rate. Words that follow each other at once are parted where it is quietest between them.
    func words(of sound: Waveform, text: String) throws -> [TimedWord] {
        guard let words = speller.spelling.words(of: text) ?? speller.spelling.words(of: text.lowercased()) else {
            throw InputError(
                "“\(text)”", found: "words that \(name) has not learned to spell",
                needed: "those of the texts it was trained with",
                remedy: "Train it with them too")
        }
        let features = try model.features(of: sound)
        let inputs = [
            "input_features": features.reshaped(to: [1] + features.shape),
            "decoder_input_ids": Tensor(integers: [0], shape: [1, 1]),
        ]
        guard let states = try model.forward(inputs, detail: .states)["encoder_last_hidden_state"] else { return [] }
        let seconds = model.windowDuration / Double(states.shape[1])
        let heard = min(states.shape[1], max(1, Int((sound.duration / seconds).rounded(.up))))
        let scores = speller(states).sliced(0..<heard, along: 1)
        let gap = speller.spelling.gap.map { [$0] } ?? []
        let target = Array(words.map(\.classes).joined(separator: gap))
        guard
            let alignment = try ForcedAlignment(scores.reshaped(to: [heard, scores.shape[2]]), target: target),
            words.allSatisfy({ !$0.classes.isEmpty })
        else {
            throw InputError(
                "“\(text)”", found: "more sounds than \((sound.duration * 10).rounded() / 10) seconds have room for",
                needed: "what is said in the recording", remedy: "Check that text and recording belong together")
        }
        var place = 0
        var spans: [(start: Double, end: Double)] = []
        for word in words {
            let (first, last) = (alignment.frames[place], alignment.frames[place + word.classes.count - 1])
            spans.append((Double(first.lowerBound) * seconds, min(sound.duration, Double(last.upperBound) * seconds)))
            place += word.classes.count + gap.count
        }
        let edges = edges(of: spans, in: sound)
        return zip(words, edges).map { TimedWord($0.text, start: $1.start, end: $1.end) }
    }

    /// Where words begin and end, for the spans between the first and the last sound that was spotted of each.
    private func edges(of spans: [(start: Double, end: Double)], in sound: Waveform) -> [(start: Double, end: Double)] {
        var result = spans
        for index in spans.indices {
            let before = index > 0 ? spans[index - 1].end : 0
            if index == 0 {
                result[index].start = max(0, spans[index].start - Self.margin)
            } else if spans[index].start - before > 2 * Self.margin {
                result[index - 1].end = before + Self.margin
                result[index].start = spans[index].start - Self.margin
            } else {
                let cut = sound.quietest(from: before, to: spans[index].start)
                (result[index - 1].end, result[index].start) = (cut, cut)
            }
        }
        if let last = spans.last { result[result.count - 1].end = min(sound.duration, last.end + Self.margin) }
        return result
    }
}

extension Waveform {
    /// The middle of the quietest hundredth of a second between two times, in seconds.
    fileprivate func quietest(from start: Double, to end: Double) -> Double {
        let step = max(1, sampleRate / 200), width = 2 * step
        let first = max(0, Int(start * Double(sampleRate)) - step),
            last = min(samples.count, Int(end * Double(sampleRate)) + step)
        var best = (energy: Float.infinity, place: (first + last) / 2)
        for place in stride(from: first, through: last - width, by: step) {
            let energy = samples[place..<place + width].reduce(0) { $0 + $1 * $1 }
            if energy < best.energy { best = (energy, place + step) }
        }
        return Double(best.place) / Double(max(1, sampleRate))
    }
}
