import AttentionEngine

/// Where in its data a training run is: what it needs to go on with the very example that would have come next.
public struct DataPosition: Codable, Sendable, Hashable {
    /// How often all examples have been passed.
    public var epoch: Int
    /// How many batches of this epoch have been taken.
    public var batch: Int
    /// The state that the epoch's order is drawn from.
    public var generatorState: UInt64

    /// The start of an epoch.
    public init(seed: UInt64, epoch: Int = 0) {
        self.epoch = epoch
        batch = 0
        generatorState = RandomSeed.of(seed, epoch: epoch)
    }
}

/// Seeds for what is random about one epoch or example, so that it depends on nothing that was drawn before.
public enum RandomSeed {
    /// The seed of an epoch.
    public static func of(_ seed: UInt64, epoch: Int) -> UInt64 { mixed(mixed(seed) ^ UInt64(bitPattern: Int64(epoch))) }

    /// The seed of an example in an epoch, for its augmentation.
    public static func of(_ seed: UInt64, epoch: Int, index: Int) -> UInt64 {
        mixed(of(seed, epoch: epoch) ^ UInt64(bitPattern: Int64(index)))
    }

    static func mixed(_ value: UInt64) -> UInt64 {
        var generator = SeededGenerator(state: value)
        return generator.next()
    }
}
