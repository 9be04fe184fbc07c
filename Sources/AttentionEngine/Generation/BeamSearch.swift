#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Follows several candidates of each sentence at once, scoring, keeping and stopping exactly as transformers does in
/// `generation/utils.py`: the ids are the same, and the scores to rounding.
struct BeamSearch {
    private let configuration: GenerationConfiguration
    private let generator: Generator
    private let prompts: [[Int]]
    private let sources: [[Int]]
    private let limit: Int

    init(_ generator: Generator, prompts: [[Int]], sources: [[Int]], limit: Int) {
        configuration = generator.configuration
        self.generator = generator
        self.prompts = prompts
        self.sources = sources
        self.limit = limit
    }

    /// What the reference takes off a score that must not win; so much that sums with it are rounded, as there.
    private static let hopeless: Float = -1e9

    /// A candidate that is still being continued.
    private struct Running: Sendable {
        var ids: [Int]
        var score: Float
    }

    /// A candidate that may be a result.
    private struct Finished {
        var ids: [Int]
        var score: Float
        var isComplete: Bool
    }

    private struct Sentence {
        let prompt: Int
        var running: [Running]
        var finished: [Finished]
        var canImprove = true
    }

    func run(_ step: inout some GenerationStep) throws -> [[GeneratedSequence]] {
        let beams = configuration.beamCount
        let processors = generator.allProcessors(limit: limit, prompts: prompts)
        var sentences = prompts.enumerated().map { index, prompt in
            // Only the first beam counts at first, lest all be the same.
            Sentence(
                prompt: index,
                running: (0..<beams).map { Running(ids: prompt, score: $0 == 0 ? 0 : Self.hopeless) },
                finished: Array(repeating: Finished(ids: prompt, score: Self.hopeless, isComplete: false), count: beams))
        }
        var results = prompts.map { _ in [GeneratedSequence]() }
        var logits = try step(prompts, continuing: Array(prompts.indices))
        // The row of the model's last step at which each sentence's beams stand.
        var rows = prompts.indices.flatMap { Array(repeating: $0, count: beams) }

        for newCount in 1...limit {
            let best = Profile.measure(.choice) { bestTokens(logits, rows, sentences, processors) }
            var kept: [Sentence] = [], continued: [Int] = []
            var allEnd = true
            for index in sentences.indices {
                let (parents, ends) = advance(&sentences[index], best[index * beams..<(index + 1) * beams], newCount: newCount)
                allEnd = allEnd && ends
                if isDone(sentences[index]) {
                    results[sentences[index].prompt] = self.results(of: sentences[index])
                } else {
                    kept.append(sentences[index])
                    continued += parents.map { rows[index * beams + $0] }
                }
            }
            sentences = kept
            if sentences.isEmpty || allEnd || newCount == limit { break }
            rows = Array(0..<sentences.count * beams)
            logits = try step(sentences.flatMap { $0.running.map { [$0.ids[$0.ids.count - 1]] } }, continuing: continued)
        }
        for sentence in sentences { results[sentence.prompt] = self.results(of: sentence) }
        return results
    }

    /// So many candidates that enough are left if every beam ends in every way.
    private var candidateCount: Int { max(2, 1 + configuration.endTokens.count) * configuration.beamCount }

    /// The best candidates of each beam of each sentence.
    private func bestTokens(
        _ logits: Tensor, _ rows: [Int], _ sentences: [Sentence], _ processors: [any LogitsProcessor]
    ) -> [[Selection.Candidate]] {
        let running = sentences.flatMap(\.running), beams = configuration.beamCount, count = candidateCount
        let histories = sentences.flatMap { sentence in
            sentence.running.map {
                History(ids: $0.ids, promptLength: prompts[sentence.prompt].count, source: sources[sentence.prompt])
            }
        }
        return logits.mapScores(rows: rows, histories, processors, isLogarithm: true) { index, scores in
            var selection = Selection(count: count)
            selection.add(scores, plus: running[index].score, row: index % beams)
            return selection.candidates
        }
    }

    /// Continues the beams of a sentence by a token each.
    ///
    /// - Returns: the beam that each beam continues, and whether all candidates had come to an end.
    private func advance(
        _ sentence: inout Sentence, _ best: ArraySlice<[Selection.Candidate]>, newCount: Int
    ) -> (parents: [Int], ends: Bool) {
        let beams = configuration.beamCount
        var selection = Selection(count: candidateCount)
        for candidate in best.joined() { selection.insert(candidate) }
        let candidates = selection.candidates
        let ends = candidates.map { newCount == limit || configuration.endTokens.contains($0.token) }
        func ids(_ candidate: Selection.Candidate) -> [Int] { sentence.running[candidate.row].ids + [candidate.token] }

        let runningScores = zip(candidates, ends).map { $0.score + ($1 ? Self.hopeless : 0) }
        let order = Self.best(beams, of: runningScores)
        let running = order.map { Running(ids: ids(candidates[$0]), score: runningScores[$0]) }

        let isFull = configuration.earlyStopping == .whenEnough && sentence.finished.allSatisfy(\.isComplete)
        let penalty = powf(Float(newCount), configuration.lengthPenalty)
        var merged = sentence.finished
        for (rank, candidate) in candidates.enumerated() {
            let isComplete = ends[rank] && rank < beams
            var score = candidate.score / penalty
            if isFull { score += Self.hopeless }
            if !sentence.canImprove { score += Self.hopeless }
            if !isComplete { score += Self.hopeless }
            merged.append(Finished(ids: ids(candidate), score: score, isComplete: isComplete))
        }
        sentence.finished = Self.best(beams, of: merged.map(\.score)).map { merged[$0] }
        sentence.running = running
        sentence.canImprove = sentence.canImprove && couldImprove(sentence, newCount: newCount)
        return (order.map { candidates[$0].row }, ends.allSatisfy(\.self))
    }

    /// Whether the best running beam may yet score better than the worst result.
    private func couldImprove(_ sentence: Sentence, newCount: Int) -> Bool {
        let isHopeful = configuration.earlyStopping == .whenImpossibleToImprove && configuration.lengthPenalty > 0
        let possible = sentence.running[0].score / powf(Float(isHopeful ? limit : newCount), configuration.lengthPenalty)
        let worst = sentence.finished.map(\.score).min() ?? Self.hopeless
        return sentence.finished.contains { possible > ($0.isComplete ? worst : Self.hopeless) }
    }

    /// Whether nothing that follows can change the sentence's results.
    private func isDone(_ sentence: Sentence) -> Bool {
        !sentence.canImprove || configuration.earlyStopping == .whenEnough && sentence.finished.allSatisfy(\.isComplete)
    }

    private func results(of sentence: Sentence) -> [GeneratedSequence] {
        sentence.finished.prefix(configuration.resultCount).map { finished in
            let new = Array(finished.ids.dropFirst(prompts[sentence.prompt].count))
            let ends = new.last.map(configuration.endTokens.contains) ?? false
            return GeneratedSequence(ids: new, score: finished.score, ending: ends ? .endToken : .length)
        }
    }

    /// The places of the largest scores, the largest first; of equals, the first.
    private static func best(_ count: Int, of scores: [Float]) -> [Int] {
        Array(scores.indices.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }.prefix(count))
    }
}
