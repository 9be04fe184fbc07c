import AttentionEngine

/// The likeliest pieces by a unigram language model (Kudo, 2018, arXiv:1804.10959), as the reference's `Unigram`.
struct Unigram: TokenizationModel {
    let vocabulary: TokenTable
    private let scores: [Double]
    private let unknown: Int?
    private let byteTokens: [Int]?
    private let trie: ByteTrie
    private let unknownScore: Double
    private let place: String

    /// How much less likely an unknown letter is than the least likely piece.
    private static let unknownPenalty = 10.0

    /// - Parameter pieces: in the order of their ids.
    init(_ pieces: [(piece: [UInt8], score: Double)], unknown: Int?, fallsBackToBytes: Bool, place: String) {
        var vocabulary = TokenTable(capacity: pieces.count)
        // Of pieces that stand there twice the last one's id is looked up, as in the reference.
        for (id, piece) in pieces.enumerated().reversed() { _ = vocabulary.insert(piece.piece, id: id) }
        self.vocabulary = vocabulary
        scores = pieces.map(\.score)
        self.unknown = unknown
        byteTokens = fallsBackToBytes ? ByteFallback.ids(in: vocabulary) : nil
        trie = ByteTrie(pieces.enumerated().map { ($1.piece, $0) })
        unknownScore = (scores.min() ?? 0) - Self.unknownPenalty
        self.place = place
    }

    /// The best way to a place in the text: its score, and the piece it ends with.
    private struct Node {
        var score = 0.0
        var start: Int32 = -1
        var id: Int32 = 0
    }

    func tokenize(_ words: PreTokenizedText, into ids: inout [Int]) throws {
        var nodes: [Node] = []
        var pieces: [(range: Range<Int>, id: Int32)] = []
        try words.text.withUnsafeBufferPointer { text in
            for word in words.words {
                let bytes = UnsafeBufferPointer(rebasing: text[word.range])
                try search(bytes, &nodes)
                collect(nodes, count: bytes.count, into: &pieces)
                for piece in pieces.reversed() { try append(piece, of: bytes, to: &ids) }
            }
        }
    }

    private func search(_ text: UnsafeBufferPointer<UInt8>, _ nodes: inout [Node]) throws {
        nodes.removeAll(keepingCapacity: true)
        nodes.append(contentsOf: repeatElement(Node(), count: text.count + 1))
        try nodes.withUnsafeMutableBufferPointer { nodes in
            var start = 0
            while start < text.count {
                let length = text.scalar(at: start).length
                let score = nodes[start].score
                var hasSingle = false
                trie.forEachMatch(in: text, at: start) { id, end in
                    let candidate = scores[id] + score
                    if nodes[end].start < 0 || candidate > nodes[end].score {
                        nodes[end] = Node(
                            score: candidate, start: Int32(truncatingIfNeeded: start), id: Int32(truncatingIfNeeded: id))
                    }
                    if end - start == length { hasSingle = true }
                }
                let end = start + length
                if !hasSingle, case let candidate = unknownScore + score, nodes[end].start < 0 || candidate > nodes[end].score {
                    let unknown = try requiredUnknown()
                    nodes[end] = Node(
                        score: candidate, start: Int32(truncatingIfNeeded: start), id: Int32(truncatingIfNeeded: unknown))
                }
                start += length
            }
        }
    }

    /// The best way backwards, unknown letters that stand side by side as one piece.
    private func collect(_ nodes: [Node], count: Int, into pieces: inout [(range: Range<Int>, id: Int32)]) {
        pieces.removeAll(keepingCapacity: true)
        var end = count
        while end > 0 {
            let node = nodes[end]
            let start = Swift.max(0, Int(node.start))
            if Int(node.id) == unknown, let last = pieces.last, Int(last.id) == unknown {
                pieces[pieces.count - 1].range = start..<last.range.upperBound
            } else {
                pieces.append((start..<end, node.id))
            }
            end = start
        }
    }

    private func append(_ piece: (range: Range<Int>, id: Int32), of text: UnsafeBufferPointer<UInt8>, to ids: inout [Int]) throws
    {
        if Int(piece.id) != unknown {
            ids.append(Int(piece.id))
            return
        }
        let bytes = UnsafeBufferPointer(rebasing: text[piece.range])
        if let id = vocabulary.id(of: bytes) {
            ids.append(id)
        } else if let byteTokens, bytes.allSatisfy({ byteTokens[Int($0)] >= 0 }) {
            for byte in bytes { ids.append(byteTokens[Int(byte)]) }
        } else {
            ids.append(try requiredUnknown())
        }
    }

    private func requiredUnknown() throws -> Int {
        if let unknown { return unknown }
        throw InputError(
            place, found: "no `unk_id`", needed: "one, for text of letters the vocabulary lacks",
            remedy: "Use the file that was published")
    }
}
