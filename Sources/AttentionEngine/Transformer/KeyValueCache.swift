import CKernels

/// The keys and values of the positions that a decoder has seen, so that a step computes only those of the new one.
///
/// A position's keys and values are written once and never moved: each row has a list of where those of each position stand,
/// and `reorder` rearranges the lists. So beams that share their past share its memory, and rows that finish are dropped
/// without touching the others.
public final class KeyValueCache {
    /// How many positions have been seen.
    public private(set) var count = 0
    /// How many sequences there are.
    public private(set) var rowCount: Int

    private let layerCount: Int
    private let heads: Int
    private let headWidth: Int
    private let elementType: ElementType
    private let maximumCapacity: Int
    /// Sequences and positions there is room for.
    private var slots: Int
    private var capacity: Int
    /// By layer: keys and values, each `[slots, heads, capacity, headWidth]`. Written while no operation reads; a tensor over
    /// it lives no longer than one operation.
    private var storage: [(keys: TensorStorage, values: TensorStorage)] = []
    /// The slot in which position p of row r stands, at r · capacity + p.
    private var table: [Int32]
    /// Whether every row stands in the slot of its number.
    private var isInOrder = true
    private var newCount = 0
    /// By row, what is added to the scores of each position; `nil` while all may be seen.
    private var masks: [[Float]]?

    /// Creates an empty cache; it grows as needed, by doubling.
    ///
    /// - Parameters:
    ///   - transformer: the stack whose keys and values are kept.
    ///   - rows: the number of sequences to start with.
    ///   - slots: the most sequences there will be: beams, for example.
    ///   - capacity: the number of positions to make room for at first.
    public init(for transformer: Transformer, rows: Int, slots: Int = 0, capacity: Int = 64) {
        let configuration = transformer.configuration
        layerCount = configuration.layerCount
        heads = configuration.attention.keyValueHeadCount
        headWidth = configuration.attention.headWidth
        elementType = transformer.precision.forMemory == .float32 ? .float32 : .bfloat16
        maximumCapacity = transformer.positionLimit
        rowCount = rows
        self.slots = max(rows, slots, 1)
        self.capacity = max(1, min(capacity, 1024, maximumCapacity))
        table = []
        allocate()
    }

    private func allocate() {
        let bytes = slots * heads * capacity * headWidth * elementType.byteWidth
        storage = (0..<layerCount).map { _ in (TensorStorage(byteCount: bytes), TensorStorage(byteCount: bytes)) }
        table = [Int32](repeating: 0, count: slots * capacity)
    }

    /// Lets row `i` continue what row `rows[i]` was; rows may be named several times, or not at all.
    public func reorder(_ rows: [Int]) {
        precondition(rows.allSatisfy { $0 >= 0 && $0 < rowCount }, "there is no such row")
        if rows.count == rowCount, rows.enumerated().allSatisfy({ $0 == $1 }) { return }
        if rows.count > slots { grow(slots: rows.count, capacity: capacity) }
        var reordered = [Int32](repeating: 0, count: table.count)
        for (row, source) in rows.enumerated() {
            reordered.replaceSubrange(
                row * capacity..<row * capacity + count, with: table[source * capacity..<source * capacity + count])
        }
        table = reordered
        isInOrder = isInOrder && rows.enumerated().allSatisfy { $0 == $1 }
        masks = masks.map { masks in rows.map { masks[$0] } }
        rowCount = rows.count
    }

    /// Makes room for `added` positions, which the layers then store.
    ///
    /// - Parameter visible: `[rows, added]`, zero where a position is padding.
    func extend(by added: Int, visible: Tensor?) {
        if count + added > capacity {
            grow(slots: slots, capacity: min(max(2 * capacity, count + added), max(maximumCapacity, count + added)))
        }
        for row in 0..<rowCount {
            for position in count..<count + added { table[row * capacity + position] = Int32(row) }
        }
        if visible != nil || masks != nil {
            let before = masks ?? Array(repeating: [Float](repeating: 0, count: count), count: rowCount)
            let new = visible.map(attentionMask)?.floats ?? [Float](repeating: 0, count: rowCount * added)
            masks = before.enumerated().map { $1 + new[$0 * added..<($0 + 1) * added] }
        }
        count += added
        newCount = added
    }

