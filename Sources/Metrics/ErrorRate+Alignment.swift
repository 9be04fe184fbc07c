extension ErrorRate {
    /// Lays two texts side by side with the fewest errors (Levenshtein), in memory that grows with their length alone
    /// (Hirschberg, 1975).
    ///
    /// - Parameters:
    ///   - reference: the words that are right.
    ///   - hypothesis: those that were written.
    public static func alignment(_ reference: [String], _ hypothesis: [String]) -> [Step] {
        // Numbers compare fast, and keep apart what `String` holds for the same.
        var numbers: [[Unicode.Scalar]: Int32] = [:]
        func numbered(_ words: [String]) -> [Int32] {
            Words.exact(words).map { word in
                if let known = numbers[word] { return known }
                defer { numbers[word] = Int32(numbers.count) }
                return Int32(numbers.count)
            }
        }
        let (said, written) = (numbered(reference), numbered(hypothesis))
        var steps: [Step] = []
        align(said[...], written[...]) { i, j in
            switch (i, j) {
            case (let i?, let j?):
                steps.append(said[i] == written[j] ? .hit(reference[i]) : .substitution(reference[i], hypothesis[j]))
            case (let i?, nil): steps.append(.deletion(reference[i]))
            case (nil, let j?): steps.append(.insertion(hypothesis[j]))
            default: break
            }
        }
        return steps
    }

    private typealias Numbers = ArraySlice<Int32>
    /// A place in the reference, one in the hypothesis, or both.
    private typealias Pair = (_ reference: Int?, _ hypothesis: Int?) -> Void

    private static func align(_ said: Numbers, _ written: Numbers, _ pair: Pair) {
        guard said.count > 1, said.count * written.count > 1 << 16 else { return alignByTable(said, written, pair) }
        // The best alignment passes through the middle of the reference where both halves together cost least.
        let middle = said.startIndex + said.count / 2
        let before = costs(said[..<middle], written)
        let after = costs(said[middle...].reversed(), written.reversed())
        let split =
            written.indices.reduce((place: 0, cost: before[0] + after[written.count])) { best, index in
                let place = index - written.startIndex + 1, cost = before[place] + after[written.count - place]
                return cost < best.cost ? (place, cost) : best
            }.place + written.startIndex
        align(said[..<middle], written[..<split], pair)
        align(said[middle...], written[split...], pair)
    }

    /// What it costs to make each beginning of the one of all of the other.
    private static func costs(
        _ said: some Collection<Int32>, _ written: some Collection<Int32>
    ) -> [Int32] {
        let written = Array(written)
        var row = (0...written.count).map { Int32($0) }
        for word in said {
            var diagonal = row[0]
            row[0] += 1
            for (j, other) in written.enumerated() {
                let cost = min(diagonal + (word == other ? 0 : 1), row[j + 1] + 1, row[j] + 1)
                (diagonal, row[j + 1]) = (row[j + 1], cost)
            }
        }
        return row
    }

    private static func alignByTable(_ said: Numbers, _ written: Numbers, _ pair: Pair) {
        let width = written.count + 1
        let (first, other) = (said.startIndex, written.startIndex)
        // The first row and column are what it costs to write, or to leave out, everything.
        var costs = [Int32](repeating: 0, count: (said.count + 1) * width)
        for j in 0..<width { costs[j] = Int32(j) }
        for i in 0..<said.count {
            costs[(i + 1) * width] = Int32(i + 1)
            for j in 0..<written.count {
                let diagonal = costs[i * width + j] + (said[first + i] == written[other + j] ? 0 : 1)
                costs[(i + 1) * width + j + 1] = min(diagonal, costs[i * width + j + 1] + 1, costs[(i + 1) * width + j] + 1)
            }
        }
        var (i, j, pairs): (Int, Int, [(Int?, Int?)]) = (said.count, written.count, [])
        while i > 0 || j > 0 {
            let cost = costs[i * width + j]
            if i > 0, j > 0, cost == costs[(i - 1) * width + j - 1] + (said[first + i - 1] == written[other + j - 1] ? 0 : 1) {
                (i, j) = (i - 1, j - 1)
                pairs.append((first + i, other + j))
            } else if i > 0, cost == costs[(i - 1) * width + j] + 1 {
                i -= 1
                pairs.append((first + i, nil))
            } else {
                j -= 1
                pairs.append((nil, other + j))
            }
        }
        for (i, j) in pairs.reversed() { pair(i, j) }
    }
}
