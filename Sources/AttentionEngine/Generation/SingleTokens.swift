import CKernels

/// A sequence that is being continued.
private struct Row: Sendable {
    var prompt: Int
    var ids: [Int]
    var random: SeededGenerator
    var logProbability: Float = 0
}

/// What was chosen for a row.
private struct Choice: Sendable {
    var token: Int
    var random: SeededGenerator
    var logProbability: Float
}

extension Generator {
    /// Takes the likeliest token, or samples one, for each row; rows that end leave the batch.
    func followSingleTokens(
        _ step: inout some GenerationStep, prompts: [[Int]], sources: [[Int]], limit: Int,
        onToken: ((Int, Int) throws -> Bool)?
    ) throws -> [[GeneratedSequence]] {
        let copies = configuration.resultCount
        let processors = allProcessors(limit: limit, prompts: prompts)
        var seeds = SeededGenerator(state: configuration.seed)
        var rows = prompts.enumerated().flatMap { index, prompt in
            (0..<copies).map { _ in Row(prompt: index, ids: prompt, random: SeededGenerator(state: seeds.next())) }
        }
        var results = prompts.map { _ in [GeneratedSequence]() }

        let areErrorsTolerated = !configuration.isSampling && processors.allSatisfy(\.toleratesErrors)
        var scores = GenerationScores.exact(try step(prompts, continuing: Array(prompts.indices)))
        // The row of the model's last step at which each row stands.
        var places = rows.map(\.prompt)
        while !rows.isEmpty {
            let tokens = Profile.measure(.choice) {
                choose(scores, rows, places, processors) {
                    History(ids: $0.ids, promptLength: prompts[$0.prompt].count, source: sources[$0.prompt])
                }
            }
            var kept: [Int] = []
            for index in rows.indices {
                let token = tokens[index].token
                rows[index].random = tokens[index].random
                rows[index].logProbability += tokens[index].logProbability
                rows[index].ids.append(token)
                let prompt = rows[index].prompt, newCount = rows[index].ids.count - prompts[prompt].count
                let goesOn = try onToken?(prompt, token) ?? true
                let ending: GeneratedSequence.Ending? =
                    configuration.endTokens.contains(token)
                    ? .endToken : !goesOn ? .stopped : newCount == limit ? .length : nil
                if let ending {
                    let new = Array(rows[index].ids.suffix(newCount))
                    results[prompt].append(
                        GeneratedSequence(
                            ids: new, score: nil, logProbability: recordsLogProbabilities ? rows[index].logProbability : nil,
                            ending: ending))
                } else {
                    kept.append(index)
                }
            }
            if kept.isEmpty { break }
            // At first several rows may continue one prompt.
            let continued = kept.map { places[$0] }
            rows = kept.map { rows[$0] }
            places = Array(rows.indices)
            scores = try step.scores(
                rows.map { [$0.ids[$0.ids.count - 1]] }, continuing: continued, approximately: areErrorsTolerated)
        }
        return results
    }

    /// The next token of each row, and its generator after it.
    private func choose(
        _ scores: GenerationScores, _ rows: [Row], _ places: [Int], _ processors: [any LogitsProcessor],
        history: (Row) -> History
    ) -> [Choice] {
        switch scores {
        case .exact(let logits): choose(logits, rows, places, processors, histories: rows.map(history))
        case .approximate(let scores): choose(scores, rows, processors, histories: rows.map(history))
        }
    }

    private func choose(
        _ logits: Tensor, _ rows: [Row], _ places: [Int], _ processors: [any LogitsProcessor], histories: [History]
    ) -> [Choice] {
        let isSampling = configuration.isSampling, isRecording = recordsLogProbabilities
        let temperature = isSampling ? configuration.temperature : 1
        return logits.mapScores(rows: places, histories, processors, isLogarithm: false) { row, scores in
            var random = rows[row].random
            let token = isSampling ? random.draw(scores) : scores.indexOfLargest
            return Choice(
                token: token, random: random,
                logProbability: isRecording ? scores.logProbability(of: token, temperature: temperature) : 0)
        }
    }

    /// The likeliest token of each row, exactly; the other tokens' part in its probability may be off by some thousandths.
    private func choose(
        _ scores: ApproximateScores, _ rows: [Row], _ processors: [any LogitsProcessor], histories: [History]
    ) -> [Choice] {
        let isRecording = recordsLogProbabilities
        return scores.mapScores(rowCount: rows.count, histories, processors) { row, allowed, isExact in
            let token = isExact ? UnsafeBufferPointer(allowed).indexOfLargest : scores.likeliest(ofRow: row, among: allowed)
            return Choice(
                token: token, random: rows[row].random,
                logProbability: isRecording ? UnsafeBufferPointer(allowed).logProbability(of: token, temperature: 1) : 0)
        }
    }
}

extension UnsafeBufferPointer<Float> {
    /// The first of the largest elements.
    fileprivate var indexOfLargest: Int {
        var best = Selection(count: 1)
        best.add(self, plus: 0, row: 0)
        return best.candidates.first?.token ?? 0
    }

    /// The logarithm of a token's probability, where scores were divided by a temperature.
    fileprivate func logProbability(of token: Int, temperature: Float) -> Float {
        guard let start = baseAddress, indices.contains(token) else { return 0 }
        let logarithms = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            guard let result = buffer.baseAddress else { return }
            kernels.pointee.scale(start, temperature, result, Int64(count))
            kernels.pointee.log_softmax(result, result, Int64(count))
            initialized = count
        }
        return logarithms[token]
    }
}
