import AttentionEngine

/// What a sentencepiece model file holds (sentencepiece_model.proto).
struct SentencePieceFile: Sendable {
    /// What a piece is for.
    enum Kind: Int, Sendable {
        case normal = 1, unknown, control, userDefined, unused, byte
    }

    struct Piece: Sendable {
        var text: [UInt8] = []
        var score: Float = 0
        var kind = Kind.normal
    }

    enum Algorithm: Int, Sendable {
        case unigram = 1, bytePairEncoding, word, character
    }

    private(set) var path: String
    private(set) var pieces: [Piece] = []
    private(set) var algorithm = Algorithm.unigram
    private(set) var unknownID = 0
    private(set) var fallsBackToBytes = false
    private(set) var spacesAreSuffixes = false
    private(set) var unknownSurface = Array(" \u{2047} ".utf8)
    private(set) var characterMap: CharacterMap?
    private(set) var addsDummyPrefix = true
    private(set) var removesExtraSpaces = true
    private(set) var escapesSpaces = true

    /// - Throws: `InputError` where the file is cut off, no model, or contradicts itself.
    init(_ path: String) throws(InputError) {
        self.path = path
        var file = self
        try ProtocolBuffer.forEachField(in: try TextFile.bytes(path)[...], file: path) { (field, value) throws(InputError) in
            guard let bytes = value.bytes else { return }
            switch field {
            case 1: file.pieces.append(try Self.piece(bytes, path))
            case 2: try file.readTrainer(bytes)
            case 3: try file.readNormalizer(bytes)
            default: break
            }
        }
        self = file
        try check()
    }

    private func failure(_ found: String, needed: String) -> InputError {
        InputError(path, found: found, needed: needed, remedy: "Download it again")
    }

    private static func piece(_ bytes: ArraySlice<UInt8>, _ path: String) throws(InputError) -> Piece {
        var piece = Piece()
        try ProtocolBuffer.forEachField(in: bytes, file: path) { (field, value) throws(InputError) in
            switch field {
            case 1: piece.text = value.bytes.map(Array.init) ?? []
            case 2: piece.score = value.float ?? 0
            case 3: piece.kind = value.integer.flatMap(Kind.init) ?? .normal
            default: break
            }
        }
        return piece
    }

    private mutating func readTrainer(_ bytes: ArraySlice<UInt8>) throws(InputError) {
        var file = self
        try ProtocolBuffer.forEachField(in: bytes, file: path) { (field, value) throws(InputError) in
            switch field {
            case 3:
                guard let algorithm = value.integer.flatMap(Algorithm.init) else {
                    throw file.failure("a model of an unknown type", needed: "unigram or BPE")
                }
                file.algorithm = algorithm
            case 24: file.spacesAreSuffixes = value.flag ?? false
            case 35: file.fallsBackToBytes = value.flag ?? false
            case 44: file.unknownSurface = value.bytes.map(Array.init) ?? []
            default: break
            }
        }
        self = file
    }

    private mutating func readNormalizer(_ bytes: ArraySlice<UInt8>) throws(InputError) {
        var file = self
        try ProtocolBuffer.forEachField(in: bytes, file: path) { (field, value) throws(InputError) in
            switch field {
            case 2:
                if let map = value.bytes, !map.isEmpty {
                    file.characterMap = try CharacterMap(map, place: "\(file.path), field `precompiled_charsmap`")
                }
            case 3: file.addsDummyPrefix = value.flag ?? true
            case 4: file.removesExtraSpaces = value.flag ?? true
            case 5: file.escapesSpaces = value.flag ?? true
            default: break
            }
        }
        self = file
    }

    private mutating func check() throws(InputError) {
        if pieces.isEmpty { throw failure("no pieces", needed: "a sentencepiece model") }
        if pieces.count > TokenTable.idLimit { throw failure("\(pieces.count) pieces", needed: "at most \(TokenTable.idLimit)") }
        if algorithm != .unigram && algorithm != .bytePairEncoding {
            throw failure("a model of words or letters", needed: "unigram or BPE")
        }
        let unknown = pieces.indices.filter { pieces[$0].kind == .unknown }
        guard unknown.count == 1 else { throw failure("\(unknown.count) unknown pieces", needed: "one") }
        unknownID = unknown[0]
        var bytes = 0
        for (id, piece) in pieces.enumerated() {
            guard !piece.text.isEmpty, piece.score.isFinite, String(validating: piece.text, as: UTF8.self) != nil else {
                throw failure("the piece \(id) without text, or with a score that is no number", needed: "text and score")
            }
            if piece.kind == .byte { bytes += ByteFallback.byte(of: piece.text) == nil ? 0 : 1 }
        }
        if fallsBackToBytes && bytes != 256 { throw failure("\(bytes) pieces for bytes", needed: "256") }
    }
}
