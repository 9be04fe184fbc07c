import AttentionEngine
import Foundation
import PluginKit
import Testing
import TextPlugin

@testable import AudioPlugin

@Suite("Whisper does as the reference does")
struct WhisperTests {
    static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures/speech")
    static let clips = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Samples/clips")

    static func tiny() throws -> Checkpoint { try Checkpoint(folder: fixtures.appending(path: "tiny").path) }

    static func model(_ checkpoint: Checkpoint? = nil) throws -> WhisperFamily {
        let registry = try Registry(plugins: [TextPlugin.self, AudioPlugin.self])
        return try #require(try registry.load(checkpoint ?? tiny()) as? WhisperFamily)
    }

    static func clip(_ name: String) throws -> Waveform {
        try AudioReader().read(InputFile(path: clips.appending(path: name).path), limits: ReadingLimits())
    }

    /// What `make_speech.py` wrote for a clip.
    struct Expected: Decodable {
        var language: String
        var greedy, beams, times: [Int]
    }

    struct ExpectedSegment: Decodable {
        var start, end: Double
        var tokens: [Int]
    }

    private struct AllExpected: Decodable {
        var clips: [String: Expected] = [:]
        var long: [ExpectedSegment]

        private struct Key: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            long = try container.decode([ExpectedSegment].self, forKey: Key(stringValue: "long"))
            for key in container.allKeys where key.stringValue != "long" {
                clips[key.stringValue] = try container.decode(Expected.self, forKey: key)
            }
        }
    }

    private static func expected() throws -> AllExpected {
        try JSONDecoder().decode(
            AllExpected.self, from: Data(contentsOf: fixtures.appending(path: "tiny/expected.json")))
    }

    /// Options that do what the reference's `generate` does by default.
    static func plain(tokens: Int) -> TranscriptionOptions {
        var options = TranscriptionOptions()
        options.language = "en"
        options.temperatures = [0]
        options.maximumTokens = tokens
        options.noSpeechThreshold = nil
        return options
    }

    /// What the checkpoint suppresses, and all times.
    private static func untimed() throws -> [Int] {
        let stated = try tiny().generationConfiguration(vocabularySize: 1_000).suppressedTokens
        let tokenizer = try TokenizerFiles().tokenizer(for: tiny())
        return stated + Array(try #require(tokenizer.id(of: "<|0.00|>"))..<tokenizer.vocabularySize)
    }

    @Test("every hidden state and the logits")
    func states() throws {
        let golden = try SafetensorsFile(Self.fixtures.appending(path: "tiny/golden.safetensors").path).tensors()
        let outputs = try Self.model().forward(golden, detail: .layers)
        for (key, expected) in golden where expected.elementType.isFloatingPoint && key != "input_features" {
            let found = try #require(outputs[key], "\(key) is missing")
            #expect(found.shape == expected.shape)
            let scale = expected.floats.map(abs).max() ?? 1
            let difference = zip(found.floats, expected.floats).map { abs($0 - $1) }.max() ?? .infinity
            #expect(difference < 2e-5 * scale, "\(key)")
        }
    }

    @Test("clips of one window: the ids, greedily and by beams, without and with times; the language")
    func clips() throws {
        let model = try Self.model()
        for (name, expected) in try Self.expected().clips {
            let clip = try Self.clip(name)
            let window = Waveform(samples: Array(clip.samples.prefix(32_000)), sampleRate: 16_000)
            for (ids, beams, times) in [(expected.greedy, 1, false), (expected.beams, 3, false), (expected.times, 1, true)] {
                var options = Self.plain(tokens: 40)
                options.beamCount = beams
                options.hasTimestamps = times
                // A model that was trained writes no times where none are asked for; this one must be told.
                if !times { options.suppressedTokens = try Self.untimed() }
                let found = try model.transcribe(window, options: options) { _ in true }
                #expect(found.segments.flatMap(\.tokens) == ids, "\(name), \(beams) beams, times: \(times)")
            }
            var options = Self.plain(tokens: 1)
            options.language = nil
            #expect(try model.transcribe(window, options: options) { _ in true }.language == expected.language.filter(\.isLetter))
        }
    }

    @Test("a long recording: all windows' segments, each conditioned on the text before")
    func long() throws {
        let first = try Self.clip("date-of-birth.flac"), second = try Self.clip("phone-number.flac")
        var options = Self.plain(tokens: 28)
        options.skipsSilence = false
        var reported: [TranscribedSegment] = []
        let found = try Self.model().transcribe(
            Waveform(samples: first.samples + second.samples, sampleRate: 16_000), options: options
        ) { event in
            if case .segment(let segment) = event { reported.append(segment) }
            return true
        }
        let expected = try Self.expected().long
        #expect(found.segments.map(\.tokens) == expected.map(\.tokens))
        #expect(zip(found.segments, expected).allSatisfy { abs($0.start - $1.start) < 0.011 && abs($0.end - $1.end) < 0.011 })
        #expect(reported == found.segments)
    }

    @Test("segments as a stream, which may end early")
    func stream() async throws {
        let first = try Self.clip("date-of-birth.flac"), second = try Self.clip("phone-number.flac")
        let recording = Waveform(samples: first.samples + second.samples, sampleRate: 16_000)
        var count = 0
        for try await segment in try Self.model().segments(of: recording, options: Self.plain(tokens: 20)) {
            #expect(segment.start <= segment.end && segment.id == count)
            count += 1
            if count == 2 { break }
        }
        #expect(count == 2)
    }

    @Test("a batch of parts writes what each part alone does, and times never go back")
    func batched() throws {
        let clip = try Self.clip("voicemail.ogg")
        let model = try Self.model()
        var results: [Transcription] = []
        for size in [1, 3, 64] {
            var options = Self.plain(tokens: 20)
            options.isBatched = true
            options.batchSize = size
            results.append(try model.transcribe(clip, options: options) { _ in true })
        }
        #expect(!results[0].segments.isEmpty)
        for result in results {
            #expect(result.segments.map(\.tokens) == results[0].segments.map(\.tokens))
            let times = result.segments.flatMap { [$0.start, $0.end] }
            #expect(times == times.sorted() && times.allSatisfy { $0 >= 0 && $0 <= clip.duration })
        }
    }

    @Test("words lie within their segments and make up the text")
    func words() throws {
        var options = Self.plain(tokens: 30)
        options.hasWordTimestamps = true
        let clip = try Self.clip("phone-number.flac")
        let found = try Self.model().transcribe(clip, options: options) { _ in true }
        #expect(found.segments.contains { $0.words?.isEmpty == false })
        for segment in found.segments {
            for word in try #require(segment.words) {
                #expect(word.start <= word.end && word.end <= clip.duration + 0.5 && (0...1).contains(word.probability))
            }
        }
    }

    @Test("words cost no text, where parts are decoded together", arguments: [false, true])
    func wordsKeepText(isBatched: Bool) throws {
        let folder = Self.clips.appending(path: "../StarterModels/whisper-an4").standardized
        let model = try Self.model(Checkpoint(folder: folder.path))
        var options = TranscriptionOptions()
        options.isBatched = isBatched
        let clip = try Self.clip("voicemail.ogg")
        let plain = try model.transcribe(clip, options: options) { _ in true }
        options.hasWordTimestamps = true
        let timed = try model.transcribe(clip, options: options) { _ in true }
        #expect(plain.text.hasSuffix("stop") && timed.text == plain.text)
        #expect(timed.segments.map { $0.words?.map(\.word).joined() } == timed.segments.map(\.text))
    }

    @Test("silence, noise and hum say nothing")
    func silence() throws {
        let model = try Self.model()
        var random = SystemRandomNumberGenerator()
        let count = 16_000 * 7
        let sounds: [[Float]] = [
            [0], Array(repeating: 0, count: count), (0..<count).map { _ in Float.random(in: -0.01...0.01, using: &random) },
            (0..<count).map { 0.1 * sin(Float($0) * 2 * .pi * 50 / 16_000) },
        ]
        for sound in sounds {
            for isBatched in [false, true] {
                var options = TranscriptionOptions()
                options.isBatched = isBatched
                let found = try model.transcribe(Waveform(samples: sound, sampleRate: 16_000), options: options) { _ in true }
                #expect(found.segments.isEmpty)
            }
        }
    }

    @Test("only the parts that are asked for")
    func clipsOfRecording() throws {
        var options = Self.plain(tokens: 20)
        options.clips = [1.5..<3, 7..<(.infinity)]
        let found = try Self.model().transcribe(Self.clip("voicemail.ogg"), options: options) { _ in true }
        #expect(found.segments.allSatisfy { (1.4...3.6).contains($0.start) || $0.start >= 6.9 })
    }
}
