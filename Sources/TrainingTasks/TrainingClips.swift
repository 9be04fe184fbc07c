import AttentionEngine
import AudioPlugin
import PluginKit
import Training

/// Recordings as a run learns from them: read, changed, and put together.
struct TrainingClips: Sendable {
    let clips: SpeechClips
    let model: any SpeechLearning
    let options: SpeechTask.Options
    let registry: Registry
    /// What texts are spelled in, where they are.
    let spelling: Spelling?
    private let splices: SplicedSpeech?
    /// The recordings of each speaker to learn from.
    private let bySpeaker: [String: [Int]]

    init(clips: SpeechClips, model: any SpeechLearning, options: SpeechTask.Options, registry: Registry) throws {
        (self.clips, self.model, self.options, self.registry) = (clips, model, options, registry)
        let spelling =
            options.spelling > 0
            ? try Spelling(
                of: clips.split.training.map { Self.text(clips.items[$0], options) },
                others: clips.split.heldOut.map { Self.text(clips.items[$0], options) },
                pronunciations: options.pronunciations.map { try Pronunciations($0) }) : nil
        self.spelling = spelling
        splices = try options.words.map {
            try SplicedSpeech($0, clips: clips, lowercases: options.lowercases, spelling: spelling)
        }
        bySpeaker = Dictionary(grouping: clips.split.training.filter { clips.items[$0].speaker != nil }) {
            clips.items[$0].speaker ?? ""
        }
    }

    static func text(_ item: SpeechClips.Item, _ options: SpeechTask.Options) -> String {
        options.lowercases ? item.text.lowercased() : item.text
    }

    private func sound(_ index: Int) throws -> Waveform {
        try registry.read(InputFile(path: clips.items[index].path), as: Waveform.self)
    }

    /// An example as it is.
    func plain(_ index: Int) throws -> SpeechTask.Example { try example(sound(index), Self.text(clips.items[index], options)) }

    /// An example as it is in an epoch.
    func example(_ index: Int, seed: UInt64) throws -> SpeechTask.Example {
        var generator = SeededGenerator(state: seed)
        let augmentation = options.augmentation, window = model.windowDuration
        var (sound, text) = (try sound(index), Self.text(clips.items[index], options))
        // One that does not fit as it is is not to be learned from.
        guard sound.duration <= window else { return try example(sound, text) }
        if augmentation.splicing > 0, Double.random(in: 0..<1, using: &generator) < augmentation.splicing,
            let spliced = try spliced(of: clips.items[index].speaker, longest: window, &generator)
        {
            (sound, text) = spliced
        } else if augmentation.joining > 0, Double.random(in: 0..<1, using: &generator) < augmentation.joining,
            let other = companion(of: index, &generator), let next = try? self.sound(other),
            let joined = Waveform(
                concatenating: [sound, next], pause: Double.random(in: 0...max(0, augmentation.pause), using: &generator)),
            joined.duration <= window
        {
            (sound, text) = (joined, text + " " + Self.text(clips.items[other], options))
        }
        var result = try example(augmentation.changed(sound, window: window, &generator), text)
        augmentation.mask(&result.features, heard: result.heard, &generator)
        return result
    }

    /// Words of several recordings in place of one; `nil` where they do not fit.
    private func spliced(
        of speaker: String?, longest: Double, _ generator: inout SeededGenerator
    ) throws -> (Waveform, String)? {
        guard let runs = splices?.runs(of: speaker, longest: longest, &generator) else { return nil }
        var result = Waveform(samples: [], sampleRate: 16_000)
        for run in runs {
            let recording = try sound(run.recording)
            result.sampleRate = recording.sampleRate
            result.samples += SplicedSpeech.cut(recording, run)
        }
        guard !result.samples.isEmpty, result.duration <= longest else { return nil }
        return (result, runs.flatMap(\.words).map(\.text).joined(separator: " "))
    }

    /// Another recording, three times in four of the same speaker where the table tells.
    private func companion(of index: Int, _ generator: inout SeededGenerator) -> Int? {
        let own = clips.items[index].speaker.flatMap { bySpeaker[$0] } ?? []
        let isOwn = own.count > 1 && Double.random(in: 0..<1, using: &generator) < 0.75
        return (isOwn ? own : clips.split.training).randomElement(using: &generator)
    }

    private func example(_ sound: Waveform, _ text: String) throws -> SpeechTask.Example {
        let features = try model.features(of: sound), transcript = try model.transcript(of: text, language: options.language)
        return SpeechTask.Example(
            features: features, ids: transcript.ids, givenCount: transcript.givenCount,
            spelled: spelling?.classes(of: text) ?? [], heard: sound.duration / model.windowDuration)
    }
}
