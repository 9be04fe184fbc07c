public import AttentionEngine

/// Which examples are learned from, and which are held out to see how well.
public struct DataSplit: Sendable, Hashable {
    /// The examples to learn from, in order.
    public let training: [Int]
    /// The others, in order.
    public let heldOut: [Int]

    /// Holds out a share of the groups (speakers, or English sentences), so that none is on both sides. Which, depends on seed and
    /// name alone: data that is added later moves no group to the other side.
    ///
    /// - Parameters:
    ///   - groups: each example's group.
    ///   - fraction: about how much to hold out, above 0 and below 1.
    ///   - seed: what decides which they are.
    /// - Throws: `InputError` where a side would be empty.
    public init(groups: [String], fraction: Double, seed: UInt64) throws(InputError) {
        try self.init(count: groups.count, fraction: fraction) { index in
            var hash = RandomSeed.mixed(seed)
            for byte in groups[index].utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
            return RandomSeed.mixed(hash)
        }
    }

    /// Holds out a share of the examples.
    ///
    /// - Parameters:
    ///   - count: how many there are.
    ///   - fraction: about how much to hold out, above 0 and below 1.
    ///   - seed: what decides which they are.
    /// - Throws: `InputError` where a side would be empty.
    public init(count: Int, fraction: Double, seed: UInt64) throws(InputError) {
        try self.init(count: count, fraction: fraction) { RandomSeed.of(seed, epoch: 0, index: $0) }
    }

    /// The first examples are learned from, and the rest is held out.
    ///
    /// - Parameters:
    ///   - count: how many to learn from.
    ///   - heldOutCount: how many there are after them.
    public init(first count: Int, then heldOutCount: Int) {
        (training, heldOut) = (Array(0..<count), Array(count..<count + heldOutCount))
    }

    private init(count: Int, fraction: Double, _ hash: (Int) -> UInt64) throws(InputError) {
        guard fraction > 0, fraction < 1 else {
            throw InputError(
                "", found: "a held-out share of \(fraction)", needed: "one above 0 and below 1", remedy: "0.1 is usual")
        }
        var (training, heldOut): ([Int], [Int]) = ([], [])
        for index in 0..<count {
            if Double(hash(index) >> 11) * 0x1p-53 < fraction { heldOut.append(index) } else { training.append(index) }
        }
        guard !training.isEmpty, !heldOut.isEmpty else {
            throw InputError(
                "", found: "\(count) examples, of which \(heldOut.count) would be held out", needed: "some on each side",
                remedy: "Give more data or groups, another seed or another share")
        }
        self.training = training
        self.heldOut = heldOut
    }
}
