import Foundation
import Metrics
import Testing

/// What sacrebleu, jiwer and scikit-learn say (`Tests/Fixtures/metrics`).
private struct References: Decodable {
    struct Texts: Decodable, Sendable, CustomTestStringConvertible {
        var name: String
        var hypotheses: [String]
        var references: [[String]]
        var bleu: [String: Double]
        var single: [String: Double]
        var chrf: Double
        var chrfWords: Double
        var wer: Double
        var cer: Double
        var words: [String: Int]
        var testDescription: String { name }
        enum CodingKeys: String, CodingKey {
            case name, hypotheses, references, bleu, single, chrf, wer, cer, words
            case chrfWords = "chrf++"
        }
    }
    struct Classes: Decodable {
        var labels: [Int]
        var answers: [Int]
        var accuracy: Double
        var macro: [Double]
        var weighted: [Double]
        var micro: [Double]
        var each: [[Double]]
    }
    var texts: [Texts]
    var classes: Classes

    static let all: References = {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/metrics/references.json")
        do {
            return try JSONDecoder().decode(References.self, from: Data(contentsOf: path))
        } catch {
            fatalError("\(error)")
        }
    }()
}

@Suite("Metrics against their references")
struct ReferenceTests {
    @Test("BLEU and chrF are sacrebleu's", arguments: References.all.texts)
    private func texts(_ texts: References.Texts) {
        for tokenization in BLEUTokenization.allCases {
            var (all, one, half) = (BLEUScore(tokenization), BLEUScore(tokenization), BLEUScore(tokenization))
            for (index, (hypothesis, references)) in zip(texts.hypotheses, texts.references).enumerated() {
                if index % 2 == 0 {
                    all.add(hypothesis, references: references)
                } else {
                    half.add(hypothesis, references: references)
                }
                one.add(hypothesis, references: [references[0]])
            }
            all.merge(half)
            #expect(abs(all.score - texts.bleu[tokenization.rawValue, default: -1]) < 1e-6, "\(tokenization): \(all.score)")
            #expect(abs(one.score - texts.single[tokenization.rawValue, default: -1]) < 1e-6, "\(tokenization): \(one.score)")
        }
        var (characters, words, one) = (ChrFScore(wordOrder: 0), ChrFScore(), ChrFScore())
        for (hypothesis, references) in zip(texts.hypotheses, texts.references) {
            characters.add(hypothesis, references: references)
            var part = ChrFScore()
            part.add(hypothesis, references: references)
            words.merge(part)
            one.add(hypothesis, references: [references[0]])
        }
        #expect(abs(characters.score - texts.chrf) < 1e-6, "\(characters.score) for \(texts.chrf)")
        #expect(abs(words.score - texts.chrfWords) < 1e-6, "\(words.score) for \(texts.chrfWords)")
        #expect(abs(one.score - texts.single["chrf++", default: -1]) < 1e-6)
    }

    @Test("error rates are jiwer's", arguments: References.all.texts)
    private func errors(_ texts: References.Texts) {
        var (words, characters) = (ErrorRate(), ErrorRate())
        for (hypothesis, references) in zip(texts.hypotheses, texts.references) {
            var part = ErrorRate()
            part.addWords(reference: references[0], hypothesis: hypothesis)
            words.merge(part)
            // jiwer takes spaces at both ends away before it counts characters.
            characters.addCharacters(
                reference: references[0].trimmingCharacters(in: .whitespaces),
                hypothesis: hypothesis.trimmingCharacters(in: .whitespaces)
            )
        }
        #expect(abs(words.rate - texts.wer) < 1e-9, "\(words.rate) for \(texts.wer)")
        #expect(abs(characters.rate - texts.cer) < 1e-9, "\(characters.rate) for \(texts.cer)")
        // Which errors there are may differ where several alignments have as few; how many may not.
        #expect(words.errors == ["substitutions", "deletions", "insertions"].reduce(0) { $0 + texts.words[$1, default: 0] })
    }

