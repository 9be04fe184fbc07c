import AttentionEngine

/// Longest pieces first from the left, as BERT's (Wu et al., 2016, arXiv:1609.08144).
struct WordPiece: TokenizationModel {
    let vocabulary: TokenTable
    private let unknown: Int?
    private let maximumScalars: Int
    private let place: String
    private let wholes: ByteTrie
    private let continuations: ByteTrie

    /// - Parameters:
    ///   - prefix: what pieces inside a word begin with in the vocabulary.
    ///   - maximumScalars: longer words are unknown.
    init(_ vocabulary: TokenTable, unknownToken: [UInt8], prefix: [UInt8], maximumScalars: Int, place: String) {
        self.vocabulary = vocabulary
        unknown = vocabulary.id(of: unknownToken)
        self.maximumScalars = maximumScalars
        self.place = place
        var (wholes, continuations): ([(key: [UInt8], value: Int)], [(key: [UInt8], value: Int)]) = ([], [])
        vocabulary.forEach { token, id in
            wholes.append((Array(token), id))
            if token.starts(with: prefix) { continuations.append((Array(token.dropFirst(prefix.count)), id)) }
        }
        self.wholes = ByteTrie(wholes)
        self.continuations = ByteTrie(continuations)
    }

    func tokenize(_ words: PreTokenizedText, into ids: inout [Int]) throws {
        try words.text.withUnsafeBufferPointer { text in
            for word in words.words {
                let bytes = UnsafeBufferPointer(rebasing: text[word.range])
                if append(bytes, to: &ids) { continue }
                guard let unknown else {
                    throw InputError(
                        place, found: "an unknown token that the vocabulary lacks", needed: "it, for words of other letters",
                        remedy: "Use the file that was published")
                }
                ids.append(unknown)
            }
        }
    }

    /// Appends the pieces of a word; false if it is unknown.
    private func append(_ word: UnsafeBufferPointer<UInt8>, to ids: inout [Int]) -> Bool {
        // Bytes that begin a scalar.
        if word.count > maximumScalars, word.count(where: { $0 & 0xC0 != 0x80 }) > maximumScalars { return false }
        let start = ids.count
        var position = 0
        while position < word.count {
            guard let piece = (position == 0 ? wholes : continuations).longestMatch(in: word, at: position) else {
                ids.removeLast(ids.count - start)
                return false
            }
            ids.append(piece.value)
            position = piece.end
        }
        return true
    }
}
