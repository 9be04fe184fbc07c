/// The step from words to ids.
protocol TokenizationModel: Sendable {
    /// The tokens it knows.
    var vocabulary: TokenTable { get }
    /// Whether it merges pairs: such a vocabulary keeps its spaces, and cleaning them up would spoil the text.
    var mergesPairs: Bool { get }
    /// Appends the ids of the words, in order, to `ids`.
    ///
    /// - Throws: `InputError` where a word needs an unknown token that the vocabulary lacks.
    func tokenize(_ words: PreTokenizedText, into ids: inout [Int]) throws
}

extension TokenizationModel {
    var mergesPairs: Bool { false }
}
