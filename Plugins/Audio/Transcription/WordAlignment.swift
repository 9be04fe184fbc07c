import AttentionEngine
import PluginKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// When each word is said: the heads that follow the sound while the text is read, and the cheapest way through what they look at
/// (as openai/whisper's `timing.py` has it).
struct WordAlignment {
    private let transcriber: Transcriber
    private let language: String?

    init(_ transcriber: Transcriber, language: String?) {
        self.transcriber = transcriber
        self.language = language
    }

    /// Gives the segments of one window their words, and lets each begin and end with them.
    ///
    /// - Parameters:
    ///   - memory: of the window.
    ///   - prompt: what asked for its text.
    ///   - frameCount: the frames of its sound.
    ///   - offset: where it starts, in seconds.
    ///   - lastEnd: where the last segment before ended, in seconds.
    ///   - keepsAll: whether a segment whose words last no time keeps its own times; else it lasts none either, and is taken
    ///     for an invention.
    /// - Returns: where the last word ends, in seconds; `nil` where there is none.
    func addWords(
        to segments: inout [TranscribedSegment], memory: CrossMemory, prompt: [Int], frameCount: Int, offset: Double,
        lastEnd: Double, keepsAll: Bool
    ) throws -> Double? {
        let vocabulary = transcriber.vocabulary
        let texts = segments.map { $0.tokens.filter { !vocabulary.isTimestamp($0) && isText($0) } }
        let room = max(0, transcriber.model.decoder.positionLimit - prompt.count - 2)
        let ids = Array(texts.joined().prefix(room))
        var timed = try words(ids, memory: memory, prompt: prompt, frameCount: frameCount, offset: offset)
        let usual = usualDuration(timed.words)
        shortenLongWords(&timed.words, longest: 2 * usual)
        timed.words = SpokenWords.joinPunctuation(timed.words, counts: &timed.counts)

        var next = 0, lastEnd = lastEnd, lastWordEnd: Double?
        for index in segments.indices {
            var words: [TranscribedWord] = [], taken = 0
            while next < timed.words.count, taken < texts[index].count {
                words.append(timed.words[next])
                taken += timed.counts[next]
                next += 1
            }
            let (start, end) = (segments[index].start, segments[index].end)
            fit(&words, to: &segments[index], usual: usual, lastEnd: lastEnd)
            if keepsAll, segments[index].end <= segments[index].start {
                // Words that were found to last no time say less than the segment does.
                (segments[index].start, segments[index].end) = (start, end)
                if words.count == 1 { (words[0].start, words[0].end) = (start, end) }
            }
            segments[index].words = words.map { word in
                var word = word
                word.start = rounded(word.start)
                word.end = rounded(max(word.start, word.end))
                return word
            }
            if let last = words.last {
                lastWordEnd = last.end
                lastEnd = segments[index].end
            }
        }
        return lastWordEnd
    }

    private func isText(_ id: Int) -> Bool { !transcriber.tokenizer.specialTokens.all.contains(id) }

    private func rounded(_ seconds: Double) -> Double { (seconds * 100).rounded() / 100 }

    // MARK: Alignment

    /// The words of a text with their times, and how many ids each has.
    private func words(
        _ ids: [Int], memory: CrossMemory, prompt: [Int], frameCount: Int, offset: Double
    ) throws -> (words: [TranscribedWord], counts: [Int]) {
        guard !ids.isEmpty else { return ([], []) }
        let vocabulary = transcriber.vocabulary
        // The text is read as one that has no times.
        var start = prompt
        if let mark = vocabulary.noTimestamps, start.last != mark { start.append(mark) }
        let columns = max(1, frameCount / transcriber.framesPerStep)
        var states: Tensor?
        let weights = try transcriber.model.decoder.crossAttentionWeights(
            transcriber.model.tokens([start + ids + [vocabulary.end]]), memory: memory, heads: transcriber.alignmentHeads,
            memoryPositions: columns, states: &states)
        guard let states, let width = weights.first?.width else { return ([], []) }
        let rows = ids.count + 1, first = start.count - 1
        let costs = Self.costs(weights, rows: first..<first + rows)
        let begins = DynamicTimeWarping.firstColumns(costs, rows: rows, columns: width)
        guard begins.count == rows else { return ([], []) }
        let probabilities = probabilities(of: ids, states.sliced(first..<first + ids.count, along: 1))

        let step = Double(transcriber.framesPerStep) * transcriber.secondsPerFrame
        var place = 0
        let spoken = SpokenWords.split(ids, transcriber.tokenizer, language: language)
        let words = spoken.map { word -> TranscribedWord in
            let range = place..<place + word.ids.count
            place = range.upperBound
            return TranscribedWord(
                word: word.text, start: offset + Double(begins[range.lowerBound]) * step,
                end: offset + Double(begins[range.upperBound]) * step,
                probability: probabilities[range].reduce(0, +) / Float(range.count))
        }
        return (words, spoken.map(\.ids.count))
    }

