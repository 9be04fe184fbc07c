import AttentionEngine
import AudioPlugin
import Foundation
import PluginKit
import Testing

@testable import Training
@testable import TrainingTasks

@Suite("Speech to learn from")
struct SpeechDataTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID())")

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    private func file(_ name: String, _ text: String) throws -> String {
        let path = folder.appending(path: name)
        try text.write(to: path, atomically: true, encoding: .utf8)
        return path.path
    }

    private static let dictionary = """
        ;;; a comment
        OH  OW1
        O  OW1
        O(2)  AH0
        TWO  T UW1

        FIVE  F AY1 V
        """

    @Test("Dictionaries give the first way to say a word, without stress")
    func pronunciations() throws {
        let dictionary = try Pronunciations(file("words.dict", Self.dictionary))
        #expect(dictionary("five") == ["F", "AY", "V"])
        #expect(dictionary("O") == ["OW"])
        #expect(dictionary("six") == nil)
        #expect(throws: InputError.self) { try Pronunciations(file("empty.dict", "# nothing\n")) }
        let error = #expect(throws: InputError.self) { try Pronunciations(file("mute.dict", "OH OW\nTWO\n")) }
        #expect("\(try #require(error))".contains("line 2"))
    }

    @Test("Texts are spelled by sounds, or by characters with spaces between words")
    func spelling() throws {
        let dictionary = try Pronunciations(file("words.dict", Self.dictionary))
        let sounds = try Spelling(of: ["two oh", "FIVE"], pronunciations: dictionary)
        #expect(sounds.units == ["AY", "F", "OW", "T", "UW", "V"])
        #expect(sounds.classes(of: "Five oh") == [2, 1, 6, 3])
        #expect(sounds.classes(of: "o") == nil)
        let error = #expect(throws: InputError.self) { try Spelling(of: ["two six"], pronunciations: dictionary) }
        #expect("\(try #require(error))".contains("six"))
        let characters = try Spelling(of: ["ab a"])
        #expect(characters.units == [" ", "a", "b"])
        #expect(characters.classes(of: "a  b") == [2, 1, 3])
        #expect(characters.words(of: "ba")?.first?.classes == [3, 2])
    }

    @Test("The best alignment is the best of all", arguments: 0..<20)
    func alignment(seed: Int) throws {
        var generator = SeededGenerator(state: UInt64(seed))
        let (length, classes) = (5, 3), target = [1, seed % 2 == 0 ? 1 : 2]
        let scores = (0..<length * classes).map { _ in Float.random(in: -3...3, using: &generator) }
        // Every way to write five frames of three classes.
        var best = (score: -Double.infinity, path: [Int]())
        for number in 0..<243 {
            let path = (0..<length).map { number / [1, 3, 9, 27, 81][$0] % 3 }
            let written = path.enumerated().filter { $0.element != 0 && ($0.offset == 0 || path[$0.offset - 1] != $0.element) }
            guard written.map(\.element) == target else { continue }
            let score = path.enumerated().reduce(0.0) { sum, step in
                let row = (0..<classes).map { Double(scores[step.offset * classes + $0]) }
                return sum + row[step.element] - log(row.reduce(0) { $0 + exp($1) })
            }
            if score > best.score { best = (score, path) }
        }
        let found = try #require(try ForcedAlignment(Tensor(scores, shape: [length, classes]), target: target))
        #expect(abs(found.score * Double(length) - best.score) < 1e-6)
        var path = [Int](repeating: 0, count: length)
        for (value, frames) in zip(target, found.frames) { for frame in frames { path[frame] = value } }
        #expect(path == best.path)
    }

    @Test("What does not fit has no alignment")
    func misfit() throws {
        let scores = Tensor([0, 1, 0, 1], shape: [2, 2])
        #expect(try ForcedAlignment(scores, target: [1, 1]) == nil)
        #expect(try ForcedAlignment(scores, target: [1, 1, 1]) == nil)
        #expect(try ForcedAlignment(scores, target: [])?.frames == [])
        #expect(throws: InputError.self) { try ForcedAlignment(scores, target: [2]) }
    }

    @Test("Words are cut where they are said; those that sound as others bring their neighbours")
    func splicing() throws {
        let samples = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Samples/clips").path
        let clips = try SpeechClips(
            file("clips.tsv", "\(samples)/command.flac\tTWO OH FIVE O\tmjwl\n\(samples)/michael.flac\tTWO FIVE\tmmxg\n"),
            validation: file("held.tsv", "\(samples)/zip-code.flac\tFIVE\tfvap\n"), share: 0.1, seed: 0)
        let table = """
            file\tword\tstart\tend
            \(samples)/command.flac\tTWO\t0.1\t0.3
            \(samples)/command.flac\tOH\t0.3\t0.5
            \(samples)/command.flac\tFIVE\t0.6\t0.8
            \(samples)/command.flac\tO\t0.8\t0.9
            \(samples)/michael.flac\tTWO\t0\t0.25
            \(samples)/michael.flac\tFIVE\t0.25\t0.5
            \(samples)/zip-code.flac\tSECRET\t0\t1
            """
        let dictionary = try Pronunciations(file("words.dict", Self.dictionary))
        let spelling = try Spelling(of: ["two oh five o"], pronunciations: dictionary)
        let spliced = try SplicedSpeech(file("words.tsv", table), clips: clips, lowercases: true, spelling: spelling)
        var generator = SeededGenerator(state: 3)
        for _ in 0..<200 {
            let runs = spliced.runs(of: "mjwl", longest: 2, &generator)
            #expect(!runs.isEmpty)
            #expect(runs.reduce(0) { $0 + $1.pause + ($1.words.last?.end ?? 0) - ($1.words.first?.start ?? 0) } <= 2)
            for run in runs {
                let words = run.words.map(\.text)
                #expect(words.contains("secret") == false)
                // “O” and “OH” are told apart by what is beside them.
                if let place = words.firstIndex(of: "oh") { #expect(place > 0 && place + 1 < words.count) }
                if words.contains("o") { #expect(words.contains("five")) }
            }
        }
        let sound = Waveform(samples: Array(repeating: 1, count: 16_000), sampleRate: 16_000)
        let cut = SplicedSpeech.cut(sound, .init(recording: 0, words: [TimedWord("a", start: 0.25, end: 0.5)], pause: 0.1))
        #expect(cut.count == 1_600 + 4_000 && cut[1_600] == 0 && cut[2_000] == 1)
        let error = #expect(throws: InputError.self) {
            try SplicedSpeech(file("broken.tsv", "a\tb\t1\t0\n"), clips: clips, lowercases: true, spelling: nil)
        }
        #expect("\(try #require(error))".contains("line 1"))
        #expect(throws: InputError.self) {
            try SplicedSpeech(file("others.tsv", "a\tb\t0\t1\n"), clips: clips, lowercases: true, spelling: nil)
        }
    }
}