    @Test("accuracy, precision, recall and F1 are scikit-learn's")
    func classes() {
        let classes = References.all.classes
        var (scores, part) = (ClassificationScores(labelCount: 7, top: 2), ClassificationScores(labelCount: 7, top: 2))
        for (index, (label, answer)) in zip(classes.labels, classes.answers).enumerated() {
            let answers = [answer, (answer + 1) % 7]
            if index < 50 { part.add(label: label, answers: answers) } else { scores.add(label: label, answers: answers) }
        }
        scores.merge(part)
        func close(_ found: ClassificationScores.Scores, _ expected: [Double]) -> Bool {
            zip([found.precision, found.recall, found.f1], expected).allSatisfy { abs($0 - $1) < 1e-9 }
        }
        #expect(scores.count == 200 && abs(scores.accuracy - classes.accuracy) < 1e-9)
        #expect(
            close(scores.macro, classes.macro) && close(scores.weighted, classes.weighted) && close(scores.micro, classes.micro))
        for (label, expected) in classes.each.enumerated() {
            #expect(close(scores.scores(of: label), expected) && scores.scores(of: label).support == Int(expected[3]))
        }
        let amongTwo = zip(classes.labels, classes.answers).count { $0 == $1 || $0 == ($1 + 1) % 7 }
        #expect(abs(scores.topAccuracy - Double(amongTwo) / 200) < 1e-9)
        #expect(
            scores.confusions.map(\.count).reduce(0, +) == 200
                - scores.confusion.indices.reduce(0) { $0 + scores.confusion[$1][$1] })
    }

    @Test("an alignment says what was done to each word")
    func alignment() {
        let steps = ErrorRate.alignment(ErrorRate.words("one two three four"), ErrorRate.words(" one too  three four five "))
        #expect(
            steps == [.hit("one"), .substitution("two", "too"), .hit("three"), .hit("four"), .insertion("five")])
        #expect(ErrorRate.alignment(["a"], []) == [.deletion("a")])
        #expect(ErrorRate.alignment([], []).isEmpty)
    }

    @Test("long texts have as few errors by halves as in one table")
    func longAlignment() {
        var generator = SystemRandomNumberGenerator()
        let said = (0..<900).map { _ in "\(Int.random(in: 0..<30, using: &generator))" }
        var written = said.filter { _ in Int.random(in: 0..<10, using: &generator) > 0 }
        for place in stride(from: 0, to: written.count, by: 7) { written[place] = "x" }
        var row = Array(0...written.count)
        for word in said {
            var diagonal = row[0]
            row[0] += 1
            for (j, other) in written.enumerated() {
                (diagonal, row[j + 1]) = (row[j + 1], min(diagonal + (word == other ? 0 : 1), row[j + 1] + 1, row[j] + 1))
            }
        }
        var rate = ErrorRate()
        rate.addWords(reference: said.joined(separator: " "), hypothesis: written.joined(separator: " "))
        #expect(rate.errors == row[written.count] && rate.referenceCount == said.count)
        let steps = ErrorRate.alignment(said, written)
        #expect(
            said.elementsEqual(
                steps.compactMap { step -> String? in
                    switch step {
                    case .hit(let word), .substitution(let word, _), .deletion(let word): word
                    case .insertion: nil
                    }
                }))
    }

    @Test("an interval is where a measure falls on other examples")
    func bootstrap() throws {
        let right = (0..<400).map { $0 % 4 == 0 ? 0.0 : 1.0 }
        let found = Bootstrap.interval(count: 400, confidence: 0.95) { places in
            places.reduce(0) { $0 + right[$1] } / Double(places.count)
        }
        let interval = try #require(found)
        // 1.96 · √(0.75 · 0.25 / 400) to either side.
        #expect(abs(interval.lowerBound - 0.7076) < 0.012 && abs(interval.upperBound - 0.7924) < 0.012, "\(interval)")
        // Draws without a measure do not count; without any there is no interval.
        #expect(Bootstrap.interval(count: 9, confidence: 0.9) { $0[0] == 0 ? .nan : 1 } == 1...1)
        #expect(Bootstrap.interval(count: 9, confidence: 0.9) { _ in .nan } == nil)
        #expect(Bootstrap.interval(count: 0, confidence: 0.9) { _ in 1 } == nil)
    }
}
