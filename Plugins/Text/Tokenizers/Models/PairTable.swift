/// Which pairs of tokens merge, how early, and into what.
struct PairTable: Sendable {
    private var keys: [UInt64]
    private var ranks: [Int32]
    private var merged: [Int32]
    private let mask: Int
    private static let empty = UInt64.max

    init(capacity: Int) {
        var count = 16
        while count < 2 * capacity { count *= 2 }
        mask = count - 1
        keys = Array(repeating: Self.empty, count: count)
        ranks = Array(repeating: 0, count: count)
        merged = Array(repeating: 0, count: count)
    }

    /// Adds a pair; one that is there already gets the new rank, as in the reference. No more than `capacity` pairs fit.
    mutating func insert(_ left: Int, _ right: Int, rank: Int, merged id: Int) {
        let slot = slot(Self.key(Int32(truncatingIfNeeded: left), Int32(truncatingIfNeeded: right)))
        keys[slot] = Self.key(Int32(truncatingIfNeeded: left), Int32(truncatingIfNeeded: right))
        ranks[slot] = Int32(truncatingIfNeeded: rank)
        merged[slot] = Int32(truncatingIfNeeded: id)
    }

    /// The merge of a pair; the rank is `Int32.max` where they do not merge.
    @inline(__always)
    func merge(_ left: Int32, _ right: Int32) -> (rank: Int32, id: Int32) {
        let slot = slot(Self.key(left, right))
        return keys[slot] == Self.empty ? (Int32.max, -1) : (ranks[slot], merged[slot])
    }

    @inline(__always)
    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    private func slot(_ key: UInt64) -> Int {
        var slot = Int(truncatingIfNeeded: ByteHash.mixed(key)) & mask
        while keys[slot] != Self.empty && keys[slot] != key { slot = (slot + 1) & mask }
        return slot
    }
}

/// A token of a word that is being merged.
struct MergingSymbol {
    /// The token's id; -1 once merged into the one before.
    var id: Int32
    /// How early it merges with the next, `Int32.max` if never, and into what.
    var rank: Int32 = .max
    var merged: Int32 = -1

    init(_ id: Int) { self.id = Int32(truncatingIfNeeded: id) }
}

extension PairTable {
    /// Words of more symbols are merged with a queue.
    private static let shortWord = 48

    /// Merges pairs, the earliest rank first and the leftmost of one rank, until none is left.
    func merge(_ symbols: inout [MergingSymbol]) {
        if symbols.count < 2 { return }
        for index in 0..<symbols.count - 1 { update(&symbols, index, index + 1) }
        if symbols.count <= Self.shortWord { mergeShort(&symbols) } else { mergeLong(&symbols) }
    }

    @inline(__always)
    private func update(_ symbols: inout [MergingSymbol], _ left: Int, _ right: Int) {
        let merge = merge(symbols[left].id, symbols[right].id)
        symbols[left].rank = merge.rank
        symbols[left].merged = merge.id
    }

    private func mergeShort(_ symbols: inout [MergingSymbol]) {
        var count = symbols.count
        while true {
            var best = 0
            for index in 1..<count where symbols[index].rank < symbols[best].rank { best = index }
            if symbols[best].rank == .max { break }
            symbols[best].id = symbols[best].merged
            for index in best + 1..<count - 1 { symbols[index] = symbols[index + 1] }
            count -= 1
            symbols[best].rank = .max
            if best + 1 < count { update(&symbols, best, best + 1) }
            if best > 0 { update(&symbols, best - 1, best) }
            if count == 1 { break }
        }
        symbols.removeLast(symbols.count - count)
    }

    /// A queue of candidates, those overtaken by other merges among them, and links between the symbols that are left.
    private func mergeLong(_ symbols: inout [MergingSymbol]) {
        let count = symbols.count
        var next = (1...count).map { Int32(truncatingIfNeeded: $0) }
        var previous = (0..<count).map { Int32(truncatingIfNeeded: $0 - 1) }
        var queue = PriorityQueue<UInt64>()
        // The rank, then the place: the order in which they merge.
        func push(_ index: Int) {
            let rank = symbols[index].rank
            if rank != .max { queue.push(UInt64(UInt32(bitPattern: rank)) << 32 | UInt64(index)) }
        }
        for index in 0..<count { push(index) }
        while let top = queue.pop() {
            let left = Int(top & 0xFFFF_FFFF)
            guard symbols[left].id >= 0, symbols[left].rank == Int32(truncatingIfNeeded: top >> 32) else { continue }
            let right = Int(next[left])
            symbols[left].id = symbols[left].merged
            symbols[left].rank = .max
            symbols[right].id = -1
            next[left] = next[right]
            if Int(next[left]) < count {
                previous[Int(next[left])] = Int32(truncatingIfNeeded: left)
                update(&symbols, left, Int(next[left]))
                push(left)
            }
            if previous[left] >= 0 {
                update(&symbols, Int(previous[left]), left)
                push(Int(previous[left]))
            }
        }
    }
}
