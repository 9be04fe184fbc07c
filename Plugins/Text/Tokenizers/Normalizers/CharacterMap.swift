import AttentionEngine

/// sentencepiece's precompiled normalization: a double-array trie (Darts) of what to replace, and the replacements.
///
/// Each step in the trie is checked, so a map with wild offsets matches less than it should, and nothing worse.
struct CharacterMap: Sendable {
    private let units: [UInt32]
    private let replacements: [UInt8]

    /// - Parameter place: file and key, for messages.
    /// - Throws: `InputError` where the sizes do not fit together.
    init(_ blob: some Collection<UInt8>, place: String) throws(InputError) {
        let blob = Array(blob)
        func word(_ index: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(blob[4 * index + $1]) << UInt32(8 * $1) } }
        guard blob.count >= 4, case let size = Int(word(0)), size % 4 == 0, size > 0, size < blob.count - 4 else {
            throw InputError(
                place, found: "a character map whose parts do not fit its \(blob.count) bytes",
                needed: "a trie and its replacements",
                remedy: "Download the file again")
        }
        units = (1...size / 4).map(word)
        replacements = Array(blob[(4 + size)...])
        guard String(validating: replacements, as: UTF8.self) != nil else {
            throw InputError(
                place, found: "a character map with text that is not UTF-8", needed: "UTF-8", remedy: "Download the file again")
        }
    }

    /// The prefixes at `start` that are to be replaced, shortest first: their ends, and where their replacement stands.
    @inline(__always)
    func forEachMatch(in text: UnsafeBufferPointer<UInt8>, at start: Int, before limit: Int, _ found: (Int, Int) -> Bool) {
        guard let root = units.first else { return }
        var node = Self.offset(root)
        for position in start..<limit {
            let byte = UInt32(text[position])
            node ^= Int(byte)
            guard byte != 0, node < units.count else { return }
            let unit = units[node]
            // The label, and the bit that marks values.
            guard unit & 0x8000_00FF == byte else { return }
            node ^= Self.offset(unit)
            if unit >> 8 & 1 == 1, node < units.count, !found(position + 1, Int(units[node] & 0x7FFF_FFFF)) { return }
        }
    }

    private static func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 1 << 9) >> 6) }

    /// The shortest match's replacement, as the reference's `Precompiled` takes it.
    func shortest(in text: UnsafeBufferPointer<UInt8>, at start: Int, before limit: Int) -> Range<Int>? {
        var place: Int?
        forEachMatch(in: text, at: start, before: limit) {
            place = $1
            return false
        }
        return place.flatMap(replacement)
    }

    /// The longest match's end and replacement, as sentencepiece takes it.
    func longest(in text: UnsafeBufferPointer<UInt8>, at start: Int) -> (end: Int, replacement: Range<Int>)? {
        var longest: (end: Int, place: Int)?
        forEachMatch(in: text, at: start, before: text.count) {
            longest = ($0, $1)
            return true
        }
        guard let longest, let range = replacement(longest.place) else { return nil }
        return (longest.end, range)
    }

    /// The bytes of a replacement that `shortest` or `longest` gave.
    func bytes(_ replacement: Range<Int>) -> ArraySlice<UInt8> { replacements[replacement] }

    /// From a place to the next zero, both at borders of scalars; nothing published is replaced by more than 33 bytes.
    private func replacement(_ place: Int) -> Range<Int>? {
        guard place < replacements.count, replacements[place] & 0xC0 != 0x80 else { return nil }
        let limit = Swift.min(place + GrowthLimit.replacement, replacements.count)
        guard let end = replacements[place..<limit].firstIndex(of: 0) ?? (limit == replacements.count ? limit : nil) else {
            return nil
        }
        return place..<end
    }
}

/// sentencepiece's map as the reference's `Precompiled` applies it: to short graphemes whole, else scalar by scalar.
struct PrecompiledNormalizer: Normalizer {
    let map: CharacterMap

    func normalize(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count + 8)
        text.withUnsafeBufferPointer { bytes in
            var position = 0
            while position < bytes.count {
                let end = GraphemeClusters.end(of: bytes, from: position)
                if end - position < 6, let new = map.shortest(in: bytes, at: position, before: end) {
                    result += map.bytes(new)
                    position = end
                    continue
                }
                while position < end {
                    let length = bytes.scalar(at: position).length
                    if let new = map.shortest(in: bytes, at: position, before: position + length) {
                        result += map.bytes(new)
                    } else {
                        result += bytes[position..<position + length]
                    }
                    position += length
                }
            }
        }
        return result
    }
}
