/// Changes the scores of the tokens that may follow a sequence.
public protocol LogitsProcessor: Sendable {
    /// - Parameters:
    ///   - scores: one for each token: log-probabilities in beam search, else as the model gives them.
    ///   - ids: the sequence so far, its prompt included.
    ///   - promptLength: how many of `ids` are the prompt.
    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int)
}

extension GenerationConfiguration {
    /// What the settings do to scores, in the order in which transformers does it.
    func processors(limit: Int) -> [any LogitsProcessor] {
        var list: [any LogitsProcessor] = []
        if repetitionPenalty != 1 { list.append(RepetitionPenalty(penalty: repetitionPenalty)) }
        if noRepeatNGramSize > 0 { list.append(NoRepeatedNGrams(size: noRepeatNGramSize)) }
        let words = badWords.filter { word in !endTokens.contains { word == [$0] } }
        if !words.isEmpty { list.append(BadWords(words: words)) }
        if minimumLength > 0 || minimumNewTokens > 0, !endTokens.isEmpty {
            list.append(
                MinimumLength(minimumLength: minimumLength, minimumNewTokens: minimumNewTokens, endTokens: endTokens))
        }
        if let forcedFirstToken {
            list.append(ForcedTokens(tokens: [forcedFirstToken]) { length, _ in length == 1 })
        }
        if !forcedLastTokens.isEmpty {
            list.append(ForcedTokens(tokens: forcedLastTokens) { $1 == limit - 1 })
        }
        if !suppressedTokens.isEmpty { list.append(SuppressedTokens(tokens: suppressedTokens) { _, _ in true }) }
        if !beginSuppressedTokens.isEmpty {
            let isForced = forcedFirstToken != nil
            list.append(
                SuppressedTokens(tokens: beginSuppressedTokens) { length, new in
                    // A token that is forced to be the first does not count as one.
                    isForced && length - new == 1 ? new == 1 : new == 0
                })
        }
        return list
    }

    /// What sampling does to scores before it draws.
    var samplingProcessors: [any LogitsProcessor] {
        guard isSampling else { return [] }
        var list: [any LogitsProcessor] = []
        if temperature != 1 { list.append(Temperature(temperature: temperature)) }
        if topK > 0 { list.append(TopK(count: topK)) }
        if topP < 1 { list.append(TopP(probability: topP)) }
        return list
    }
}

/// Makes tokens that were there less likely (Keskar et al., 2019, arXiv:1909.05858).
struct RepetitionPenalty: LogitsProcessor {
    let penalty: Float

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        for id in Set(ids) where id >= 0 && id < scores.count {
            scores[id] = scores[id] < 0 ? scores[id] * penalty : scores[id] / penalty
        }
    }
}

/// Forbids a token that would complete a sequence of tokens which was there before.
struct NoRepeatedNGrams: LogitsProcessor {
    let size: Int

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        guard ids.count >= size else { return }
        let prefix = ids.suffix(size - 1)
        for start in 0...ids.count - size where ids[start..<start + size - 1].elementsEqual(prefix) {
            let banned = ids[start + size - 1]
            if banned >= 0, banned < scores.count { scores[banned] = -.infinity }
        }
    }
}

/// Forbids the last token of each word whose other tokens have just come.
struct BadWords: LogitsProcessor {
    let words: [[Int]]

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        for word in words where ids.count >= word.count - 1 {
            if ids.suffix(word.count - 1).elementsEqual(word.dropLast()), let last = word.last { scores[last] = -.infinity }
        }
    }
}

/// Forbids the end before there is enough.
struct MinimumLength: LogitsProcessor {
    let minimumLength: Int
    let minimumNewTokens: Int
    let endTokens: [Int]

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        guard ids.count < minimumLength || ids.count - promptLength < minimumNewTokens else { return }
        for token in endTokens { scores[token] = -.infinity }
    }
}

/// Leaves certain tokens alone at certain lengths.
struct ForcedTokens: LogitsProcessor {
    let tokens: [Int]
    let applies: @Sendable (_ length: Int, _ newCount: Int) -> Bool

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        guard applies(ids.count, ids.count - promptLength) else { return }
        for token in 0..<scores.count { scores[token] = -.infinity }
        for token in tokens { scores[token] = 0 }
    }
}

/// Forbids certain tokens at certain lengths.
struct SuppressedTokens: LogitsProcessor {
    let tokens: [Int]
    let applies: @Sendable (_ length: Int, _ newCount: Int) -> Bool

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        guard applies(ids.count, ids.count - promptLength) else { return }
        for token in tokens { scores[token] = -.infinity }
    }
}
