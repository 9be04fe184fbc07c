import CKernels

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Adds to the score of each sequence's last token where its others have just come.
struct SequenceBias: LogitsProcessor {
    private let sequences: [GenerationConfiguration.BiasedSequence]

    /// Of equal sequences the last counts.
    init(_ sequences: [GenerationConfiguration.BiasedSequence]) {
        var seen: Set<[Int]> = []
        self.sequences = sequences.reversed().filter { seen.insert($0.ids).inserted }
    }

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        for sequence in sequences where ids.count >= sequence.ids.count - 1 {
            guard let last = sequence.ids.last, ids.suffix(sequence.ids.count - 1).elementsEqual(sequence.ids.dropLast()) else {
                continue
            }
            scores[last] += sequence.bias
        }
    }
}

/// Makes the end likelier with each token after a first few.
struct GrowingEnd: LogitsProcessor {
    let decay: GenerationConfiguration.ExponentialDecay
    let endTokens: [Int]

    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        let count = ids.count - promptLength - decay.start
        guard count > 0 else { return }
        let growth = Float(pow(Double(decay.factor), Double(count)) - 1)
        for token in endTokens where scores[token].isFinite { scores[token] += abs(scores[token]) * growth }
    }
}

/// Takes scores that are no numbers as 0, and infinite ones as the largest there are.
struct InvalidScores: LogitsProcessor {
    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        let most = Float.greatestFiniteMagnitude
        for token in 0..<scores.count {
            let score = scores[token]
            scores[token] = score.isNaN ? 0 : min(max(score, -most), most)
        }
    }
}

/// Makes scores log-probabilities.
struct Renormalization: LogitsProcessor {
    func process(_ scores: inout MutableSpan<Float>, after ids: [Int], promptLength: Int) {
        scores.withUnsafeMutableBufferPointer { scores in
            guard let start = scores.baseAddress, !scores.isEmpty else { return }
            kernels.pointee.log_softmax(start, start, Int64(scores.count))
        }
    }
}
