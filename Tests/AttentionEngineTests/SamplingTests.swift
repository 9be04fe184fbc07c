import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@testable import AttentionEngine

@Suite("Choosing among scores")
struct SamplingTests {
    private func processed(_ scores: [Float], _ processor: any LogitsProcessor, ids: [Int] = [0]) -> [Float] {
        var scores = scores
        scores.withUnsafeMutableBufferPointer { buffer in
            var span = buffer.mutableSpan
            processor.process(&span, after: ids, promptLength: 1)
        }
        return scores
    }

    @Test("the best of many rows are those that sorting finds, the first of equals first", arguments: [1, 2, 7, 40])
    func selection(count: Int) {
        var random = Seeded(state: 11)
        for width in [1, 5, 127, 128, 129, 5000] {
            // Few different values, so that many are equal.
            let rows = (0..<3).map { _ in random.floats(width, limit: 50).map { $0.rounded() } }
            let addends: [Float] = [0, 3, -1e9]
            var selection = Selection(count: count)
            for (row, scores) in rows.enumerated() {
                scores.withUnsafeBufferPointer { selection.add($0, plus: addends[row], row: row) }
            }
            let all = rows.enumerated().flatMap { row, scores in
                scores.enumerated().map { (score: $1 + addends[row], row: row, token: $0) }
            }
            let sorted = all.enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }
            let expected = sorted.prefix(count).map(\.element)
            #expect(selection.candidates.map(\.score) == expected.map(\.score))
            #expect(selection.candidates.map(\.row) == expected.map(\.row))
            #expect(selection.candidates.map(\.token) == expected.map(\.token))
        }
    }

    @Test("scores that are NaN or all hidden still give tokens")
    func strange() {
        for scores in [[Float](repeating: .nan, count: 300), [Float](repeating: -.infinity, count: 300)] {
            var selection = Selection(count: 8)
            scores.withUnsafeBufferPointer { selection.add($0, plus: 0, row: 0) }
            #expect(selection.candidates.count == 8)
            var random = SeededGenerator(state: 1)
            #expect((0..<300).contains(scores.withUnsafeBufferPointer { random.draw($0) }))
        }
    }

    @Test("top-k leaves the k best and their equals, however many are wanted", arguments: [1, 3, 600, 999, 1000, 5000])
    func topK(count: Int) {
        var random = Seeded(state: 12)
        let scores = random.floats(1000)
        let least = scores.sorted(by: >)[min(count, 1000) - 1]
        #expect(processed(scores, TopK(count: count)) == scores.map { $0 < least ? -.infinity : $0 })
        #expect(processed([1, 2, 2, 0], TopK(count: 1)) == [-.infinity, 2, 2, -.infinity])
    }

    @Test("top-p leaves the fewest that together have the probability")
    func topP() {
        // Probabilities 0.5, 0.3, 0.15, 0.05.
        let scores = [0.15, 0.5, 0.05, 0.3].map { log(Float($0)) }
        for (probability, kept) in [
            (Float(0), [1]), (0.4, [1]), (0.6, [1, 3]), (0.85, [0, 1, 3]), (0.97, [0, 1, 2, 3]),
        ] {
            let left = processed(scores, TopP(probability: probability))
            #expect(left.indices.filter { left[$0] > -.infinity } == kept)
        }
    }

    private struct Warpers: Decodable {
        struct Case: Decodable {
            var setting: String
            var value: Float
            var kept: [[Int]]
        }

        var scores: [[Float?]]
        var cases: [Case]
    }

    @Test("min-p and typical-p leave what the reference leaves")
    func shares() throws {
        let file = try Data(contentsOf: URL(filePath: DecoderFixture.path("warpers.json")))
        let warpers = try JSONDecoder().decode(Warpers.self, from: file)
        #expect(warpers.cases.count == 8)
        for warper in warpers.cases {
            let processor: any LogitsProcessor =
                warper.setting == "min_p" ? MinP(share: warper.value) : TypicalP(probability: warper.value)
            for (row, kept) in zip(warpers.scores, warper.kept) {
                let left = processed(row.map { $0 ?? -.infinity }, processor)
                #expect(left.indices.filter { left[$0] > -.infinity } == kept, "\(warper.setting) \(warper.value)")
            }
        }
        for strange in [Float.nan, -.infinity, .infinity] {
            #expect(processed([strange, strange], MinP(share: 0.5)).count == 2)
            #expect(processed([strange, strange], TypicalP(probability: 0.5)).count == 2)
        }
    }

    @Test("what the model read is favoured or forbidden, the prompt where it is not said")
    func sources() {
        func after(_ processor: any LogitsProcessor, source: [Int]) -> [Float] {
            var scores: [Float] = [1, -1, 2, -2, 0.5]
            scores.withUnsafeMutableBufferPointer { buffer in
                var span = buffer.mutableSpan
                processor.process(&span, after: [4, 2], promptLength: 1, source: source)
            }
            return scores
        }
        #expect(after(SourceRepetition(penalty: 2), source: [0, 1, 9]) == [2, -0.5, 2, -2, 0.5])
        #expect(after(NoSourceNGrams(size: 2), source: [2, 0, 1, 2, 3, 3]) == [-.infinity, -1, 2, -.infinity, 0.5])
        #expect(after(NoSourceNGrams(size: 3), source: [4, 2, 1, 2, 3]) == [1, -.infinity, 2, -2, 0.5])
        #expect(after(NoSourceNGrams(size: 9), source: [4, 2]) == [1, -1, 2, -2, 0.5])
        #expect(processed([1, 2, 3], NoSourceNGrams(size: 1), ids: [1, 2]) == [1, -.infinity, 3])
    }

    @Test("of equal biased sequences the last counts; scores that are no numbers can be replaced")
    func scores() {
        let biases = SequenceBias([.init(ids: [2], bias: 5), .init(ids: [1, 2], bias: 10), .init(ids: [2], bias: 1)])
        #expect(processed([0, 0, 0], biases, ids: [1]) == [0, 0, 11])
        #expect(processed([0, 0, 0], biases, ids: [0]) == [0, 0, 1])
        let most = Float.greatestFiniteMagnitude
        #expect(processed([.nan, .infinity, -.infinity, 1], InvalidScores()) == [0, most, -most, 1])
        let normalized = processed([1, -.infinity, 1], Renormalization())
        #expect(abs(normalized[0] - log(0.5)) < 1e-6 && normalized[1] == -.infinity)
    }

    @Test("tokens are drawn as often as their probability says, and hidden ones never")
    func frequencies() {
        let scores: [Float] = [0, log(3), -.infinity, log(6)]
        var counts = [0, 0, 0, 0]
        var random = SeededGenerator(state: 5)
        for _ in 0..<20_000 { counts[scores.withUnsafeBufferPointer { random.draw($0) }] += 1 }
        #expect(counts[2] == 0)
        for (count, share) in zip(counts, [0.1, 0.3, 0, 0.6]) { #expect(abs(Double(count) / 20_000 - share) < 0.015) }
    }

    @Test("repetition, n-grams and bad words, by their definitions")
    func processors() {
        let scores: [Float] = [1, -1, 2, -2, 0.5]
        #expect(processed(scores, RepetitionPenalty(penalty: 2), ids: [0, 1, 1, 9, -3]) == [0.5, -2, 2, -2, 0.5])
        #expect(processed(scores, NoRepeatedNGrams(size: 2), ids: [1, 2, 1, 3, 1]) == [1, -1, -.infinity, -.infinity, 0.5])
        #expect(processed(scores, NoRepeatedNGrams(size: 1), ids: [4, 0]) == [-.infinity, -1, 2, -2, -.infinity])
        #expect(processed(scores, NoRepeatedNGrams(size: 9), ids: [4, 0]) == scores)
        #expect(
            processed(scores, BadWords(words: [[3], [1, 2], [2, 2, 0]]), ids: [1]) == [1, -1, -.infinity, -.infinity, 0.5])
    }
}