    /// The probability of each id among those of text.
    private func probabilities(of ids: [Int], _ states: Tensor) -> [Float] {
        let scores = transcriber.model.head(states)
        let texts = scores.reshaped(to: [ids.count, scores.width]).sliced(0..<max(1, transcriber.vocabulary.end), along: 1)
            .softmax()
        return texts.withFloats { all in
            ids.enumerated().map { $1 < texts.width ? all[$0 * texts.width + $1] : 0 }
        }
    }

    /// How little the heads look at each column (step of time) for each row (id), all heads together.
    private static func costs(_ weights: [Tensor], rows: Range<Int>) -> [Float] {
        let columns = weights.first?.width ?? 0
        var costs = [Float](repeating: 0, count: rows.count * columns)
        for head in weights {
            let count = head.shape[0]
            head.withFloats { head in
                // What is looked at more than by other ids counts.
                var scaled = [Float](repeating: 0, count: count * columns)
                for column in 0..<columns {
                    var sum: Float = 0, squares: Float = 0
                    for row in 0..<count { sum += head[row * columns + column] }
                    let mean = sum / Float(count)
                    for row in 0..<count {
                        squares += (head[row * columns + column] - mean) * (head[row * columns + column] - mean)
                    }
                    let deviation = (squares / Float(count)).squareRoot()
                    for row in 0..<count {
                        scaled[row * columns + column] = deviation > 0 ? (head[row * columns + column] - mean) / deviation : 0
                    }
                }
                for (index, row) in rows.enumerated() {
                    let smooth = MedianFilter.filtered(scaled[row * columns..<(row + 1) * columns])
                    for column in 0..<columns { costs[index * columns + column] -= smooth[column] / Float(weights.count) }
                }
            }
        }
        return costs
    }

    // MARK: Corrections

    /// The median length of a word in seconds, at most 0.7.
    private func usualDuration(_ words: [TranscribedWord]) -> Double {
        let lengths = words.map { $0.end - $0.start }.filter { $0 > 0 }.sorted()
        if lengths.isEmpty { return 0 }
        return min(0.7, (lengths[(lengths.count - 1) / 2] + lengths[lengths.count / 2]) / 2)
    }

    /// A pause after a sentence is no part of the words around it.
    private func shortenLongWords(_ words: inout [TranscribedWord], longest: Double) {
        let ends: Set = [".", "。", "!", "！", "?", "？"]
        for index in words.indices.dropFirst() where words[index].end - words[index].start > longest {
            if ends.contains(words[index].word) {
                words[index].end = words[index].start + longest
            } else if ends.contains(words[index - 1].word) {
                words[index].start = words[index].end - longest
            }
        }
    }

    /// Makes words and times of a segment agree: a first word after a pause, or a last one before it, is not stretched over it.
    private func fit(_ words: inout [TranscribedWord], to segment: inout TranscribedSegment, usual: Double, lastEnd: Double) {
        guard !words.isEmpty else { return }
        let longest = 2 * usual, last = words.count - 1
        let isAfterPause = words[0].end - lastEnd > 4 * usual
        let secondEnd = words.count > 1 ? words[1].end : words[0].end
        if isAfterPause, words[0].end - words[0].start > longest || secondEnd - words[0].start > 2 * longest {
            if words.count > 1, words[1].end - words[1].start > longest {
                let boundary = max(words[1].end / 2, words[1].end - longest)
                words[0].end = boundary
                words[1].start = boundary
            }
            words[0].start = max(0, words[0].end - longest)
        }
        if segment.start < words[0].end, segment.start - 0.5 > words[0].start {
            words[0].start = max(0, min(words[0].end - usual, segment.start))
        } else {
            segment.start = words[0].start
        }
        if segment.end > words[last].start, segment.end + 0.5 < words[last].end {
            words[last].end = max(words[last].start + usual, segment.end)
        } else {
            segment.end = words[last].end
        }
    }
}

/// The median of each number and its neighbours, three to each side, mirrored at the ends.
enum MedianFilter {
    private static let reach = 3

    static func filtered(_ values: ArraySlice<Float>) -> [Float] {
        let values = Array(values), count = values.count
        if count <= reach { return values }
        var window = [Float](repeating: 0, count: 2 * reach + 1)
        return values.indices.map { index in
            for offset in -reach...reach {
                var place = abs(index + offset)
                if place >= count { place = 2 * (count - 1) - place }
                window[offset + reach] = values[place]
            }
            window.sort()
            return window[reach]
        }
    }
}
