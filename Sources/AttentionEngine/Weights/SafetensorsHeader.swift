/// The header of a safetensors file: what tensors there are, and where.
///
/// Follows the order of checks of the reference implementation (huggingface/safetensors,
/// `safetensors/src/tensor.rs`). Opening takes time and memory in proportion to the header: names and shapes stay
/// where they stand in the text.
struct SafetensorsHeader: Sendable {
    /// One tensor.
    struct Entry: Sendable {
        fileprivate let nameStart, nameEnd, shapeStart: UInt32
        fileprivate let typeIndex: UInt8
        /// The first byte and the one after the last, counted from the end of the header.
        let begin, end: Int

        var type: StoredType { StoredType.all[Int(typeIndex)] }
    }

    /// The longest header that is read, the reference implementation's limit.
    static let maximumByteCount = 100_000_000
    /// The most dimensions a tensor may have, NumPy's limit.
    static let maximumRank = 64

    let entries: [Entry]
    private let bytes: [UInt8]
    /// Open addressing: the index of an entry plus one, or 0.
    private let slots: [UInt32]

    /// Reads a header.
    ///
    /// - Parameters:
    ///   - header: the JSON text.
    ///   - dataByteCount: how many bytes follow it in the file.
    ///   - file: the file's name, for messages.
    init(_ header: [UInt8], dataByteCount: Int, file: String) throws(InputError) {
        guard header.first == UInt8(ascii: "{") else {
            throw InputError(
                file, found: "a header that does not start with `{`", needed: "a safetensors file",
                remedy: "Check that it is one, or download it again")
        }
        var entries: [Entry] = []
        entries.reserveCapacity(header.count / 64)
        var scanner = JSONScanner(header, place: file)
        var hasMetadata = false
        try scanner.object { (scanner, name) throws(InputError) in
            if scanner.bytes[name].elementsEqual("__metadata__".utf8) {
                if hasMetadata { throw scanner.failure("`__metadata__` a second time") }
                hasMetadata = true
                try Self.skipMetadata(&scanner)
            } else {
                entries.append(try Self.entry(&scanner, name: name, file: file))
            }
        }
        try scanner.finish()
        self.entries = entries
        bytes = scanner.bytes
        slots = try Self.slots(entries, bytes, file: file)
        try checkRanges(dataByteCount: dataByteCount, file: file)
    }

    /// The entry of that name, compared byte for byte.
    func entry(named name: String) -> Entry? {
        var name = name
        return name.withUTF8 { utf8 in
            var slot = Self.hash(utf8) & (slots.count - 1)
            while slots[slot] != 0 {
                let entry = entries[Int(slots[slot]) - 1]
                if bytes[Self.range(entry)].elementsEqual(utf8) { return entry }
                slot = (slot + 1) & (slots.count - 1)
            }
            return nil
        }
    }

    func name(of entry: Entry) -> String { String(decoding: bytes[Self.range(entry)], as: UTF8.self) }

    func shape(of entry: Entry) -> [Int] {
        var scanner = JSONScanner(bytes, at: Int(entry.shapeStart), place: "")
        return (try? Self.shape(&scanner)) ?? []
    }
}

// MARK: - Reading

extension SafetensorsHeader {
    private static func skipMetadata(_ scanner: inout JSONScanner) throws(InputError) {
        if scanner.peek() == UInt8(ascii: "n") { return try scanner.literal("null") }
        try scanner.object { (scanner, _) throws(InputError) in try scanner.skipString() }
    }

