import ArgumentParser
import Foundation
import PluginKit
import Testing

@testable import ApusCommand

@Suite("Flags of apus transcribe")
struct DecodingOptionsTests {
    private func options(_ arguments: String...) throws -> TranscriptionOptions { try DecodingOptions.parse(arguments).options }

    @Test("Without flags the options are those a family has anyway")
    func defaults() throws {
        #expect(try options() == TranscriptionOptions())
    }

    @Test("Each flag becomes its option")
    func flags() throws {
        var expected = TranscriptionOptions()
        expected.language = "fr"
        expected.task = .translate
        expected.hasTimestamps = false
        expected.hasWordTimestamps = true
        expected.beamCount = 5
        expected.lengthPenalty = -0.5
        expected.sampleCount = 3
        expected.seed = 7
        expected.maximumTokens = 60
        expected.suppressedTokens = [1, 2]
        expected.compressionRatioThreshold = nil
        expected.logProbabilityThreshold = -2
        expected.noSpeechThreshold = 0.5
        expected.skipsSilence = false
        expected.conditionsOnPreviousText = false
        expected.initialPrompt = "Apus"
        expected.carriesInitialPrompt = true
        expected.clips = [1..<2.5, 4..<(.infinity)]
        expected.isBatched = true
        expected.batchSize = 4
        let given = try options(
            "--language", "French", "--task", "translate", "--no-timestamps", "--word-timestamps", "--beam-size", "5",
            "--length-penalty", "-0.5", "--best-of", "3", "--seed", "7", "--max-tokens", "60", "--suppress-tokens", "1, 2",
            "--compression-ratio-threshold", "None", "--logprob-threshold", "-2.0", "--no-speech-threshold", "0.5",
            "--no-skip-silence", "--condition-on-previous-text", "False", "--initial-prompt", "Apus", "--carry-initial-prompt",
            "--clip-timestamps", "1,2.5,4", "--batched", "--batch-size", "4")
        #expect(given == expected)
        #expect(try options("--timestamps").hasTimestamps == true)
        #expect(try options("--no-condition-on-previous-text").conditionsOnPreviousText == false)
        #expect(try options("--suppress-tokens", "").suppressedTokens == [])
        #expect(try options("--suppress-tokens", "-1").suppressedTokens == nil)
        #expect(try options("--clip-timestamps", "0").clips == [])
        #expect(try options("--clip-timestamps", "0,30,30,60").clips == [0..<30, 30..<60])
    }

    @Test("A temperature alone stays; an increment raises it up to one")
    func temperatures() throws {
        #expect(try options("--temperature", "0").temperatures == [0])
        #expect(try options("--temperature", "0.4").temperatures == [0.4])
        #expect(try options("--temperature", "0.4", "--temperature-increment-on-fallback", "0.3").temperatures == [0.4, 0.7, 1])
        #expect(try options("--temperature-increment-on-fallback", "none").temperatures == [0])
        #expect(try options("--temperature-increment-on-fallback", "0.5").temperatures == [0, 0.5, 1])
        #expect(
            try options("--temperature", "0", "--temperature-increment-on-fallback", "0.2").temperatures
                == [0, 0.2, 0.4, 0.6, 0.8, 1])
        #expect(try options().temperatures == nil && options().conditionsOnPreviousText == nil)
    }

    @Test("Languages go by code, name and other names, in any case")
    func languages() throws {
        for (text, code) in [
            ("en", "en"), ("EN", "en"), ("English", "en"), ("french", "fr"), ("Haitian Creole", "ht"), ("Mandarin", "zh"),
            ("Cantonese", "yue"), ("yue", "yue"), ("haw", "haw"), ("Burmese", "my"), ("xx", "xx"),
        ] {
            #expect(try options("--language", text).language == code)
        }
        #expect(try options("--language", "Auto").language == nil)
        #expect(SpokenLanguage.name(of: "ht") == "Haitian Creole" && SpokenLanguage.name(of: "xx") == "xx")
    }

    @Test(
        "What makes no sense is refused with the flag's name",
        arguments: [
            ["--language", "Frensh"], ["--language", ""], ["--task", "sing"], ["--beam", "0"], ["--beam", "65"],
            ["--temperature", "1.5"], ["--temperature", "nan"], ["--temperature-increment-on-fallback", "0"],
            ["--best-of", "0"], ["--max-tokens", "0"], ["--suppress-tokens", "1,x"], ["--suppress-tokens", "-1,5"],
            ["--compression-ratio-threshold", "inf"], ["--logprob-threshold", "1"], ["--no-speech-threshold", "1.5"],
            ["--clip-timestamps", "1,x"], ["--clip-timestamps", "2,1"], ["--clip-timestamps", "0,5,4,6"],
            ["--clip-timestamps", "-1"], ["--batch-size", "4"], ["--batched", "--batch-size", "0"], ["--carry-initial-prompt"],
            ["--condition-on-previous-text", "maybe"],
            ["--no-condition-on-previous-text", "--condition-on-previous-text", "true"], ["--length-penalty", "101"],
        ])
    func nonsense(arguments: [String]) throws {
        let flag = try #require(arguments.last { $0.hasPrefix("--") })
        #expect {
            try DecodingOptions.parse(arguments)
        } throws: { error in
            DecodingOptions.exitCode(for: error) == .validationFailure && DecodingOptions.message(for: error).contains(flag)
        }
    }

    @Test("A name that is nearly right is suggested")
    func suggestion() {
        #expect {
            try DecodingOptions.parse(["--language", "frensh"])
        } throws: {
            DecodingOptions.message(for: $0).contains("Did you mean French?")
        }
    }

    @Test(
        "Flags of the transcript that contradict one another are refused",
        arguments: [
            ["--highlight-words"], ["--max-line-width", "10"], ["--word-timestamps", "--max-line-count", "2"],
            ["--word-timestamps", "--max-line-width", "9", "--max-words-per-line", "3"], ["--format", "all"],
            ["--format", "srt", "--json"], ["--format", "srt", "--verbose"], ["--verbose", "--json"], ["--format", "doc"],
            ["--output-dir", ""], ["--word-timestamps", "--max-line-width", "0"], ["--max-seconds", "0"],
        ])
    func contradictions(arguments: [String]) {
        #expect {
            try TranscribeCommand.parse(["clip.wav"] + arguments)
        } throws: {
            TranscribeCommand.exitCode(for: $0) == .validationFailure
        }
    }
}
