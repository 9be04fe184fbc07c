/// How texts are parted where the references part them.
enum Words {
    /// The parts between stretches of white space.
    static func split(_ text: some Sequence<Unicode.Scalar>) -> [[Unicode.Scalar]] {
        var (words, word): ([[Unicode.Scalar]], [Unicode.Scalar]) = ([], [])
        for scalar in text {
            if isSpace(scalar) {
                if !word.isEmpty { words.append(word) }
                word = []
            } else {
                word.append(scalar)
            }
        }
        if !word.isEmpty { words.append(word) }
        return words
    }

    /// What Python's `str.split` parts at.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || ("\u{1C}"..."\u{1F}").contains(scalar)
    }

    /// Words to compare as Python does: `String` holds é for the same whether it is one scalar or two.
    static func exact(_ words: [String]) -> [[Unicode.Scalar]] { words.map { Array($0.unicodeScalars) } }

    static func text(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
