import AttentionEngine
import AudioPlugin
import Foundation
import PluginKit
import Testing

@Suite("Log-mel features")
struct LogMelTests {
    private struct Sample: Decodable {
        var bins, frames: [Int]
        var values: [Float]

        func difference(from features: Tensor) -> Float {
            let (width, features) = (features.width, features.floats)
            return zip(zip(bins, frames), values).map { abs(features[$0.0 * width + $0.1] - $1) }.max() ?? .infinity
        }
    }
    private struct Window: Decodable {
        var sound: String
        var count, bins: Int
        var sample: Sample
    }
    private struct LongWindow: Decodable {
        var count, bins, first: Int
        var maximum: Float
        var sample: Sample
    }
    private struct Table: Decodable {
        var windows: [Window]
        var long: [LongWindow]
    }

    /// The sweep of `make_audio.py`.
    private static func sweep(_ count: Int) -> Waveform {
        let samples = (0..<count).map { index in
            let time = Double(index) / 16000
            return Float(0.4 * sin(2 * .pi * (60 * time + 70 * time * time)) * (0.1 + 0.9 * time * 16000 / Double(count)))
        }
        return Waveform(samples: samples, sampleRate: 16_000)
    }

    private static func source() throws -> Waveform {
        try AudioReader().read(InputFile(path: AudioFixtures.file("source.flac")), limits: ReadingLimits())
    }

    private static func converter(bins: Int = 80) throws -> LogMelConverter {
        var configuration = LogMelConfiguration()
        configuration.featureSize = bins
        return try LogMelConverter(configuration)
    }

    @Test("a window's features are those of transformers, for 80 and 128 mel bins")
    func windows() throws {
        for window in try AudioFixtures.table("features.json", as: Table.self).windows {
            let sound = window.sound == "source" ? try Self.source() : Self.sweep(window.count)
            try #require(sound.samples.count == window.count)
            let features = try Self.converter(bins: window.bins).features(of: sound)
            #expect(features.shape == [window.bins, 3000])
            let difference = window.sample.difference(from: features)
            #expect(difference < 1e-4, "\(window.sound), \(window.bins) bins: \(difference)")
        }
    }

    @Test("the windows of a long recording share its maximum and see beyond their ends, as in openai/whisper")
    func longRecordings() throws {
        for window in try AudioFixtures.table("features.json", as: Table.self).long {
            let (sound, converter) = (Self.sweep(window.count), try Self.converter(bins: window.bins))
            let maximum = try converter.maximum(of: sound)
            #expect(abs(maximum - window.maximum) < 1e-4)
            let features = try converter.features(of: sound, fromFrame: window.first, maximum: maximum)
            let difference = window.sample.difference(from: features)
            #expect(difference < 1e-4, "from \(window.first), \(window.bins) bins: \(difference)")
        }
    }

    @Test("the windows of a batch are each as if alone")
    func batch() throws {
        let (sound, converter) = (Self.sweep(600_000), try Self.converter())
        let ranges = [0..<1000, 500_000..<600_000, 600_000..<600_000, 0..<600_000]
        let batch = try converter.features(of: sound, in: ranges)
        #expect(batch.shape == [4, 80, 3000])
        #expect(try batch.floats == ranges.flatMap { try converter.features(of: sound, in: $0).floats })
    }

    @Test("silence, no sound at all and a place beyond the end give the floor")
    func silence() throws {
        let converter = try Self.converter()
        let silence = Waveform(samples: Array(repeating: 0, count: 5000), sampleRate: 16_000)
        let nothing = Waveform(samples: [], sampleRate: 16_000)
        #expect(try converter.maximum(of: silence) == -10 && converter.maximum(of: nothing) == -10)
        for features in [
            try converter.features(of: silence), try converter.features(of: nothing),
            try converter.features(of: Self.sweep(5000), fromFrame: .max, maximum: -10),
        ] {
            #expect(features.floats.allSatisfy { $0 == -1.5 })
        }
    }

    @Test("sound of another sample rate is refused")
    func sampleRate() throws {
        let error = #expect(throws: InputError.self) {
            try Self.converter().features(of: Waveform(samples: [0], sampleRate: 8000))
        }
        #expect(error?.remedy == "Read it with AudioReader(sampleRate: 16000)")
    }

    @Test("a checkpoint's preprocessor says how many bins and seconds, and defaults are the reference's")
    func configuration() throws {
        let json = #"{"feature_size": 128, "chunk_length": 5, "n_samples": 1, "nb_max_frames": 2, "dither": 0.0}"#
        let converter = try LogMelConverter(JSONDecoder().decode(LogMelConfiguration.self, from: Data(json.utf8)))
        #expect(converter.melCount == 128 && converter.windowSampleCount == 80_000 && converter.windowFrameCount == 500)
        #expect(try converter.features(of: Self.source()).shape == [128, 500])
        let standard = try LogMelConverter(JSONDecoder().decode(LogMelConfiguration.self, from: Data("{}".utf8)))
        #expect(standard.melCount == 80 && standard.windowFrameCount == 3000 && standard.hopLength == 160)
    }

    @Test(
        "a hostile preprocessor is refused with its key",
        arguments: [
            ("feature_size", #"{"feature_size": 0}"#), ("feature_size", #"{"feature_size": 9223372036854775807}"#),
            ("sampling_rate", #"{"sampling_rate": -1}"#), ("hop_length", #"{"hop_length": 0}"#),
            ("hop_length", #"{"hop_length": 401}"#), ("hop_length", #"{"hop_length": 1}"#), ("n_fft", #"{"n_fft": 3}"#),
            ("n_fft", #"{"n_fft": 402}"#), ("n_fft", #"{"n_fft": 9223372036854775807}"#),
            ("chunk_length", #"{"chunk_length": 0}"#), ("chunk_length", #"{"chunk_length": 9223372036854775807}"#),
            ("padding_value", #"{"padding_value": 1e300}"#), ("dither", #"{"dither": 0.0001}"#),
        ])
    func hostileConfiguration(key: String, json: String) throws {
        let configuration = try JSONDecoder().decode(LogMelConfiguration.self, from: Data(json.utf8))
        let error = #expect(throws: InputError.self) { try LogMelConverter(configuration) }
        #expect(error?.place == "preprocessor_config.json, \(key)")
    }
}
