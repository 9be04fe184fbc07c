import AttentionEngine

/// How often each word occurs in text that streams by.
struct WordCounts: Sendable {
    /// From here on words that were met once are forgotten, so that memory has a bound.
    static let distinctLimit = 6_000_000
    /// A line that goes on longer is cut, at a space if there is one.
    private static let lineLimit = 1 << 20
    /// A word of more bytes is cut.
    private let wordLimit: Int

    private var table = TokenTable(capacity: 1 << 14)
    private(set) var counts: [Int] = []
    private(set) var total = 0
    private var line: [UInt8] = []
    private var lineNumber = 1
    private let keepsLineEnds: Bool
    private let splitsKinds: Bool
    private let normalizer: any Normalizer
    private let preTokenizer: any PreTokenizer

    init(_ options: TokenizerTrainer.Options) throws(InputError) {
        keepsLineEnds = options.alphabet == .bytes
        splitsKinds = options.algorithm == .unigram || options.format == .marian
        wordLimit = options.algorithm == .unigram ? 256 : 1 << 14
        normalizer = try TextPreparation.normalizer(options)
        preTokenizer =
            options.alphabet == .bytes
            ? ByteLevel(addsPrefixSpace: false, splits: true)
            : Metaspace(replacement: SentencePieceProcessor.space, prepending: .always, splits: true)
    }

    /// How many different words there are.
    var count: Int { counts.count }

    /// Calls `body` with each word and how often it occurred.
    func forEach(_ body: (ArraySlice<UInt8>, Int) -> Void) { table.forEach { body($0, counts[$1]) } }

    mutating func read(_ part: [UInt8], from file: String) throws {
        var start = part.startIndex
        while let end = part[start...].firstIndex(of: UInt8(ascii: "\n")) {
            line += part[start...end]
            try count(line, file)
            line.removeAll(keepingCapacity: true)
            lineNumber += 1
            start = end + 1
        }
        line += part[start...]
        while line.count > Self.lineLimit {
            let cut = Self.cut(line)
            try count(Array(line[..<cut]), file)
            line.removeSubrange(..<cut)
        }
    }

    mutating func finish(_ file: String) throws {
        try count(line, file)
        line = []
        lineNumber = 1
    }

    /// Where to cut a line that is too long: at its last space, or else between two scalars.
    private static func cut(_ line: [UInt8]) -> Int {
        if let space = line[..<lineLimit].lastIndex(of: UInt8(ascii: " ")), space > 0 { return space }
        return scalarStart(line, lineLimit)
    }

    /// The last place up to `position`, and no more than three bytes before it, where a scalar begins.
    private static func scalarStart(_ bytes: [UInt8], _ position: Int) -> Int {
        (position - 3...position).last { bytes[$0] & 0xC0 != 0x80 } ?? position
    }

    private mutating func count(_ bytes: [UInt8], _ file: String) throws {
        if bytes.isEmpty { return }
        if bytes.contains(0) {
            throw InputError(
                file, found: "a byte 0 in line \(lineNumber)", needed: "text",
                remedy: "Check that it is the file you meant; text in UTF-16 must be converted to UTF-8 first")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw InputError(
                file, found: "bytes in line \(lineNumber) that are not UTF-8", needed: "text in UTF-8",
                remedy: "Convert it, with iconv for example")
        }
        var text = bytes
        if !keepsLineEnds {
            text = Array(Self.trimmed(text[...]))
            if text.isEmpty { return }
        }
        text = try normalizer.normalize(text)
        if !keepsLineEnds { text = Array(Self.trimmed(text[...])) }
        var words = PreTokenizedText(text, isFirst: true)
        try preTokenizer.apply(to: &words)
        if splitsKinds { Self.splitKinds(&words) }
        for word in words.words {
            var range = word.range
            while range.count > wordLimit {
                let cut = Self.scalarStart(words.text, range.lowerBound + wordLimit)
                add(words.text[range.lowerBound..<cut])
                range = cut..<range.upperBound
            }
            add(words.text[range])
        }
    }

