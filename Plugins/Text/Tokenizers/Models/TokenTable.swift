import AttentionEngine

/// A vocabulary: tokens as UTF-8, and their ids both ways.
///
/// Tokens are compared byte by byte; `String` would take different tokens for one where Unicode says they look the same.
struct TokenTable: Sendable {
    /// Ids at and above are refused: no published vocabulary comes near.
    static let idLimit = 1 << 24

    private var text: [UInt8] = []
    private var ranges: [Range<Int>] = []
    private var ids: [Int32] = []
    /// Places in `ranges` plus one, by hash; 0 where empty. The count is a power of two.
    private var slots: [Int32] = []
    /// Places in `ranges` plus one, by id.
    private var places: [Int32] = []

    /// How many tokens there are.
    var count: Int { ids.count }
    /// One more than the highest id.
    var idCount: Int { places.count }

    init(capacity: Int = 0) {
        slots = Array(repeating: 0, count: Self.slotCount(for: capacity))
        ranges.reserveCapacity(capacity)
        ids.reserveCapacity(capacity)
    }

    private static func slotCount(for capacity: Int) -> Int {
        var count = 16
        while count < 2 * capacity { count *= 2 }
        return count
    }

    /// The id of a token.
    @inline(__always)
    func id(of token: UnsafeBufferPointer<UInt8>) -> Int? {
        let place = slots[slot(of: token)]
        return place == 0 ? nil : Int(ids[Int(place) - 1])
    }

    func id(of token: [UInt8]) -> Int? { token.withUnsafeBufferPointer { id(of: $0) } }

    /// The token of an id; `nil` where there is none.
    func token(of id: Int) -> ArraySlice<UInt8>? {
        guard places.indices.contains(id), places[id] > 0 else { return nil }
        return text[ranges[Int(places[id]) - 1]]
    }

    /// The tokens with their ids, in the order of the file.
    func forEach(_ body: (ArraySlice<UInt8>, Int) -> Void) {
        for (range, id) in zip(ranges, ids) { body(text[range], Int(id)) }
    }

    /// Adds a token.
    ///
    /// - Returns: what is wrong with it, if anything: an id out of range, taken by another token, or a second id for one token.
    mutating func insert(_ token: some Collection<UInt8>, id: Int) -> String? {
        guard 0..<Self.idLimit ~= id else { return "the id \(id)" }
        let start = text.count
        text.append(contentsOf: token)
        if 2 * (ids.count + 1) > slots.count { grow() }
        let slot = text.withUnsafeBufferPointer { self.slot(of: UnsafeBufferPointer(rebasing: $0[start...])) }
        if slots[slot] != 0 {
            text.removeSubrange(start...)
            return Int(ids[Int(slots[slot]) - 1]) == id
                ? nil : "a token twice, with the ids \(ids[Int(slots[slot]) - 1]) and \(id)"
        }
        if id >= places.count { places.append(contentsOf: repeatElement(0, count: id + 1 - places.count)) }
        guard places[id] == 0 else {
            text.removeSubrange(start...)
            return "the id \(id) for two tokens"
        }
        ranges.append(start..<text.count)
        ids.append(Int32(truncatingIfNeeded: id))
        slots[slot] = Int32(truncatingIfNeeded: ids.count)
        places[id] = slots[slot]
        return nil
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: 2 * slots.count)
        for (place, range) in ranges.enumerated() {
            let slot = text.withUnsafeBufferPointer { self.slot(of: UnsafeBufferPointer(rebasing: $0[range])) }
            slots[slot] = Int32(truncatingIfNeeded: place + 1)
        }
    }

    /// Where the token stands in `slots`, or would.
    @inline(__always)
    private func slot(of token: UnsafeBufferPointer<UInt8>) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: ByteHash.of(token)) & mask
        while slots[slot] != 0 {
            let range = ranges[Int(slots[slot]) - 1]
            if range.count == token.count, text.withUnsafeBufferPointer({ ByteHash.equal($0, from: range.lowerBound, token) }) {
                break
            }
            slot = (slot + 1) & mask
        }
        return slot
    }
}

/// Hashes and compares short runs of bytes.
///
/// The hash is seeded once per process, so that no file can be made whose tokens all fall on one place.
enum ByteHash {
    private static let seed = UInt64.random(in: 0...UInt64.max)

    @inline(__always)
    static func of(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash = seed ^ UInt64(truncatingIfNeeded: bytes.count)
        var position = 0
        while position < bytes.count {
            var word: UInt64 = 0
            if bytes.count - position >= 8 {
                word = UnsafeRawPointer(bytes.baseAddress!).loadUnaligned(fromByteOffset: position, as: UInt64.self)
            } else {
                for offset in 0..<bytes.count - position { word |= UInt64(bytes[position + offset]) << UInt64(8 * offset) }
            }
            hash = mixed(hash ^ word)
            position += 8
        }
        return hash
    }

    /// Spreads each bit over all.
    @inline(__always)
    static func mixed(_ value: UInt64) -> UInt64 {
        let product = (value ^ seed).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low
    }

    @inline(__always)
    static func equal(_ text: UnsafeBufferPointer<UInt8>, from start: Int, _ token: UnsafeBufferPointer<UInt8>) -> Bool {
        for offset in 0..<token.count where text[start + offset] != token[offset] { return false }
        return true
    }
}
