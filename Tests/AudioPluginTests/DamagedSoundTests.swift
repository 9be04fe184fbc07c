import AttentionEngine
import AudioPlugin
import Foundation
import PluginKit
import Testing

@Suite("Damaged sound files")
struct DamagedSoundTests {
    private static let files = [
        "part.wav", "adpcm_ima_wav.wav", "part.aiff", "part.au", "part.caf", "part.w64", "part.rf64", "six.flac", "mpeg.mp3",
        "vorbis.ogg", "opus.opus",
    ]

    private func error(_ bytes: [UInt8], as name: String = "clip.wav") -> InputError? {
        #expect(throws: InputError.self) { try read(bytes, as: name) }
    }

    // MARK: What is no sound file

    @Test("what is no sound file gets a sentence that says what it is")
    func otherFiles() {
        let files: [(content: [UInt8], words: String)] = [
            ([], "an empty file"),
            (Array("Dear diary,\n".utf8), "text"),
            ([0xFF, 0xD8, 0xFF, 0xE0, 0, 16] + Array("JFIF".utf8), "a JPEG image"),
            ([0, 0, 0, 0x18] + Array("ftypM4A ".utf8), "an MP4, M4A or QuickTime file"),
            ([0x1A, 0x45, 0xDF, 0xA3], "a Matroska or WebM file"),
            ([0xFF, 0xF1, 0x50, 0x80, 0, 0], "raw AAC sound"),
            ([0xF0, 0x7E, 0, 1, 0, 0, 16], "a MIDI sample dump"),
            (Array("RIFF".utf8) + [4, 0, 0, 0] + Array("AVI ".utf8), "an AVI video"),
            ([0, 1, 2, 3, 4, 5], "no sound file that Apus knows"),
        ]
        for (content, words) in files {
            let error = error(content)
            #expect(error?.place == "clip.wav" && error?.found == words)
            #expect(error?.needed.contains("WAV, FLAC, Ogg, Opus, MP3") == true)
        }
    }

    @Test("a missing file, and a folder, get a sentence with their name")
    func missingFile() {
        for path in ["/no/such/clip.wav", AudioFixtures.folder.path] {
            let error = #expect(throws: InputError.self) {
                try AudioReader().read(InputFile(path: path), limits: ReadingLimits())
            }
            #expect(error?.place == path)
        }
    }

    // MARK: Headers that lie

    @Test("sound that is cut short is refused, and the error says how much there is")
    func cutShort() throws {
        var file = WaveFile.pcm16(Array(repeating: 100, count: 500))
        file.declaredSize = 36_000 * 16_000
        let wave = error(file.bytes)
        #expect(wave?.found == "a WAV file that is cut short" && wave?.needed.contains("1000") == true)
        for name in ["part.aiff", "part.au", "part.caf", "part.w64", "part.rf64", "opus.opus", "vorbis.ogg", "mpeg.mp3"] {
            let error = error(Array(try AudioFixtures.bytes(name).dropLast(300)), as: name)
            #expect(error?.found.contains("cut short") == true, "\(name)")
        }
        let flac = error(Array(try AudioFixtures.bytes("source.flac").dropLast(5000)))
        #expect(flac?.needed == "the 2.2 seconds that it declares")
        let declaring = error(try AudioFixtures.bytes("middle.flac").declaringFrames(36_000 * 16_000))
        #expect(declaring?.needed == "the 36000.0 seconds that it declares")
    }

    @Test(
        "sizes that stand for unknown ones are no lies",
        arguments: [
            (0, 0), (0, 36), (0, 8), (0, UInt32.max), (.max, .max), (0x7FFF_F000, 0x7FFF_F024), (0x8000_0000, 0x8000_0024),
        ] as [(UInt32, UInt32)])
    func unknownSizes(data: UInt32, whole: UInt32) throws {
        var file = WaveFile.pcm16(Array(repeating: 100, count: 500))
        file.declaredSize = data
        file.declaredWholeSize = whole
        #expect(try read(file.bytes).samples.count == 500)
    }

    @Test(
        "channels and sample rates that make no sense are refused",
        arguments: [
            (WaveFile(channels: 0, data: [0, 0]), "sound of 0 channels"),
            (WaveFile(channels: 65, data: Array(repeating: 0, count: 130)), "sound of 65 channels"),
            (WaveFile(channels: 65_535, data: [0, 0]), "sound of 65535 channels"),
            (WaveFile(sampleRate: 0, data: [0, 0]), "a sample rate of 0 Hz"),
            (WaveFile(sampleRate: 999, data: [0, 0]), "a sample rate of 999 Hz"),
            (WaveFile(sampleRate: .max, data: [0, 0]), "a sample rate of 4294967295 Hz"),
        ])
    func formats(file: WaveFile, words: String) {
        #expect(error(file.bytes)?.found == words)
    }

    @Test("the lowest and the highest sample rate are read")
    func extremeRates() throws {
        #expect(try read(WaveFile.pcm16(Array(repeating: 9, count: 1000), sampleRate: 1000).bytes).samples.count == 16_000)
        #expect(try read(WaveFile.pcm16(Array(repeating: 9, count: 48_000), sampleRate: 768_000).bytes).samples.count == 1000)
    }

    @Test("a file without samples is refused")
    func noSamples() {
        #expect(error(WaveFile().bytes)?.found == "a sound file without samples")
    }

    @Test(
        "samples that are no numbers are refused, and the error says where",
        arguments: [(Float.nan, "not a number"), (.infinity, "infinite"), (-.infinity, "infinite"), (1e30, "1e+30")])
    func badSamples(sample: Float, words: String) {
        var samples: [Float] = Array(repeating: 0.5, count: 20_000)
        samples[16_000] = sample
        let error = error(WaveFile.float(samples).bytes)
        #expect(error?.found.contains(words) == true && error?.found.hasSuffix("at 1.0 seconds") == true)
    }

    // MARK: Any damage

    @Test("a file cut short anywhere gives a sound or an error", arguments: files)
    func truncation(name: String) throws {
        let whole = try AudioFixtures.bytes(name)
        let length = try read(whole).samples.count
        for count in stride(from: 0, to: whole.count, by: whole.count > 4000 ? 3 : 1) {
            do {
                let sound = try read(Array(whole.prefix(count)))
                #expect(sound.samples.count <= length + 3000, "\(count) bytes")
            } catch let error as InputError {
                #expect(error.place == "clip.wav" && !error.found.isEmpty)
            }
        }
    }

    @Test("changed bytes give a sound or an error, and never trap", arguments: files)
    func changes(name: String) throws {
        let whole = try AudioFixtures.bytes(name)
        var generator = SeededGenerator(state: 1)
        for _ in 0..<300 {
            var damaged = whole
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let end = Bool.random(using: &generator) ? min(100, whole.count) : whole.count
                damaged[Int.random(in: 0..<end, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            do {
                _ = try read(damaged, limits: ReadingLimits(maximumElements: 10_000_000))
            } catch let error as InputError {
                #expect(!error.description.isEmpty)
            }
        }
    }
}
