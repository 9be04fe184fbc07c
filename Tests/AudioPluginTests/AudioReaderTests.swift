import AttentionEngine
import AudioPlugin
import PluginKit
import Testing

@Suite("Reading sound files")
struct AudioReaderTests {
    private struct Resampled: Decodable {
        var count: Int
        var places: [Int]
        var values: [Float]
    }

    private static func read(_ name: String) throws -> Waveform {
        try AudioReader().read(InputFile(path: AudioFixtures.file(name)), limits: ReadingLimits())
    }

    /// The largest difference of two sounds of equal length.
    private static func difference(_ one: Waveform, _ other: Waveform, gain: Float = 1) throws -> Float {
        try #require(one.samples.count == other.samples.count && one.sampleRate == other.sampleRate)
        return zip(one.samples, other.samples).map { abs($0 - gain * $1) }.max() ?? 0
    }

    @Test("samples come scaled to 1, and channels as their mean")
    func samples() throws {
        #expect(
            try AudioPluginTests.read(WaveFile.pcm16([0, 16384, -32768]).bytes)
                == Waveform(samples: [0, 0.5, -1], sampleRate: 16_000))
        #expect(
            try AudioPluginTests.read(WaveFile.pcm16([16384, -8192, 0, 16384], channels: 2).bytes).samples == [0.125, 0.25])
    }

    @Test(
        "every format of samples holds the same sound",
        arguments: [
            ("u8.wav", 0.008), ("s24.wav", 0), ("s32.wav", 0), ("f32.wav", 0), ("f64.wav", 0), ("mulaw.wav", 0.02),
            ("alaw.wav", 0.02), ("part.aiff", 0), ("float.aifc", 0), ("part.au", 0), ("part.caf", 0), ("part.w64", 0),
            ("part.rf64", 0),
        ] as [(String, Float)])
    func sampleFormats(name: String, tolerance: Float) throws {
        #expect(try Self.difference(Self.read(name), Self.read("part.wav")) <= tolerance)
    }

    @Test("two and six channels become their mean")
    func channels() throws {
        let part = try Self.read("part.wav")
        #expect(try Self.difference(Self.read("stereo.wav"), part, gain: 0.625) < 1e-4)
        #expect(try Self.difference(Self.read("six.flac"), part, gain: 0.25) < 1e-4)
    }

    @Test("compressed files hold nearly the same sound", arguments: ["vorbis.ogg", "opus.opus", "mpeg.mp3"])
    func compressed(name: String) throws {
        let (sound, original) = (try Self.read(name), try Self.read("middle.flac"))
        try #require(sound.samples.count == original.samples.count)
        let noise = zip(sound.samples, original.samples).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let power = original.samples.reduce(0) { $0 + $1 * $1 }
        #expect(noise < 0.1 * power)
    }

    @Test(
        "what programs write to pipes is read whole",
        arguments: [
            "pipe-ffmpeg.wav", "pipe-ffmpeg.aiff", "pipe-ffmpeg.au", "pipe-ffmpeg.w64", "pipe-ffmpeg.caf", "pipe-ffmpeg.flac",
            "pipe-ffmpeg.rf64", "pipe-sox.wav", "pipe-sox.aiff", "pipe-sox.au",
        ])
    func pipes(name: String) throws {
        #expect(try Self.difference(Self.read(name), Self.read("part.wav")) == 0)
        let bytes = try AudioFixtures.bytes(name)
        #expect(try AudioPluginTests.read(bytes).samples.count == 1600, "from memory")
    }

    @Test("other sample rates become what libsoxr makes of them")
    func resampling() throws {
        for (name, expected) in try AudioFixtures.table("resampled.json", as: [String: Resampled].self) {
            let sound = try Self.read(name)
            #expect(sound.sampleRate == 16_000)
            try #require(sound.samples.count == expected.count, "\(name)")
            for (place, value) in zip(expected.places, expected.values) {
                #expect(abs(sound.samples[place] - value) < 1e-5, "\(name) at \(place)")
            }
        }
    }

    @Test("the sample rate of the result can be chosen, and nonsense is held within bounds")
    func outputRate() throws {
        let file = InputFile(path: AudioFixtures.file("part.wav"))
        let sound = try AudioReader(sampleRate: 8000).read(file, limits: ReadingLimits())
        #expect(sound.sampleRate == 8000 && sound.samples.count == 800 && sound.duration == 0.1)
        #expect(AudioReader(sampleRate: -1).sampleRate == 1000)
    }

    @Test("the content decides what a file is, not its name")
    func contentDecides() throws {
        #expect(try AudioPluginTests.read(AudioFixtures.bytes("mpeg.mp3"), as: "clip.wav") == Self.read("mpeg.mp3"))
    }

    @Test("the cap on samples counts those of the result, and its error says how to raise it")
    func cap() throws {
        let bytes = try AudioFixtures.bytes("48000.flac")
        #expect(try AudioPluginTests.read(bytes, limits: ReadingLimits(maximumElements: 9600)).samples.count == 9600)
        let error = #expect(throws: InputError.self) {
            try AudioPluginTests.read(bytes, limits: ReadingLimits(maximumElements: 9599))
        }
        #expect(error?.remedy.contains("ReadingLimits.maximumElements") == true)
        let long = #expect(throws: InputError.self) {
            try AudioPluginTests.read(AudioFixtures.bytes("middle.flac").declaringFrames(1 << 34))
        }
        #expect(long?.found == "more than 12 hours of sound")
    }

    @Test("the plugin registers its reader")
    func registration() throws {
        let registry = try Registry(plugins: [AudioPlugin.self])
        #expect(registry.fileTypes(of: Waveform.self).isSuperset(of: ["wav", "flac", "ogg", "opus", "mp3", "aiff"]))
        let sound = try registry.read(InputFile(path: AudioFixtures.file("part.wav")), as: Waveform.self)
        #expect(sound.samples.count == 1600)
    }
}

extension [UInt8] {
    /// A FLAC file whose header declares another number of samples, 36 bits of it from the middle of byte 21 on.
    func declaringFrames(_ count: UInt64) -> [UInt8] {
        var file = self
        file[21] = file[21] & 0xF0 | UInt8(count >> 32)
        for place in 0..<4 { file[22 + place] = UInt8(truncatingIfNeeded: count >> (24 - 8 * UInt64(place))) }
        return file
    }
}
