/// How far two measures of the same things agree, as scipy's `pearsonr` and `spearmanr` have it.
public struct Correlation: Sendable, Hashable, Codable {
    private var left: [Double] = []
    private var right: [Double] = []

    /// Creates that of nothing.
    public init() {}

    /// How many pairs there are.
    public var count: Int { left.count }

    /// Adds a thing's two measures.
    public mutating func add(_ first: Double, _ second: Double) {
        left.append(first)
        right.append(second)
    }

    /// Adds those of another.
    public mutating func merge(_ other: Correlation) {
        left += other.left
        right += other.right
    }

    /// Pearson's: 1 where one is a line of the other, going up. Not a number for fewer than two pairs, or where all of one are alike.
    public var pearson: Double { Self.pearson(left, right) }

    /// Spearman's: 1 where the one orders things as the other does; equal ones share their rank.
    public var spearman: Double { Self.pearson(Self.ranks(left), Self.ranks(right)) }

    private static func pearson(_ left: [Double], _ right: [Double]) -> Double {
        guard left.count > 1 else { return .nan }
        let count = Double(left.count), means = (left.reduce(0, +) / count, right.reduce(0, +) / count)
        var (both, first, second) = (0.0, 0.0, 0.0)
        for (x, y) in zip(left, right) {
            both += (x - means.0) * (y - means.1)
            first += (x - means.0) * (x - means.0)
            second += (y - means.1) * (y - means.1)
        }
        return both / (first.squareRoot() * second.squareRoot())
    }

    private static func ranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count), start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
            for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
            start = end
        }
        return ranks
    }
}
