import Foundation
import PluginKit
import Testing

@testable import ApusCommand

@Suite("Files of transcripts, next to what openai/whisper writes")
struct TranscriptWriterTests {
    struct Case: Decodable, CustomTestStringConvertible {
        var result: Result
        var layout: Layout
        var txt, vtt, srt, tsv, json: String

        struct Result: Decodable {
            var language: String?
            var segments: [Segment]
        }

        struct Segment: Decodable {
            var id, seek: Int
            var start, end: Double
            var text: String
            var tokens: [Int]
            var temperature, avgLogprob, compressionRatio, noSpeechProb: Float
            var words: [Word]?
        }

        struct Word: Decodable {
            var word: String
            var start, end: Double
            var probability: Float
        }

        struct Layout: Decodable {
            var maxLineWidth, maxLineCount, maxWordsPerLine: Int?
            var highlightWords: Bool?
        }

        var testDescription: String { "\(layout)" }

        var transcription: Transcription {
            Transcription(
                language: result.language,
                segments: result.segments.map { segment in
                    TranscribedSegment(
                        id: segment.id, seek: segment.seek, start: segment.start, end: segment.end, text: segment.text,
                        tokens: segment.tokens, temperature: segment.temperature,
                        averageLogProbability: segment.avgLogprob, compressionRatio: segment.compressionRatio,
                        noSpeechProbability: segment.noSpeechProb,
                        words: segment.words?.map {
                            TranscribedWord(word: $0.word, start: $0.start, end: $0.end, probability: $0.probability)
                        })
                })
        }

        func text(of format: TranscriptFormat) -> String {
            switch format {
            case .txt: txt
            case .vtt: vtt
            case .srt: srt
            case .tsv: tsv
            case .json: json
            }
        }

        func written(as format: TranscriptFormat) -> String {
            let layout = SubtitleLayout(
                maximumLineWidth: layout.maxLineWidth, maximumLineCount: layout.maxLineCount,
                maximumWordCount: layout.maxWordsPerLine, highlightsWords: layout.highlightWords ?? false)
            var writer = format.writer(layout)
            let transcription = transcription
            return writer.opening + transcription.segments.map { writer.add($0) }.joined() + writer.finish(transcription)
        }

        static let all: [Case] = {
            let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
                path: "../Fixtures/transcripts/transcripts.json")
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return (try? decoder.decode([Case].self, from: Data(contentsOf: file))) ?? []
        }()
    }

    @Test("Text, subtitles in every layout, and tables are the same byte for byte", arguments: Case.all)
    func files(sample: Case) {
        for format in [TranscriptFormat.txt, .vtt, .srt, .tsv] {
            #expect(sample.written(as: format) == sample.text(of: format))
        }
    }

    @Test("JSON has the same values and the same order of keys; its letters are written as they are", arguments: Case.all)
    func json(sample: Case) throws {
        let written = sample.written(as: .json)
        func object(_ text: String) throws -> NSDictionary? {
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary
        }
        #expect(try object(written) == object(sample.json))
        #expect(written.hasSuffix("}\n") && written.count { $0 == "\n" } == 1)
        func keys(_ text: String) -> [Substring] { text.matches(of: /"([a-z_]+)":/).map(\.output.1) }
        #expect(keys(written) == keys(sample.json))
    }

    @Test("All cases are there")
    func cases() { #expect(Case.all.count == 10) }

    @Test("Text with an arrow in a word does not become a line of times")
    func arrow() {
        let word = TranscribedWord(word: " -->", start: 0, end: 1, probability: 1)
        let segment = TranscribedSegment(id: 0, seek: 0, start: 0, end: 1, text: " -->", tokens: [], words: [word])
        var writer = TranscriptFormat.srt.writer(SubtitleLayout())
        let text = writer.add(segment) + writer.finish(Transcription(language: nil, segments: []))
        #expect(text == "1\n00:00:00,000 --> 00:00:01,000\n->\n\n")
    }

    @Test("A segment without words among others comes in its turn")
    func mixedSegments() {
        let word = TranscribedWord(word: " one", start: 0, end: 1, probability: 1)
        var writer = TranscriptFormat.vtt.writer(SubtitleLayout())
        var text = writer.add(TranscribedSegment(id: 0, seek: 0, start: 0, end: 1, text: " one", tokens: [], words: [word]))
        text += writer.add(TranscribedSegment(id: 1, seek: 0, start: 1, end: 2, text: " two", tokens: []))
        #expect(text == "00:00.000 --> 00:01.000\none\n\n00:01.000 --> 00:02.000\ntwo\n\n")
    }

    @Test("Numbers that are none, and times that no recording has, do no harm")
    func badNumbers() throws {
        let segment = TranscribedSegment(
            id: 0, seek: 0, start: -.infinity, end: .nan, text: "x", tokens: [], averageLogProbability: -.infinity)
        for format in TranscriptFormat.allCases {
            var writer = format.writer(SubtitleLayout())
            _ = writer.add(segment)
            let text = writer.finish(Transcription(language: nil, segments: [segment]))
            if format == .json { #expect(text.contains(#""end": null"#) && text.contains(#""avg_logprob": null"#)) }
        }
        #expect(Timestamp.text(1e300) == "277777777:46:40.000")
    }

    @Test("The first of inputs with one name has it for its files, the others a number that nobody has")
    func names() {
        let inputs = [
            "a/clip.wav", "b/clip.mp3", "clip-2.wav", "-", "c/CLIP", ".hidden", "two.dots.ogg", "stdin.wav", "a/clip.wav",
        ]
        #expect(
            TranscriptFiles.stems(of: inputs) == [
                "clip", "clip-3", "clip-2", "stdin", "CLIP-4", ".hidden", "two.dots", "stdin-2", "clip-5",
            ])
    }

    @Test("A bar of sound counts it as a clock does")
    func progress() {
        let bar = ProgressBar(seconds: 600.7, isQuiet: true)
        #expect(bar.line(83, .seconds(8)).hasSuffix("]  1:23 / 10:00  10.4x  50 s left"))
        #expect(bar.line(0, .seconds(8)).hasSuffix("]  0:00 / 10:00"))
        #expect(ProgressBar(total: 120, isQuiet: true).line(7, .seconds(2)).contains("]   7/120  3.5/s  32 s left"))
        #expect(Quantity.clock(3_725) == "1:02:05" && Quantity.clock(59) == "0:59")
        var odd = ProgressBar(seconds: .nan, isQuiet: true)
        odd.show(seconds: .infinity)
    }
}
