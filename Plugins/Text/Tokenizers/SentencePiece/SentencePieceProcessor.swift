import AttentionEngine

/// Splits text into the pieces of a sentencepiece model and joins them again (Kudo and Richardson, 2018, arXiv:1808.06226).
struct SentencePieceProcessor: Sendable {
    let file: SentencePieceFile
    /// Pieces by text, those of controls, bytes and the unknown in a table of their own.
    private let pieces: TokenTable
    private let reserved: TokenTable
    private let symbols: ByteTrie
    private let segmentation: any SentencePieceSegmentation

    static let space = Array("\u{2581}".utf8)

    init(_ path: String) throws(InputError) {
        file = try SentencePieceFile(path)
        var (pieces, reserved) = (TokenTable(capacity: file.pieces.count), TokenTable())
        var symbols: [(key: [UInt8], value: Int)] = []
        for (id, piece) in file.pieces.enumerated() {
            let isReserved = [.unknown, .control, .byte].contains(piece.kind)
            if let problem = isReserved ? reserved.insert(piece.text, id: id) : pieces.insert(piece.text, id: id) {
                throw InputError(path, found: problem, needed: "each piece once", remedy: "Download it again")
            }
            if piece.kind == .userDefined { symbols.append((piece.text, id)) }
        }
        (self.pieces, self.reserved) = (pieces, reserved)
        self.symbols = ByteTrie(symbols)
        segmentation =
            file.algorithm == .unigram
            ? SentencePieceUnigram(file) : SentencePieceMerging(file, pieces, symbols: self.symbols)
    }

    /// The id of a piece; that of the unknown where there is none.
    func id(of piece: [UInt8]) -> Int { reserved.id(of: piece) ?? pieces.id(of: piece) ?? file.unknownID }

    /// The pieces of a text.
    func encode(_ text: [UInt8]) -> [[UInt8]] {
        let normalized = normalize(text)
        var result: [[UInt8]] = []
        var wasUnknown = false
        normalized.withUnsafeBufferPointer { bytes in
            for (range, id) in segmentation.segments(of: bytes) {
                let isUnknown = id == file.unknownID
                if isUnknown, file.fallsBackToBytes {
                    for byte in bytes[range] { result.append(ByteFallback.token(of: byte)) }
                } else if isUnknown, wasUnknown {
                    result[result.count - 1] += bytes[range]
                } else {
                    result.append(Array(bytes[range]))
                }
                wasUnknown = isUnknown
            }
        }
        return result
    }

    /// The text as the model was trained on it: mapped, spaces put together and written as `▁`.
    func normalize(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count + text.count / 2 + 8)
        let space = file.escapesSpaces ? Self.space : [UInt8(ascii: " ")]
        text.withUnsafeBufferPointer { bytes in
            var position = 0
            if file.removesExtraSpaces {
                while position < bytes.count, case let (range, end, isMapped) = prefix(of: bytes, at: position),
                    source(bytes, range, isMapped).elementsEqual([UInt8(ascii: " ")])
                { position = end }
            }
            if position == bytes.count { return }
            if !file.spacesAreSuffixes && file.addsDummyPrefix { result += space }
            var wasSpace = file.removesExtraSpaces
            while position < bytes.count {
                let (range, end, isMapped) = prefix(of: bytes, at: position)
                var part = source(bytes, range, isMapped)
                if wasSpace { part = part.drop { $0 == UInt8(ascii: " ") } }
                for byte in part {
                    if byte == UInt8(ascii: " ") { result += space } else { result.append(byte) }
                }
                if let last = part.last { wasSpace = last == UInt8(ascii: " ") }
                if !file.removesExtraSpaces { wasSpace = false }
                position = end
            }
            if file.removesExtraSpaces {
                while result.count >= space.count, result.suffix(space.count).elementsEqual(space) {
                    result.removeLast(space.count)
                }
            }
            if file.spacesAreSuffixes && file.addsDummyPrefix { result += space }
        }
        return result
    }

    private func source(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ isMapped: Bool) -> ArraySlice<UInt8> {
        if isMapped, let map = file.characterMap { return map.bytes(range) }
        return Array(text[range])[...]
    }

    /// The next symbol, mapped part or scalar: where its text stands (in the map, or here), and where it ends here.
    private func prefix(of text: UnsafeBufferPointer<UInt8>, at start: Int) -> (Range<Int>, end: Int, isMapped: Bool) {
        if let symbol = symbols.longestMatch(in: text, at: start) { return (start..<symbol.end, symbol.end, false) }
        if let match = file.characterMap?.longest(in: text, at: start) { return (match.replacement, match.end, true) }
        let end = start + text.scalar(at: start).length
        return (start..<end, end, false)
    }

    /// The text of pieces.
    func decode(_ list: [[UInt8]]) -> [UInt8] {
        var result: [UInt8] = []
        var bytes: [UInt8] = []
        var isAtStart = true
        func flush() {
            if bytes.isEmpty { return }
            result += Array(String(decoding: bytes, as: UTF8.self).utf8)
            bytes = []
        }
        for piece in list {
            let id = id(of: piece)
            if file.pieces[id].kind == .byte, let byte = ByteFallback.byte(of: piece) {
                bytes.append(byte)
                isAtStart = false
                continue
            }
            flush()
            switch file.pieces[id].kind {
            case .control: continue
            case .unknown:
                let text = piece == file.pieces[id].text ? file.unknownSurface : piece
                result += text
                if !text.isEmpty { isAtStart = false }
            default:
                var text = piece
                let isSpace = isAtStart && (file.addsDummyPrefix || file.removesExtraSpaces) && text.starts(with: Self.space)
                if isSpace { text.removeFirst(Self.space.count) }
                result += text.replacing(Self.space, with: [UInt8(ascii: " ")])
                // Where extra spaces are removed, all those before the text go.
                if isSpace && !file.removesExtraSpaces || !text.isEmpty { isAtStart = false }
            }
        }
        flush()
        return result
    }
}

/// The step from normalized text to pieces.
protocol SentencePieceSegmentation: Sendable {
    /// The pieces in order: where they stand, and their ids.
    func segments(of text: UnsafeBufferPointer<UInt8>) -> [(range: Range<Int>, id: Int)]
}
