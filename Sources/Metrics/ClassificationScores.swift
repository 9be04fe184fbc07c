/// How well a classifier tells labels apart, as scikit-learn counts it.
public struct ClassificationScores: Sendable, Hashable, Codable {
    /// How many labels there are.
    public let labelCount: Int
    /// How often the right label was among the likeliest few.
    public private(set) var amongTop = 0
    /// How many are the likeliest few.
    public let top: Int
    /// `[right label][answer]`
    public private(set) var confusion: [[Int]]

    /// Creates scores of nothing yet.
    ///
    /// - Parameters:
    ///   - labelCount: how many labels there are.
    ///   - top: how many answers may hold the right one for `topAccuracy`.
    public init(labelCount: Int, top: Int = 5) {
        (self.labelCount, self.top) = (max(0, labelCount), max(1, top))
        confusion = Array(repeating: Array(repeating: 0, count: max(0, labelCount)), count: max(0, labelCount))
    }

    /// Counts an example.
    ///
    /// - Parameters:
    ///   - label: the right one.
    ///   - answers: the labels as the model ranks them, the likeliest first.
    public mutating func add(label: Int, answers: [Int]) {
        guard let answer = answers.first, confusion.indices.contains(label), confusion.indices.contains(answer) else { return }
        confusion[label][answer] += 1
        if answers.prefix(top).contains(label) { amongTop += 1 }
    }

    /// Adds what another with the same labels has counted.
    public mutating func merge(_ other: ClassificationScores) {
        for (label, row) in other.confusion.enumerated() where confusion.indices.contains(label) {
            for (answer, count) in row.enumerated() { confusion[label][answer] += count }
        }
        amongTop += other.amongTop
    }

    /// How many examples were counted.
    public var count: Int { confusion.reduce(0) { $0 + $1.reduce(0, +) } }
    /// The share of examples whose likeliest label is right.
    public var accuracy: Double { share(confusion.indices.reduce(0) { $0 + confusion[$1][$1] }, count) }
    /// The share of examples with the right label among the likeliest few.
    public var topAccuracy: Double { share(amongTop, count) }

    private func share(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }

    /// Precision, recall and their harmonic mean, each from 0 to 1.
    public struct Scores: Sendable, Hashable, Codable {
        /// The share of the answers with this label that are right; 0 where there are none.
        public var precision: Double
        /// The share of the examples with this label that were found; 0 where there are none.
        public var recall: Double
        /// The harmonic mean of both; 0 where both are.
        public var f1: Double
        /// How many examples have this label.
        public var support: Int
    }

    /// The scores of a label.
    ///
    /// - Parameter label: from 0 to `labelCount - 1`; any other was never seen.
    public func scores(of label: Int) -> Scores {
        guard confusion.indices.contains(label) else { return Scores(precision: 0, recall: 0, f1: 0, support: 0) }
        let right = confusion[label][label], support = confusion[label].reduce(0, +)
        let answers = confusion.reduce(0) { $0 + $1[label] }
        return Scores(
            precision: share(right, answers), recall: share(right, support), f1: share(2 * right, answers + support),
            support: support)
    }

    /// Labels that occur, as the right one or as an answer.
    private var occurring: [Scores] {
        confusion.indices.filter { label in
            confusion[label].contains { $0 > 0 } || confusion.contains { $0[label] > 0 }
        }.map(scores(of:))
    }

    /// The mean over labels that occur, each counting the same.
    public var macro: Scores { mean { _ in 1 } }
    /// The mean over labels, each counting as often as it occurs.
    public var weighted: Scores { mean { Double($0.support) } }
    /// All examples together: with one label each, all three are the accuracy.
    public var micro: Scores { Scores(precision: accuracy, recall: accuracy, f1: accuracy, support: count) }

    private func mean(_ weight: (Scores) -> Double) -> Scores {
        let scores = occurring, whole = scores.reduce(0) { $0 + weight($1) }
        func mean(_ value: (Scores) -> Double) -> Double {
            whole == 0 ? 0 : scores.reduce(0) { $0 + weight($1) * value($1) } / whole
        }
        return Scores(precision: mean(\.precision), recall: mean(\.recall), f1: mean(\.f1), support: count)
    }

    /// What is taken for what, the most frequent first.
    public var confusions: [(label: Int, answer: Int, count: Int)] {
        var found: [(label: Int, answer: Int, count: Int)] = []
        for (label, row) in confusion.enumerated() {
            for (answer, count) in row.enumerated() where answer != label && count > 0 { found.append((label, answer, count)) }
        }
        return found.sorted { ($1.count, $0.label, $0.answer) < ($0.count, $1.label, $1.answer) }
    }
}
