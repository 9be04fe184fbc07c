import AttentionEngine

/// One id a word.
struct WordLevel: TokenizationModel {
    let vocabulary: TokenTable
    let unknownToken: [UInt8]
    let place: String

    func tokenize(_ words: PreTokenizedText, into ids: inout [Int]) throws {
        let unknown = vocabulary.id(of: unknownToken)
        try words.text.withUnsafeBufferPointer { text in
            for word in words.words {
                guard let id = vocabulary.id(of: UnsafeBufferPointer(rebasing: text[word.range])) ?? unknown else {
                    throw InputError(
                        place, found: "an unknown token that the vocabulary lacks", needed: "it, for other words",
                        remedy: "Use the file that was published")
                }
                ids.append(id)
            }
        }
    }
}
