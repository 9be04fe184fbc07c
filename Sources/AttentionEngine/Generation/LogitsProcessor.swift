/// Changes the scores of the tokens that may follow a sequence.
public protocol LogitsProcessor: Sendable {
    /// - Parameters:
    ///   - scores: one for each token: log-probabilities in beam search, else as the model gives them.
    ///   - ids: the sequence so far, its prompt included.
    ///   - promptLength: how many of `ids` are the prompt.
    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int)

    /// The same for those to which it matters what the model read; others need not have it.
    ///
    /// - Parameters:
    ///   - scores: a score for each token, to be changed.
    ///   - ids: the ids so far, the prompt among them.
    ///   - promptLength: how many of them are the prompt.
    ///   - source: the ids of what the encoder read, or where there is none, the prompt.
    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int, source: [Int])

    /// Whether scores that are nearly right are enough: true of one that forbids tokens whatever their scores, and of one that has
    /// `process(_:offBy:after:promptLength:source:)`. The likeliest token is then found much faster.
    var toleratesErrors: Bool { get }

    /// The same to scores each of which may be off by as much as `error`.
    ///
    /// - Returns: whether this has forbidden what it would have forbidden of the exact ones; if not, it is given those.
    func process(
        _ scores: inout MutableSpan<Float>, offBy error: Float, after ids: [Int], promptLength: Int, source: [Int]
    ) -> Bool
}

extension LogitsProcessor {
    public var toleratesErrors: Bool { false }

    public func process(
        _ scores: inout MutableSpan<Float>, offBy error: Float, after ids: [Int], promptLength: Int, source: [Int]
    ) -> Bool {
        process(&scores, after: ids, promptLength: promptLength, source: source)
        return toleratesErrors
    }

    public func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int, source: [Int]) {
        process(&scores, after: ids, promptLength: promptLength)
    }
}

extension GenerationConfiguration {
    /// What the settings do to scores, in the order in which transformers does it.
    ///
    /// - Parameters:
    ///   - limit: the most new tokens.
    ///   - promptLength: that of the longest prompt, to which the others are filled up.
    func processors(limit: Int, promptLength: Int) -> [any LogitsProcessor] {
        var list: [any LogitsProcessor] = []
        if !sequenceBiases.isEmpty { list.append(SequenceBias(sequenceBiases)) }
        if sourceRepetitionPenalty != 1 { list.append(SourceRepetition(penalty: sourceRepetitionPenalty)) }
        if repetitionPenalty != 1 { list.append(RepetitionPenalty(penalty: repetitionPenalty)) }
        if noRepeatNGramSize > 0 { list.append(NoRepeatedNGrams(size: noRepeatNGramSize)) }
        if noSourceNGramSize > 0 { list.append(NoSourceNGrams(size: noSourceNGramSize)) }
        let words = badWords.filter { word in !endTokens.contains { word == [$0] } }
        if !words.isEmpty { list.append(BadWords(words: words)) }
        let least = max(minimumNewTokens, minimumLength - promptLength)
        if least > 0, !endTokens.isEmpty { list.append(MinimumLength(newTokens: least, endTokens: endTokens)) }
        if let forcedFirstToken, promptLength == 1 {
            list.append(ForcedTokens(tokens: [forcedFirstToken]) { $0 == 0 })
        }
        if !forcedLastTokens.isEmpty { list.append(ForcedTokens(tokens: forcedLastTokens) { $0 == limit - 1 }) }
        if replacesInvalidScores { list.append(InvalidScores()) }
        if let exponentialDecay, !endTokens.isEmpty {
            list.append(GrowingEnd(decay: exponentialDecay, endTokens: endTokens))
        }
        if !suppressedTokens.isEmpty { list.append(SuppressedTokens(tokens: suppressedTokens) { _ in true }) }
        if !beginSuppressedTokens.isEmpty {
            // A token that is forced to be the first does not count as one.
            let first = forcedFirstToken != nil && promptLength == 1 ? 1 : 0
            list.append(SuppressedTokens(tokens: beginSuppressedTokens) { $0 == first })
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
        if minP > 0 { list.append(MinP(share: minP)) }
        if typicalP < 1 { list.append(TypicalP(probability: typicalP)) }
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

    var toleratesErrors: Bool { true }

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

    var toleratesErrors: Bool { true }

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        for word in words where ids.count >= word.count - 1 {
            if ids.suffix(word.count - 1).elementsEqual(word.dropLast()), let last = word.last { scores[last] = -.infinity }
        }
    }
}

/// Forbids the end before there is enough.
struct MinimumLength: LogitsProcessor {
    let newTokens: Int
    let endTokens: [Int]

    var toleratesErrors: Bool { true }

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        guard ids.count - promptLength < newTokens else { return }
        for token in endTokens { scores[token] = -.infinity }
    }
}

/// Leaves certain tokens alone after certain numbers of new ones.
struct ForcedTokens: LogitsProcessor {
    let tokens: [Int]
    let applies: @Sendable (_ newCount: Int) -> Bool

    // Several are left with equal scores, of which the first is to be taken.
    var toleratesErrors: Bool { tokens.count == 1 }

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        guard applies(ids.count - promptLength) else { return }
        for token in 0..<scores.count { scores[token] = -.infinity }
        for token in tokens { scores[token] = 0 }
    }
}

/// Forbids certain tokens after certain numbers of new ones.
struct SuppressedTokens: LogitsProcessor {
    let tokens: [Int]
    let applies: @Sendable (_ newCount: Int) -> Bool

    var toleratesErrors: Bool { true }

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        guard applies(ids.count - promptLength) else { return }
        for token in tokens { scores[token] = -.infinity }
    }
}
