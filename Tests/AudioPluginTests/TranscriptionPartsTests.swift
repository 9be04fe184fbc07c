import AttentionEngine
import PluginKit
import Testing

@testable import AudioPlugin

@Suite("The parts of transcription")
struct TranscriptionPartsTests {
    @Test("ids are cut where one time follows another")
    func segments() {
        // 100 is 0 seconds.
        let complete = WindowSegments([100, 1, 110, 110, 2, 3, 120], firstTimestamp: 100, stepCount: 150)
        #expect(complete.segments.map(\.ids) == [[100, 1, 110], [110, 2, 3, 120]])
        #expect(complete.segments.map(\.start) == [0, 10] && complete.segments.map(\.end) == [10, 20])
        #expect(complete.doneSteps == nil)

        let unfinished = WindowSegments([100, 1, 110, 115, 2], firstTimestamp: 100, stepCount: 150)
        #expect(unfinished.segments.map(\.ids) == [[100, 1, 110, 115]] && unfinished.doneSteps == 10)
        #expect(unfinished.unfinished?.ids == [2] && unfinished.unfinished?.start == 15)

        let none = WindowSegments([1, 2], firstTimestamp: 100, stepCount: 150)
        #expect(none.segments.map(\.end) == [150] && none.doneSteps == nil)
        #expect(WindowSegments([], firstTimestamp: 100, stepCount: 9).segments.map(\.ids) == [[]])
        #expect(WindowSegments([100], firstTimestamp: 100, stepCount: 9).segments.map(\.end) == [9])
        #expect(WindowSegments([100, 100], firstTimestamp: 100, stepCount: 9).doneSteps == 0)
    }

    @Test("the cheapest way through a matrix")
    func timeWarping() {
        // Row 0 is cheap in columns 0 and 1, row 1 in 2, row 2 in 3 and 4.
        let costs: [Float] = [0, 0, 9, 9, 9, 9, 9, 0, 9, 9, 9, 9, 9, 0, 0]
        #expect(DynamicTimeWarping.firstColumns(costs, rows: 3, columns: 5) == [0, 2, 3])
        #expect(DynamicTimeWarping.firstColumns([1, 1, 1], rows: 3, columns: 1) == [0, 0, 0])
        #expect(DynamicTimeWarping.firstColumns([1, 1, 1], rows: 1, columns: 3) == [0])
        #expect(DynamicTimeWarping.firstColumns([], rows: 0, columns: 0) == [])
        #expect(DynamicTimeWarping.firstColumns(Array(repeating: .nan, count: 12), rows: 3, columns: 4).count == 3)
    }

    @Test("medians of neighbours, mirrored at the ends")
    func median() {
        #expect(MedianFilter.filtered([5, 1, 1, 9, 1, 1, 1, 1][...]) == [1, 1, 1, 1, 1, 1, 1, 1])
        #expect(MedianFilter.filtered([3, 1, 2][...]) == [3, 1, 2])
        #expect(MedianFilter.filtered([0, 1, 2, 3, 4, 5, 6, 7][...])[3] == 3)
    }

    @Test("a text that repeats itself compresses well")
    func compression() {
        #expect(CompressionRatio.of("") == 1)
        #expect(CompressionRatio.of("one two three") < 1.1)
        #expect(CompressionRatio.of(String(repeating: "no ", count: 100)) > 10)
    }

    @Test("marks join the words they belong to")
    func punctuation() {
        var counts = [1, 2, 1, 1, 1]
        let words = [" \"", " Yes", "!", " no", "."].map { TranscribedWord(word: $0, start: 0, end: 1, probability: 1) }
        let joined = SpokenWords.joinPunctuation(words, counts: &counts)
        #expect(joined.map(\.word) == [" \" Yes!", " no."] && counts == [4, 2])
    }
}