    private static func entry(
        _ scanner: inout JSONScanner, name: Range<Int>, file: String
    ) throws(InputError) -> Entry {
        var type: Int?
        var shape: [Int]?
        var shapeStart = 0
        var offsets: [Int]?
        try scanner.object { (scanner, key) throws(InputError) in
            switch scanner.text(key) {
            case "dtype" where type == nil:
                let text = try scanner.text()
                guard let index = StoredType.index[text] else {
                    throw InputError(
                        place(file, scanner.text(name)), found: "unknown element type \(Wording.name(text))",
                        needed: "one that safetensors has, such as F32 or BF16", remedy: "Save the checkpoint again")
                }
                type = index
            case "shape" where shape == nil:
                _ = scanner.peek()
                shapeStart = scanner.position
                shape = try Self.shape(&scanner)
            case "data_offsets" where offsets == nil:
                offsets = try counts(&scanner, atMost: 2)
            case "dtype", "shape", "data_offsets": throw scanner.failure("a key a second time")
            default: try scanner.skipValue()
            }
        }
        guard let type, let shape, let offsets, offsets.count == 2, offsets[0] <= offsets[1] else {
            throw InputError(
                place(file, scanner.text(name)), found: "a header entry without a usable dtype, shape or data_offsets",
                needed: "all three, with data_offsets [begin, end] in order", remedy: "Download the file again")
        }
        let range = offsets[1] - offsets[0]
        guard StoredType.all[type].byteCount(of: shape) == range else {
            let needed =
                StoredType.all[type].byteCount(of: shape).map { "\($0) bytes" } ?? "no whole number of bytes that can be counted"
            throw InputError(
                place(file, scanner.text(name)),
                found: "a shape of \(Wording.shape(shape)) in \(StoredType.all[type].name), which takes \(needed)",
                needed: "the \(range) bytes of its data_offsets", remedy: "Download the file again")
        }
        return Entry(
            nameStart: UInt32(name.lowerBound), nameEnd: UInt32(name.upperBound), shapeStart: UInt32(shapeStart),
            typeIndex: UInt8(type), begin: offsets[0], end: offsets[1])
    }

    private static func shape(_ scanner: inout JSONScanner) throws(InputError) -> [Int] {
        try counts(&scanner, atMost: maximumRank)
    }

    private static func counts(_ scanner: inout JSONScanner, atMost limit: Int) throws(InputError) -> [Int] {
        var values: [Int] = []
        try scanner.array { (scanner) throws(InputError) in
            if values.count == limit { throw scanner.failure("more than \(limit) numbers in a list") }
            values.append(try scanner.count())
        }
        return values
    }

    private static func range(_ entry: Entry) -> Range<Int> { Int(entry.nameStart)..<Int(entry.nameEnd) }

    private static func place(_ file: String, _ tensor: String) -> String { "\(file), tensor \(Wording.name(tensor))" }

    /// Seeded by the process, so that no file can be made to collide.
    private static func hash(_ name: UnsafeBufferPointer<UInt8>) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(name))
        return hasher.finalize()
    }
}

// MARK: - Checking

extension SafetensorsHeader {
    /// The table of names.
    private static func slots(_ entries: [Entry], _ bytes: [UInt8], file: String) throws(InputError) -> [UInt32] {
        var capacity = 4
        while capacity < entries.count * 2 { capacity *= 2 }
        var slots = [UInt32](repeating: 0, count: capacity)
        for (index, entry) in entries.enumerated() {
            let name = range(entry)
            var slot = bytes.withUnsafeBufferPointer { hash(UnsafeBufferPointer(rebasing: $0[name])) } & (capacity - 1)
            while slots[slot] != 0 {
                if bytes[range(entries[Int(slots[slot]) - 1])] == bytes[name] {
                    throw InputError(
                        place(file, String(decoding: bytes[name], as: UTF8.self)), found: "a second tensor of that name",
                        needed: "names that differ", remedy: "Save the checkpoint again")
                }
                slot = (slot + 1) & (capacity - 1)
            }
            slots[slot] = UInt32(index + 1)
        }
        return slots
    }

    /// The ranges must follow one another from zero to the end of the file, with no hole or overlap.
    private func checkRanges(dataByteCount: Int, file: String) throws(InputError) {
        func follows(_ first: Entry, _ second: Entry) -> Bool { (first.begin, first.end) < (second.begin, second.end) }
        let inOrder = zip(entries, entries.dropFirst()).allSatisfy { !follows($1, $0) }
        var end = 0
        for entry in inOrder ? entries : entries.sorted(by: follows) {
            guard entry.begin == end else {
                throw InputError(
                    Self.place(file, name(of: entry)),
                    found:
                        "data that starts at byte \(entry.begin), \(entry.begin < end ? "inside" : "behind a hole after") another tensor's",
                    needed: "byte \(end), where the one before it ends", remedy: "Download the file again")
            }
            end = entry.end
        }
        guard end == dataByteCount else {
            throw InputError(
                file, found: "\(dataByteCount) bytes of tensors", needed: "\(end), as its header says",
                remedy: end > dataByteCount ? "The file was cut short; download it again" : "Download it again")
        }
    }
}
