import AttentionEngine

/// The grammar of times in what a Whisper model writes (Radford et al., 2022, arXiv:2212.04356): they come in pairs, except
/// before the end, and never go back; and one is written where times together are likelier than any token of text.
struct TimestampRules: LogitsProcessor {
    let vocabulary: SpeechVocabulary

    var toleratesErrors: Bool { true }

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        _ = process(&scores, offBy: 0, after: ids, promptLength: promptLength, source: ids)
    }

    func process(
        _ scores: inout MutableSpan<Float>, offBy error: Float, after ids: [Int], promptLength: Int, source: [Int]
    ) -> Bool {
        forbid(&scores, after: ids, promptLength: promptLength)
        let first = vocabulary.firstTimestamp
        let times = scores.logSumExp(in: first..<scores.count), text = scores.largest(in: 0..<first)
        if times > text { scores.forbid(0..<first) }
        // A sum of exponentials is off by no more than each of its terms.
        return error == 0 || times == -.infinity || text == -.infinity || abs(times - text) > 2 * error
    }

    /// Forbids what the grammar forbids.
    private func forbid(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        let first = vocabulary.firstTimestamp
        let written = ids[min(promptLength, ids.count)...]
        if let noTimestamps = vocabulary.noTimestamps { scores.forbid(noTimestamps..<noTimestamps + 1) }

        let endsWithTime = written.last.map(vocabulary.isTimestamp) ?? false
        let isPaired = written.count < 2 || vocabulary.isTimestamp(written[written.endIndex - 2])
        if endsWithTime { scores.forbid(isPaired ? first..<scores.count : 0..<vocabulary.end) }
        if let latest = written.last(where: vocabulary.isTimestamp) {
            // The second of a pair may be the same time; after a text it must be later.
            scores.forbid(first..<(endsWithTime && !isPaired ? latest : latest + 1))
        }
        if written.isEmpty {
            scores.forbid(0..<first)
            if let latest = vocabulary.maximumInitialTimestamp {
                scores.forbid(first + latest + 1..<max(scores.count, first + latest + 1))
            }
        }
    }
}