    /// Splits words where letters, numbers and other marks meet: as in sentencepiece, no piece mixes them. The mark of a space goes
    /// with what follows.
    private static func splitKinds(_ words: inout PreTokenizedText) {
        words.split { bytes, word, add in
            var start = word.range.lowerBound
            var position = start
            var kind: Int?
            while position < word.range.upperBound {
                let (scalar, length) = bytes.scalar(at: position)
                var next: Int? = 2
                switch ScalarProperties(scalar).category {
                case 4...8: next = 0
                case 12...14: next = 1
                default:
                    if ScalarProperties(scalar).isCombiningMark { next = kind }
                    if scalar == 0x2581 { next = nil }
                }
                if let kind, next != kind {
                    add(start..<position)
                    start = position
                }
                kind = next
                position += length
            }
            add(start..<position)
        }
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }
        guard let start = text.firstIndex(where: { !isSpace($0) }), let end = text.lastIndex(where: { !isSpace($0) }) else {
            return []
        }
        return text[start...end]
    }

    private mutating func add(_ word: ArraySlice<UInt8>) {
        total += 1
        if let id = word.withUnsafeBufferPointer({ table.id(of: $0) }) {
            counts[id] += 1
            return
        }
        if counts.count >= Self.distinctLimit { forgetRarest() }
        _ = table.insert(word, id: counts.count)
        counts.append(1)
    }

    /// Drops the words of the lowest counts until half of the room is free.
    private mutating func forgetRarest() {
        let threshold = counts.sorted()[counts.count / 2]
        let (oldTable, oldCounts) = (table, counts)
        table = TokenTable(capacity: counts.count / 2)
        counts = []
        oldTable.forEach { word, id in
            guard oldCounts[id] > threshold else { return }
            _ = table.insert(word, id: counts.count)
            counts.append(oldCounts[id])
        }
    }
}

/// What is done to text before it is split, as objects and as `tokenizer.json` writes it.
enum TextPreparation {
    static func normalizer(_ options: TokenizerTrainer.Options) throws(InputError) -> any Normalizer {
        if options.format == .marian {
            return MappingNormalizer(
                map: try CharacterMapBuilder.blob(options).map { blob throws(InputError) in
                    try CharacterMap(blob, place: "")
                })
        }
        var steps: [any Normalizer] = []
        if options.normalization == .nmtNFKC { steps.append(ScalarNormalizer.machineTranslation) }
        if options.normalization != .none { steps.append(UnicodeNormalizer(form: .compatibilityComposition)) }
        if options.lowercases { steps.append(ScalarNormalizer.lowercase) }
        if options.alphabet == .letters { steps.append(SpaceRuns()) }
        return NormalizerSequence(steps: steps)
    }

    static func json(_ options: TokenizerTrainer.Options) -> String {
        var steps: [String] = []
        if options.normalization == .nmtNFKC { steps.append(#"{"type": "Nmt"}"#) }
        if options.normalization != .none { steps.append(#"{"type": "NFKC"}"#) }
        if options.lowercases { steps.append(#"{"type": "Lowercase"}"#) }
        if options.alphabet == .letters {
            steps.append(#"{"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}"#)
        }
        return steps.isEmpty ? "null" : #"{"type": "Sequence", "normalizers": ["# + steps.joined(separator: ", ") + "]}"
    }
}

/// One space for each run of spaces.
private struct SpaceRuns: Normalizer {
    func normalize(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        for byte in text where byte != 0x20 || result.last != 0x20 { result.append(byte) }
        return result
    }
}

/// sentencepiece's map, longest match first, and one space for each run of them.
private struct MappingNormalizer: Normalizer {
    let map: CharacterMap?

    func normalize(_ text: [UInt8]) -> [UInt8] {
        guard let map else { return SpaceRuns().normalize(text) }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        text.withUnsafeBufferPointer { bytes in
            var position = 0
            while position < bytes.count {
                if let match = map.longest(in: bytes, at: position) {
                    result += map.bytes(match.replacement)
                    position = match.end
                } else {
                    let length = bytes.scalar(at: position).length
                    result += bytes[position..<position + length]
                    position += length
                }
            }
        }
        return SpaceRuns().normalize(result)
    }
}
