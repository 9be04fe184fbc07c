import CKernels

/// A sequence that is being continued.
private struct Row {
    var prompt: Int
    var ids: [Int]
    var random: SeededGenerator
}

extension Generator {
    /// Takes the likeliest token, or samples one, for each row; rows that end leave the batch.
    func followSingleTokens(
        _ step: inout some GenerationStep, prompts: [[Int]], limit: Int, onToken: ((Int, Int) throws -> Bool)?
    ) throws -> [[GeneratedSequence]] {
        let copies = configuration.resultCount
        let processors = allProcessors(limit: limit)
        var seeds = SeededGenerator(state: configuration.seed)
        var rows = prompts.enumerated().flatMap { index, prompt in
            (0..<copies).map { _ in Row(prompt: index, ids: prompt, random: SeededGenerator(state: seeds.next())) }
        }
        var results = prompts.map { _ in [GeneratedSequence]() }
        let vocabularySize = step.vocabularySize

        var logits = try step(prompts, continuing: Array(prompts.indices))
        var sources = rows.map(\.prompt)
        while !rows.isEmpty {
            let scores = processed(logits, rows: sources, isLogarithm: false, processors, vocabularySize) { row in
                (rows[row].ids, prompts[rows[row].prompt].count)
            }
            var kept: [Int] = []
            for index in rows.indices {
                let token = scores.withRow(index) {
                    configuration.isSampling ? rows[index].random.draw($0) : $0.indexOfLargest
                }
                rows[index].ids.append(token)
                let prompt = rows[index].prompt, newCount = rows[index].ids.count - prompts[prompt].count
                let goesOn = try onToken?(prompt, token) ?? true
                let ending: GeneratedSequence.Ending? =
                    configuration.endTokens.contains(token)
                    ? .endToken : !goesOn ? .stopped : newCount == limit ? .length : nil
                if let ending {
                    let new = Array(rows[index].ids.suffix(newCount))
                    results[prompt].append(GeneratedSequence(ids: new, score: nil, ending: ending))
                } else {
                    kept.append(index)
                }
            }
            if kept.isEmpty { break }
            // At first several rows may continue one prompt.
            let continued = kept.map { sources[$0] }
            rows = kept.map { rows[$0] }
            sources = Array(rows.indices)
            logits = try step(rows.map { [$0.ids[$0.ids.count - 1]] }, continuing: continued)
        }
        return results
    }

    /// The scores of each row after all processors, in new memory.
    ///
    /// - Parameters:
    ///   - logits: `[model rows, vocabulary]`.
    ///   - rows: the model row of each row of the result.
    ///   - isLogarithm: whether log-softmax comes first.
    ///   - ids: the tokens of a row of the result, and how many of them are its prompt.
    func processed(
        _ logits: Tensor, rows: [Int], isLogarithm: Bool, _ processors: [any LogitsProcessor], _ vocabularySize: Int,
        ids: (_ row: Int) -> (ids: [Int], promptLength: Int)
    ) -> Tensor {
        precondition(logits.width == vocabularySize, "scores for another vocabulary")
        if processors.isEmpty, !isLogarithm, rows.elementsEqual(0..<logits.shape[0]) { return logits }
        let histories = processors.isEmpty ? [] : rows.indices.map(ids)
        return logits.withFloatBuffer { input in
            Tensor(shape: [rows.count, vocabularySize]) { (output: UnsafeMutableBufferPointer<Float>) in
                guard let from = input.baseAddress, let to = output.baseAddress else { return }
                let source = SharedReading(pointer: from), target = SharedPointer(pointer: to)
                Processor.parallel(count: rows.count) { range in
                    for row in range {
                        let scores = target + row * vocabularySize
                        if isLogarithm {
                            kernels.pointee.log_softmax(source + rows[row] * vocabularySize, scores, Int64(vocabularySize))
                        } else {
                            scores.update(from: source + rows[row] * vocabularySize, count: vocabularySize)
                        }
                        if processors.isEmpty { continue }
                        var span = UnsafeMutableBufferPointer(start: scores, count: vocabularySize).mutableSpan
                        for processor in processors {
                            processor.process(&span, after: histories[row].ids, promptLength: histories[row].promptLength)
                        }
                    }
                }
            }
        }
    }
}

extension Tensor {
    /// Lends one row.
    func withRow<R>(_ row: Int, _ body: (UnsafeBufferPointer<Float>) -> R) -> R {
        withFloatBuffer { body(UnsafeBufferPointer(rebasing: $0[row * width..<(row + 1) * width])) }
    }
}

extension UnsafeBufferPointer<Float> {
    /// The first of the largest elements.
    var indexOfLargest: Int {
        var best = Selection(count: 1)
        best.add(self, plus: 0, row: 0)
        return best.candidates.first?.token ?? 0
    }
}
