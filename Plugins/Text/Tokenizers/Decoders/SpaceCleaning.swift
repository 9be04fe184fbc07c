/// Takes away the spaces that splitting at punctuation leaves: `ca n't , really` becomes `can't, really`.
enum SpaceCleaning {
    typealias Rules = [(old: [UInt8], new: [UInt8])]

    /// What the reference's decoders do, piece by piece.
    static let pieces = rules([
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"),
        (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ])

    /// What `clean_up_tokenization_spaces` does to the whole text.
    static let texts = rules([
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" 's", "'s"),
        (" 've", "'ve"), (" 're", "'re"),
    ])

    static func applied(to text: [UInt8], rules: Rules) -> [UInt8] {
        guard text.contains(UInt8(ascii: " ")) else { return text }
        return rules.reduce(text) { $0.replacing($1.old, with: $1.new) }
    }

    private static func rules(_ rules: [(String, String)]) -> Rules { rules.map { (Array($0.utf8), Array($1.utf8)) } }
}