@Suite("Stretches of scores")
struct ScoreRangeTests {
    @Test("the largest, the sum of exponentials, and what is forbidden")
    func ranges() {
        var scores: [Float] = [1, 5, -2, 3, -.infinity]
        scores.withUnsafeMutableBufferPointer { buffer in
            var span = buffer.mutableSpan
            #expect(span.largest(in: 0..<3) == 5 && span.largest(in: 3..<99) == 3)
            #expect(span.largest(in: 7..<9) == -.infinity && span.logSumExp(in: 4..<5) == -.infinity)
            #expect(abs(span.logSumExp(in: 0..<5) - 5.14372) < 1e-4)
            span.forbid(1..<3)
            span.forbid(8..<20)
        }
        #expect(scores == [1, -.infinity, -.infinity, 3, -.infinity])
    }

    @Test("the log-probability of what was chosen, before the temperature", arguments: [false, true])
    func logProbability(isSampling: Bool) throws {
        struct Fixed: GenerationStep {
            let vocabularySize = 4
            mutating func callAsFunction(_ tokens: [[Int]], continuing rows: [Int]) -> Tensor {
                Tensor(tokens.flatMap { _ in [0, 2, 1, -1] as [Float] }, shape: [tokens.count, 4])
            }
        }
        var configuration = GenerationConfiguration()
        configuration.maximumNewTokens = 3
        configuration.suppressedTokens = [2]
        configuration.isSampling = isSampling
        configuration.temperature = 0.5
        configuration.topK = 0
        var generator = Generator(configuration)
        generator.recordsLogProbabilities = true
        var step = Fixed()
        let result = try generator.generate(&step, prompts: [[0]])[0][0]
        let allowed = [0: 0.0, 1: 2.0, 3: -1.0]
        let total = log(allowed.values.map { exp($0) }.reduce(0, +))
        let expected = result.ids.map { allowed[$0]! - total }.reduce(0, +)
        #expect(abs(Double(try #require(result.logProbability)) - expected) < 1e-4)
        generator.recordsLogProbabilities = false
        #expect(try generator.generate(&step, prompts: [[0]])[0][0].logProbability == nil)
    }
}
