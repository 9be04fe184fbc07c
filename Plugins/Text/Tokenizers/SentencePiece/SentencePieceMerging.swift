/// Byte-pair encoding as sentencepiece does it: neighbours merge into the piece of the highest score.
struct SentencePieceMerging: SentencePieceSegmentation {
    private let scores: [Float]
    private let isUnused: [Bool]
    private let unknownID: Int
    private let pieces: TokenTable
    private let symbols: ByteTrie

    init(_ file: SentencePieceFile, _ pieces: TokenTable, symbols: ByteTrie) {
        scores = file.pieces.map(\.score)
        isUnused = file.pieces.map { $0.kind == .unused }
        unknownID = file.unknownID
        self.pieces = pieces
        self.symbols = symbols
    }

    private struct Symbol {
        var range: Range<Int>
        var previous: Int
        var next: Int
        /// A symbol of the user's, never merged.
        var isFrozen: Bool
    }

    /// A pair that may merge.
    private struct Candidate: Comparable {
        var score: Float
        var left: Int
        var right: Int
        var length: Int

        static func < (one: Candidate, other: Candidate) -> Bool {
            one.score > other.score || one.score == other.score && one.left < other.left
        }
    }

    func segments(of text: UnsafeBufferPointer<UInt8>) -> [(range: Range<Int>, id: Int)] {
        var list: [Symbol] = []
        var position = 0
        while position < text.count {
            let symbol = symbols.longestMatch(in: text, at: position)
            let end = symbol?.end ?? position + text.scalar(at: position).length
            list.append(Symbol(range: position..<end, previous: list.count - 1, next: list.count + 1, isFrozen: symbol != nil))
            position = end
        }
        if list.isEmpty { return [] }
        list[list.count - 1].next = -1
        var queue = PriorityQueue<Candidate>()
        /// How pieces that may not be used came to be.
        var halves: [Range<Int>: Int] = [:]
        func offer(_ left: Int, _ right: Int) {
            guard left >= 0, right >= 0, !list[left].isFrozen, !list[right].isFrozen else { return }
            let range = list[left].range.lowerBound..<list[right].range.upperBound
            guard let id = pieces.id(of: UnsafeBufferPointer(rebasing: text[range])) else { return }
            queue.push(Candidate(score: scores[id], left: left, right: right, length: range.count))
            if isUnused[id] { halves[range] = list[left].range.upperBound }
        }
        for index in list.indices.dropFirst() { offer(index - 1, index) }
        while let top = queue.pop() {
            let (left, right) = (list[top.left].range, list[top.right].range)
            if left.isEmpty || right.isEmpty || left.count + right.count != top.length { continue }
            list[top.left].range = left.lowerBound..<right.upperBound
            list[top.left].next = list[top.right].next
            if list[top.right].next >= 0 { list[list[top.right].next].previous = top.left }
            list[top.right].range = right.lowerBound..<right.lowerBound
            offer(list[top.left].previous, top.left)
            offer(top.left, list[top.left].next)
        }
        var result: [(range: Range<Int>, id: Int)] = []
        var index = 0
        while index >= 0 {
            append(list[index].range, of: text, halves, to: &result)
            index = list[index].next
        }
        return result
    }

    /// A piece, or the pieces it came from where it may not be used itself.
    private func append(
        _ range: Range<Int>, of text: UnsafeBufferPointer<UInt8>, _ halves: [Range<Int>: Int],
        to result: inout [(range: Range<Int>, id: Int)]
    ) {
        var pending = [range]
        while let range = pending.popLast() {
            let id = pieces.id(of: UnsafeBufferPointer(rebasing: text[range])) ?? unknownID
            if isUnused[id], let middle = halves[range] {
                pending.append(middle..<range.upperBound)
                pending.append(range.lowerBound..<middle)
            } else {
                result.append((range, id))
            }
        }
    }
}
