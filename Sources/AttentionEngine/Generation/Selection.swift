import CKernels

/// The best of very many scores, without sorting them: whole stretches without a candidate are passed over.
struct Selection {
    struct Candidate: Sendable {
        var score: Float
        var row: Int
        var token: Int
    }

    private static let stretch = 128
    let count: Int
    /// The best so far, the best first; of equals, the one added first.
    private(set) var candidates: [Candidate] = []

    init(count: Int) {
        self.count = count
        candidates.reserveCapacity(count + 1)
    }

    /// Adds a score for each token of a row, `addend` being added to each.
    mutating func add(_ scores: UnsafeBufferPointer<Float>, plus addend: Float, row: Int) {
        guard let start = scores.baseAddress, count > 0 else { return }
        for first in stride(from: 0, to: scores.count, by: Self.stretch) {
            let length = min(Self.stretch, scores.count - first)
            let isFull = candidates.count == count
            if isFull, !(kernels.pointee.largest(start + first, Int64(length)) + addend > candidates[count - 1].score) {
                continue
            }
            for token in first..<first + length { insert(Candidate(score: start[token] + addend, row: row, token: token)) }
        }
    }

    mutating func insert(_ candidate: Candidate) {
        if candidates.count == count {
            guard candidate.score > candidates[count - 1].score else { return }
            candidates.removeLast()
        }
        var low = 0, high = candidates.count
        while low < high {
            let middle = (low + high) / 2
            if candidates[middle].score >= candidate.score { low = middle + 1 } else { high = middle }
        }
        candidates.insert(candidate, at: low)
    }
}
