/// Makes tokens of what the model read likelier, by a factor above 1, or less likely.
struct SourceRepetition: LogitsProcessor {
    private let penalty: RepetitionPenalty

    init(penalty: Float) { self.penalty = RepetitionPenalty(penalty: 1 / penalty) }

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        process(&scores, after: ids, promptLength: promptLength, source: Array(ids.prefix(promptLength)))
    }

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int, source: [Int]) {
        penalty.process(&scores, after: source, promptLength: source.count)
    }
}

/// Forbids a token that would complete a sequence of tokens of what the model read.
struct NoSourceNGrams: LogitsProcessor {
    let size: Int

    var toleratesErrors: Bool { true }

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        process(&scores, after: ids, promptLength: promptLength, source: Array(ids.prefix(promptLength)))
    }

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int, source: [Int]) {
        guard ids.count >= size - 1, source.count >= size else { return }
        let prefix = ids.suffix(size - 1)
        for start in 0...source.count - size where source[start..<start + size - 1].elementsEqual(prefix) {
            let banned = source[start + size - 1]
            if banned >= 0, banned < scores.count { scores[banned] = -.infinity }
        }
    }
}
