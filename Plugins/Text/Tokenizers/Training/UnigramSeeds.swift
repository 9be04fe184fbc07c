/// The pieces that a unigram model is chosen from: the letters, and what stands more than once in the words.
struct UnigramSeeds {
    /// The longest piece, in letters.
    private static let pieceLimit = 16

    let pieces: [[UInt8]]
    let scores: [Double]
    /// How many of the pieces, the first, are letters.
    let letterCount: Int

    /// - Parameters:
    ///   - words: the words' letters, each word with how often it occurs.
    ///   - letters: the alphabet.
    ///   - limit: the most pieces beside letters.
    init(_ words: [(letters: [UInt32], count: Int)], letters: [UInt32], minimumFrequency: Int, limit: Int) {
        var frequencies: [UInt32: Int] = [:]
        var text: [UInt32] = []
        var weights: [Int] = []
        for word in words {
            for letter in word.letters { frequencies[letter, default: 0] += word.count }
            text += word.letters
            // Zero ends a word.
            text.append(0)
            weights += repeatElement(word.count, count: word.letters.count + 1)
        }
        var found = Self.repeated(text, weights, minimumFrequency: Swift.max(2, minimumFrequency))
        found.sort { left, right in
            let (a, b) = (left.frequency * left.length, right.frequency * right.length)
            return a != b
                ? a > b
                : text[left.start..<left.start + left.length]
                    .lexicographicallyPrecedes(text[right.start..<right.start + right.length])
        }
        var pieces: [[UInt8]] = []
        var weightsOfPieces: [Double] = []
        for letter in letters {
            var bytes: [UInt8] = []
            bytes.append(scalar: letter)
            pieces.append(bytes)
            weightsOfPieces.append(Double(Swift.max(1, frequencies[letter] ?? 0)))
        }
        for piece in found.prefix(limit) {
            var bytes: [UInt8] = []
            for letter in text[piece.start..<piece.start + piece.length] { bytes.append(scalar: letter) }
            pieces.append(bytes)
            weightsOfPieces.append(Double(piece.frequency * piece.length))
        }
        let total = weightsOfPieces.reduce(0, +)
        self.pieces = pieces
        scores = weightsOfPieces.map { Logarithm.of($0 / total) }
        letterCount = letters.count
    }

    /// The repeated parts that no letter before or behind could be added to without their being rarer, by a suffix array and
    /// the tree that its common prefixes make (Abouelhoda et al., 2004).
    private static func repeated(
        _ text: [UInt32], _ weights: [Int], minimumFrequency: Int
    ) -> [(start: Int, length: Int, frequency: Int)] {
        var result: [(start: Int, length: Int, frequency: Int)] = []
        text.withUnsafeBufferPointer { text in
            func common(_ left: Int, _ right: Int) -> Int {
                var length = 0
                while length < pieceLimit, text[left + length] == text[right + length], text[left + length] != 0 { length += 1 }
                return length
            }
            func ownLength(_ start: Int) -> Int {
                var length = 0
                while length < pieceLimit, text[start + length] != 0 { length += 1 }
                return length
            }
            let suffixes = text.indices.filter { text[$0] != 0 }.map { Int32(truncatingIfNeeded: $0) }.sorted { left, right in
                let (left, right) = (Int(left), Int(right))
                let length = common(left, right)
                if length == pieceLimit { return left < right }
                return text[left + length] != text[right + length]
                    ? text[left + length] < text[right + length] : left < right
            }
            var stack: [(depth: Int, weight: Int)] = [(0, 0)]
            for index in 0...suffixes.count {
                let previous = index > 0 ? Int(suffixes[index - 1]) : 0
                let current = index < suffixes.count ? Int(suffixes[index]) : 0
                let shared = index > 0 && index < suffixes.count ? common(previous, current) : 0
                var carried = 0
                while let top = stack.last, top.depth > shared {
                    stack.removeLast()
                    carried += top.weight
                    if top.depth > 1, carried >= minimumFrequency { result.append((previous, top.depth, carried)) }
                }
                if let top = stack.last, top.depth == shared {
                    stack[stack.count - 1].weight += carried
                } else {
                    stack.append((shared, carried))
                }
                guard index < suffixes.count else { break }
                let own = ownLength(current)
                if own == shared {
                    stack[stack.count - 1].weight += weights[current]
                } else {
                    stack.append((own, weights[current]))
                }
            }
        }
        return result
    }
}
