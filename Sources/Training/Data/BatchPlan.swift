import AttentionEngine

/// How an epoch's examples are put together to batches.
public enum BatchPlan: Sendable {
    /// So many examples in each; the last may have fewer.
    case count(Int)
    /// Examples of like length, so many that the longest length times their number stays within a budget. An example longer
    /// than the budget is a batch of its own.
    case tokens(budget: Int, lengths: [Int])

    /// How many batches' worth of examples are sorted by length together.
    private static let sortedBatches = 50

    /// The batches of an epoch, in order.
    ///
    /// - Parameters:
    ///   - indices: the examples.
    ///   - state: what the order is drawn from.
    public func batches(of indices: [Int], state: UInt64) -> [[Int]] {
        var generator = SeededGenerator(state: state)
        let order = indices.shuffled(using: &generator)
        switch self {
        case .count(let size):
            let size = max(1, size)
            return stride(from: 0, to: order.count, by: size).map { Array(order[$0..<min($0 + size, order.count)]) }
        case .tokens(let budget, let lengths):
            func length(_ index: Int) -> Int { lengths.indices.contains(index) ? max(1, lengths[index]) : 1 }
            var batches: [[Int]] = []
            var (window, tokens): ([(place: Int, index: Int)], Int) = ([], 0)
            func flush() {
                window.sort { (length($0.index), $0.place) < (length($1.index), $1.place) }
                var batch: [Int] = []
                for (_, index) in window {
                    let (product, overflows) = (batch.count + 1).multipliedReportingOverflow(by: length(index))
                    if !batch.isEmpty, overflows || product > budget {
                        batches.append(batch)
                        batch = []
                    }
                    batch.append(index)
                }
                if !batch.isEmpty { batches.append(batch) }
                (window, tokens) = ([], 0)
            }
            for (place, index) in order.enumerated() {
                window.append((place, index))
                tokens += min(length(index), 1 << 32)
                if tokens / Self.sortedBatches >= budget { flush() }
            }
            flush()
            return batches.shuffled(using: &generator)
        }
    }
}
