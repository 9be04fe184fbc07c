import AttentionEngine
import AudioPlugin
import Foundation
import PluginKit
import Testing

@Suite("Voice activity")
struct VoiceActivityTests {
    private static let rate = 16_000

    private static func source() throws -> [Float] {
        try AudioReader().read(InputFile(path: AudioFixtures.file("source.flac")), limits: ReadingLimits()).samples
    }

    private static func noise(_ count: Int, level: Float, seed: UInt64 = 1) -> [Float] {
        var generator = SeededGenerator(state: seed)
        return (0..<count).map { _ in Float.random(in: -level...level, using: &generator) }
    }

    /// Noise that is low-passed, whose power falls with the frequency.
    private static func rumble(_ count: Int, level: Float) -> [Float] {
        var state: Float = 0
        return noise(count, level: level).map { sample in
            state += 0.05 * (sample - state)
            return state
        }
    }

    private static func activity(_ samples: [Float], sampleRate: Int = rate) throws -> VoiceActivity {
        try VoiceActivity(of: Waveform(samples: samples, sampleRate: sampleRate))
    }

    @Test("silence, steady noise, hum, tones and clicks are no speech")
    func steadySound() throws {
        let count = 20 * Self.rate
        let hum = (0..<count).map { index in
            let time = Float(index) / Float(Self.rate)
            return 0.3 * sinf(2 * .pi * 50 * time) + 0.1 * sinf(2 * .pi * 150 * time) + 0.05 * sinf(2 * .pi * 250 * time)
        }
        var clicks = Self.noise(count, level: 1e-4)
        for index in stride(from: 0, to: count, by: 23_456) { clicks[index] = 0.9 }
        let rising = Self.noise(count / 2, level: 1e-4) + Self.noise(count / 2, level: 0.2)
        for (name, sound) in [
            ("silence", Array(repeating: 0, count: count)), ("white noise", Self.noise(count, level: 0.5)),
            ("soft noise", Self.noise(count, level: 0.003)), ("rumble", Self.rumble(count, level: 0.5)), ("hum", hum),
            ("clicks", clicks), ("noise that sets in", rising), ("a constant", Array(repeating: 0.4, count: count)),
        ] as [(String, [Float])] {
            #expect(try Self.activity(sound).speech.isEmpty, "\(name)")
        }
    }

    @Test("nothing, and less than a frame, are no speech")
    func shortSound() throws {
        #expect(try Self.activity([]).speech.isEmpty && Self.activity([0.5]).speech.isEmpty)
        #expect(try Self.activity([]).windows(atMost: 30).isEmpty)
        #expect(try Self.activity([1, 2], sampleRate: 0).speech.isEmpty)
    }

    @Test("a word in silence, in noise and at another level is found where it is", arguments: [0, 0.001, 0.01] as [Float])
    func words(noise level: Float) throws {
        let word = try Self.source()
        for gain: Float in [1, 0.3] {
            let gap = 4 * Self.rate
            var sound = Array(repeating: Float(0), count: gap) + word.map { gain * $0 } + Array(repeating: 0, count: gap)
            let noise = Self.noise(sound.count, level: level * gain)
            for index in sound.indices { sound[index] += noise[index] }
            let activity = try Self.activity(sound)
            let speech = try #require(activity.speech.first)
            #expect(activity.speech.count == 1 && speech.lowerBound > gap - 4000 && speech.upperBound < gap + word.count + 4000)
            // The letters are spoken from 0.3 to 2 seconds.
            #expect(speech.lowerBound < gap + 5000 && speech.upperBound > gap + 31_000)
            #expect(activity.hasSpeech(in: 0..<sound.count) && activity.hasSpeech(in: (gap + 10_000)..<(gap + 20_000)))
            #expect(!activity.hasSpeech(in: 0..<(gap - 1)) && !activity.hasSpeech(in: (gap + word.count + 1)..<sound.count))
        }
    }

    @Test("the sample rate may be another")
    func sampleRates() throws {
        for (name, rate) in [("8000.flac", 8000), ("44100.flac", 44_100)] {
            let file = InputFile(path: AudioFixtures.file(name))
            let word = try AudioReader(sampleRate: rate).read(file, limits: ReadingLimits()).samples
            let silence = Array(repeating: Float(0), count: rate)
            #expect(try Self.activity(silence + word + silence, sampleRate: rate).speech.count == 1)
        }
    }

    @Test("windows hold all speech once, in order, none longer than asked", arguments: [1.0, 2.5, 5.0, 30.0])
    func windows(seconds: Double) throws {
        let word = try Self.source()
        var sound: [Float] = []
        for gap in [0.1, 3.0, 0.2, 0.0, 0.0, 0.0, 7.0, 0.4, 1.0, 20.0] {
            sound += Self.noise(Int(gap * Double(Self.rate)), level: 1e-3) + word
        }
        let activity = try Self.activity(sound)
        let windows = activity.windows(atMost: seconds)
        #expect(windows.allSatisfy { !$0.isEmpty && $0.count <= Int(seconds * Double(Self.rate)) })
        #expect(zip(windows, windows.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound })
        let covered = activity.speech.map { speech in windows.reduce(0) { $0 + $1.clamped(to: speech).count } }
        #expect(covered == activity.speech.map(\.count))
    }

    @Test("a window is cut where it is quietest")
    func quietestPlace() throws {
        let word = try Self.source()
        let pause = Array(repeating: Float(0), count: 3200)
        let activity = try Self.activity(word + word + pause + word + word)
        #expect(activity.speech.count == 1)
        let cut = try #require(activity.windows(atMost: 6).first?.upperBound)
        #expect((2 * word.count - 8000)...(2 * word.count + pause.count + 8000) ~= cut)
    }

    @Test("no limit on windows makes it trap", arguments: [-1, 0, .nan, .infinity, 1e-300] as [Double])
    func nonsense(seconds: Double) throws {
        #expect(try !Self.activity(Self.source()).windows(atMost: seconds).isEmpty)
    }
}
