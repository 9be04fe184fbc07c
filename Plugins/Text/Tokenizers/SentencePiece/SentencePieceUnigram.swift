/// The likeliest pieces as sentencepiece finds them: in single precision, where the reference's `Unigram` has double.
struct SentencePieceUnigram: SentencePieceSegmentation {
    private let scores: [Float]
    private let isUserDefined: [Bool]
    private let trie: ByteTrie
    private let unknownID: Int
    private let unknownScore: Float
    private let maximumScore: Float

    init(_ file: SentencePieceFile) {
        scores = file.pieces.map(\.score)
        isUserDefined = file.pieces.map { $0.kind == .userDefined }
        trie = ByteTrie(
            file.pieces.enumerated().filter { $1.kind == .normal || $1.kind == .userDefined }.map { ($1.text, $0) })
        unknownID = file.unknownID
        let normal = file.pieces.lazy.filter { $0.kind == .normal }.map(\.score)
        unknownScore = (normal.min() ?? 0) - 10
        maximumScore = normal.max() ?? 0
    }

    private struct Node {
        var score: Float = 0
        var start: Int32 = -1
        var id: Int32 = 0
    }

    func segments(of text: UnsafeBufferPointer<UInt8>) -> [(range: Range<Int>, id: Int)] {
        var nodes = Array(repeating: Node(), count: text.count + 1)
        nodes.withUnsafeMutableBufferPointer { nodes in
            var start = 0
            while start < text.count {
                let length = text.scalar(at: start).length
                let score = nodes[start].score
                var hasSingle = false
                func offer(_ pieceScore: Float, _ id: Int, _ end: Int) {
                    let candidate = pieceScore + score
                    if nodes[end].start < 0 || candidate > nodes[end].score {
                        nodes[end] = Node(
                            score: candidate, start: Int32(truncatingIfNeeded: start), id: Int32(truncatingIfNeeded: id))
                    }
                }
                trie.forEachMatch(in: text, at: start) { id, end in
                    let bonus = Float(end - start) * maximumScore - 0.1
                    offer(isUserDefined[id] ? bonus : scores[id], id, end)
                    if end - start == length { hasSingle = true }
                }
                if !hasSingle { offer(unknownScore, unknownID, start + length) }
                start += length
            }
        }
        var result: [(range: Range<Int>, id: Int)] = []
        var end = text.count
        while end > 0 {
            let start = max(0, Int(nodes[end].start))
            result.append((start..<end, Int(nodes[end].id)))
            end = start
        }
        return result.reversed()
    }
}
