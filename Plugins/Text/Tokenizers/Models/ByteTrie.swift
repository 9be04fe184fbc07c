/// Finds which of many byte strings stand at a place of a text.
///
/// The children of a node lie side by side and in order, so a table of starts and one of labels hold the whole tree.
struct ByteTrie: Sendable {
    private var childStart: [Int32] = []
    private var labels: [UInt8] = []
    /// The value of the key that ends at the node, or -1.
    private var values: [Int32] = []
    /// The root's children by byte, 0 where there is none.
    private var first: [Int32] = Array(repeating: 0, count: 256)

    var isEmpty: Bool { values.count <= 1 }

    /// Builds the tree of keys with values from 0 up; of equal keys the last one's value stays. Empty keys are left out, and
    /// those of more than 4096 bytes, so that the time a search takes is bounded.
    init(_ keys: [(key: [UInt8], value: Int)]) {
        let order = keys.indices.filter { keys[$0].key.count <= 4096 }.sorted {
            let (left, right) = (keys[$0].key, keys[$1].key)
            return left == right ? $0 < $1 : left.lexicographicallyPrecedes(right)
        }
        // Breadth first: each node knows the run of sorted keys below it.
        var runs = [order.startIndex..<order.endIndex]
        var (node, depth, levelEnd) = (0, 0, 1)
        labels = [0]
        values = [-1]
        while node < runs.count {
            if node == levelEnd {
                depth += 1
                levelEnd = runs.count
            }
            childStart.append(Int32(truncatingIfNeeded: runs.count))
            var position = runs[node].lowerBound
            while position < runs[node].upperBound {
                let key = keys[order[position]].key
                guard key.count > depth else {
                    if depth > 0 { values[node] = Int32(truncatingIfNeeded: keys[order[position]].value) }
                    position += 1
                    continue
                }
                let start = position
                while position < runs[node].upperBound, keys[order[position]].key[depth] == key[depth] { position += 1 }
                if node == 0 { first[Int(key[depth])] = Int32(truncatingIfNeeded: runs.count) }
                runs.append(start..<position)
                labels.append(key[depth])
                values.append(-1)
            }
            node += 1
        }
        childStart.append(Int32(truncatingIfNeeded: runs.count))
    }

    /// Whether a key may begin with the byte.
    @inline(__always)
    func canBegin(with byte: UInt8) -> Bool { first[Int(byte)] != 0 }

    /// Calls `found` with the value and the end of each key that stands at `start`, shortest first.
    @inline(__always)
    func forEachMatch(in text: UnsafeBufferPointer<UInt8>, at start: Int, _ found: (_ value: Int, _ end: Int) -> Void) {
        guard start < text.count else { return }
        var node = Int(first[Int(text[start])])
        var position = start + 1
        while node != 0 {
            if values[node] >= 0 { found(Int(values[node]), position) }
            guard position < text.count else { return }
            node = child(of: node, text[position])
            position += 1
        }
    }

    /// The longest key that stands at `start`.
    func longestMatch(in text: UnsafeBufferPointer<UInt8>, at start: Int) -> (value: Int, end: Int)? {
        var longest: (value: Int, end: Int)?
        forEachMatch(in: text, at: start) { longest = ($0, $1) }
        return longest
    }

    @inline(__always)
    private func child(of node: Int, _ byte: UInt8) -> Int {
        var (low, high) = (Int(childStart[node]), Int(childStart[node + 1]))
        while high - low > 8 {
            let middle = (low + high) / 2
            if labels[middle] <= byte { low = middle } else { high = middle }
        }
        while low < high {
            if labels[low] == byte { return low }
            low += 1
        }
        return 0
    }
}
