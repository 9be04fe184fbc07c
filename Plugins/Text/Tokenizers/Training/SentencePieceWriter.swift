/// Writes a trained tokenizer as a sentencepiece model (sentencepiece_model.proto).
enum SentencePieceWriter {
    /// - Parameter tokenizer: one of letters.
    static func model(_ tokenizer: TrainedTokenizer) -> [UInt8] {
        let options = tokenizer.options
        var message = Message()
        func add(_ text: [UInt8], _ score: Double, _ kind: SentencePieceFile.Kind) {
            var piece = Message()
            piece.add(1, bytes: text)
            piece.add(2, float: Float(score))
            if kind != .normal { piece.add(3, integer: kind.rawValue) }
            message.add(1, bytes: piece.bytes)
        }
        add(Array("<unk>".utf8), 0, .unknown)
        add(Array("<s>".utf8), 0, .control)
        add(Array("</s>".utf8), 0, .control)
        for token in tokenizer.byteTokens { add(token, 0, .byte) }
        var pieces = tokenizer.pieces
        if options.algorithm == .bytePairs {
            // Of two pairs the one whose piece has the better score is merged first; letters stand last.
            let letters = pieces.prefix(pieces.count - tokenizer.learnedCount), learned = pieces.dropFirst(letters.count)
            pieces = (learned + letters).enumerated().map { ($1.text, -Double($0)) }
        }
        for piece in pieces { add(piece.text, piece.score, .normal) }
        var training = Message()
        training.add(
            3, integer: (options.algorithm == .unigram ? SentencePieceFile.Algorithm.unigram : .bytePairEncoding).rawValue)
        training.add(4, integer: 3 + tokenizer.byteTokens.count + pieces.count)
        training.add(10, float: Float(options.characterCoverage))
        if options.fallsBackToBytes { training.add(35, integer: 1) }
        message.add(2, bytes: training.bytes)
        var normalizing = Message()
        normalizing.add(
            1, bytes: Array((options.normalization == .none && !options.lowercases ? "identity" : "user_defined").utf8))
        if let map = CharacterMapBuilder.blob(options) { normalizing.add(2, bytes: map) }
        for field in 3...5 { normalizing.add(field, integer: 1) }
        message.add(3, bytes: normalizing.bytes)
        return message.bytes
    }

    /// A protocol buffer message in the making.
    private struct Message {
        var bytes: [UInt8] = []

        private mutating func add(varint value: Int) {
            var rest = UInt64(bitPattern: Int64(value))
            while rest > 0x7F {
                bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            bytes.append(UInt8(truncatingIfNeeded: rest))
        }

        mutating func add(_ field: Int, integer value: Int) {
            add(varint: field << 3)
            add(varint: value)
        }

        mutating func add(_ field: Int, bytes value: [UInt8]) {
            add(varint: field << 3 | 2)
            add(varint: value.count)
            bytes += value
        }

        mutating func add(_ field: Int, float value: Float) {
            add(varint: field << 3 | 5)
            for shift in stride(from: 0, to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(shift)))
            }
        }
    }
}

extension TrainedTokenizer {
    /// How many of the pieces, the last, came of merges.
    fileprivate var learnedCount: Int {
        let merged = Set(merges.map { $0.left + $0.right })
        return pieces.count { merged.contains($0.text) }
    }
}
