/// The ids of the words met so far, up to a fixed number and length.
struct WordCache: Sendable {
    private var text: [UInt8] = []
    private var ids: [Int32] = []
    private var entries: [Entry] = []
    /// Places in `entries` plus one, by hash.
    private var slots: [Int32] = []

    private struct Entry: Sendable {
        var hash: UInt64
        var start: Int32
        var length: Int32
        var firstID: Int32
        var idCount: Int32
    }

    /// Whether words are remembered at all.
    var isOn = true

    private static let wordLimit = 1 << 15
    private static let lengthLimit = 128

    /// Appends the word's ids, if they are known.
    @inline(__always)
    func append(_ word: UnsafeBufferPointer<UInt8>, to result: inout [Int]) -> Bool {
        if word.count > Self.lengthLimit || slots.isEmpty { return false }
        let hash = ByteHash.of(word)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let entry = entries[Int(slots[slot]) - 1]
            if entry.hash == hash, Int(entry.length) == word.count,
                text.withUnsafeBufferPointer({ ByteHash.equal($0, from: Int(entry.start), word) })
            {
                for index in Int(entry.firstID)..<Int(entry.firstID + entry.idCount) { result.append(Int(ids[index])) }
                return true
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return false
    }

    /// Remembers a word that is not known yet.
    mutating func insert(_ word: UnsafeBufferPointer<UInt8>, _ wordIDs: ArraySlice<Int>) {
        if !isOn || word.count > Self.lengthLimit || entries.count >= Self.wordLimit { return }
        if slots.isEmpty { slots = Array(repeating: 0, count: 2 * Self.wordLimit) }
        let hash = ByteHash.of(word)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        entries.append(
            Entry(
                hash: hash, start: Int32(truncatingIfNeeded: text.count), length: Int32(truncatingIfNeeded: word.count),
                firstID: Int32(truncatingIfNeeded: ids.count), idCount: Int32(truncatingIfNeeded: wordIDs.count)))
        text.append(contentsOf: word)
        for id in wordIDs { ids.append(Int32(truncatingIfNeeded: id)) }
        slots[slot] = Int32(truncatingIfNeeded: entries.count)
    }
}