    private func grow(slots newSlots: Int, capacity newCapacity: Int) {
        let old = (storage: storage, table: table, slots: slots, capacity: capacity)
        slots = newSlots
        capacity = newCapacity
        allocate()
        let position = headWidth * elementType.byteWidth
        for (from, to) in zip(old.storage, storage) {
            for (from, to) in [(from.keys, to.keys), (from.values, to.values)] {
                for block in 0..<old.slots * heads {
                    (to.base + block * capacity * position).copyMemory(
                        from: from.base + block * old.capacity * position, byteCount: count * position)
                }
            }
        }
        for row in 0..<old.slots {
            table.replaceSubrange(
                row * capacity..<row * capacity + count, with: old.table[row * old.capacity..<row * old.capacity + count])
        }
    }

    /// `[rows, count]`, added to the scores.
    var mask: Tensor? { masks.map { Tensor($0.flatMap(\.self), shape: [rowCount, count]) } }

    /// For each row and new position its number, where positions that are padding do not count; `nil` where it is simply
    /// the number of positions before it.
    var positionNumbers: [Int]? {
        masks.map { masks in
            masks.flatMap { mask in
                var seen = mask.prefix(count - newCount).count { $0 == 0 }
                return mask.suffix(newCount).map { score in
                    if score == 0 { seen += 1 }
                    return max(0, seen - 1)
                }
            }
        }
    }

    /// The part of one layer, while a step runs.
    struct Layer {
        fileprivate let cache: KeyValueCache
        fileprivate let index: Int

        /// The positions that the step adds.
        var newPositions: Range<Int> { cache.count - cache.newCount..<cache.count }
        var keys: HeadRows { rows(of: cache.storage[index].keys) }
        var values: HeadRows { rows(of: cache.storage[index].values) }
        var sequences: KeySequences? {
            cache.isInOrder && cache.rowCount == cache.slots ? nil : KeySequences(table: cache.table, stride: cache.capacity)
        }

        private func rows(of storage: TensorStorage) -> HeadRows {
            let shape = [cache.slots, cache.heads, cache.capacity, cache.headWidth]
            return HeadRows(
                tensor: Tensor(shape: shape, elementType: cache.elementType, storage: storage), positions: cache.count)
        }

        /// Stores the keys and values of the new positions, which stand in `rows`, `[rows, new positions, …]`.
        func store(_ rows: Tensor, keyColumn: Int, valueColumn: Int) {
            let headWidth = cache.headWidth, new = newPositions
            precondition(rows.shape[0] == cache.rowCount && rows.shape[1] == new.count, "other rows than the cache's")
            rows.withFloatBuffer { buffer in
                guard let source = buffer.baseAddress else { return }
                for (storage, column) in [(cache.storage[index].keys, keyColumn), (cache.storage[index].values, valueColumn)] {
                    for row in 0..<cache.rowCount {
                        for head in 0..<cache.heads {
                            let start = ((row * cache.heads + head) * cache.capacity + new.lowerBound) * headWidth
                            for position in 0..<new.count {
                                cache.write(
                                    source + (row * new.count + position) * rows.width + column + head * headWidth,
                                    at: start + position * headWidth, of: storage)
                            }
                        }
                    }
                }
            }
        }
    }

    /// Writes one head's key or value, in the type that the cache keeps.
    private func write(_ source: UnsafePointer<Float>, at place: Int, of storage: TensorStorage) {
        if elementType == .bfloat16 {
            kernels.pointee.to_brains(
                source, storage.base.assumingMemoryBound(to: UInt16.self) + place, Int64(headWidth))
        } else {
            (storage.base.assumingMemoryBound(to: Float.self) + place).update(from: source, count: headWidth)
        }
    }

    func layer(_ index: Int) -> Layer { Layer(cache: self, index: index) }
}
