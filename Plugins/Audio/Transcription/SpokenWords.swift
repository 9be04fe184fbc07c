import PluginKit

/// The words of a text of ids, each with its ids: times are given to words, not to tokens.
struct SpokenWords {
    /// One word.
    struct Word {
        var text: String
        var ids: [Int]
    }

    /// Languages that write no spaces; every character that is whole counts as a word.
    private static let languagesWithoutSpaces: Set = ["zh", "ja", "th", "lo", "my", "yue"]

    /// - Parameters:
    ///   - ids: of text alone.
    ///   - language: the code of its language.
    static func split(_ ids: [Int], _ tokenizer: any Tokenizer, language: String?) -> [Word] {
        let pieces = wholeCharacters(ids, tokenizer)
        if let language, languagesWithoutSpaces.contains(language) { return pieces }
        var words: [Word] = []
        for piece in pieces {
            let isNew = piece.text.first.map { $0 == " " } ?? true
            let isPunctuation = piece.text.allSatisfy { $0.isWhitespace || $0.isPunctuation || $0.isSymbol }
            if words.isEmpty || isNew || isPunctuation {
                words.append(piece)
            } else {
                words[words.count - 1].text += piece.text
                words[words.count - 1].ids += piece.ids
            }
        }
        return words
    }

    /// The ids in groups that are whole characters; what stays broken in the whole text counts as whole.
    private static func wholeCharacters(_ ids: [Int], _ tokenizer: any Tokenizer) -> [Word] {
        func decoded(_ ids: [Int]) -> String { tokenizer.decode(ids, skipSpecialTokens: true, cleanUpSpaces: false) }
        let whole = Array(decoded(ids).unicodeScalars)
        var pieces: [Word] = []
        var group: [Int] = [], place = 0
        for id in ids {
            group.append(id)
            let text = decoded(group), scalars = text.unicodeScalars
            if let broken = scalars.firstIndex(of: "\u{FFFD}") {
                let index = place + scalars.distance(from: scalars.startIndex, to: broken)
                if index >= whole.count || whole[index] != "\u{FFFD}" { continue }
            }
            pieces.append(Word(text: text, ids: group))
            place += scalars.count
            group = []
        }
        if !group.isEmpty { pieces.append(Word(text: decoded(group), ids: group)) }
        return pieces
    }

    /// Joins marks to the words they belong to: opening ones to the next, others to the last.
    static func joinPunctuation(_ words: [TranscribedWord], counts: inout [Int]) -> [TranscribedWord] {
        var words = words
        var index = words.count - 1
        // From the end, so that several opening marks reach the same word.
        while index > 0 {
            if isMark(words[index - 1].word, leading: true, of: opening) {
                words[index].word = words[index - 1].word + words[index].word
                counts[index] += counts[index - 1]
                words.remove(at: index - 1)
                counts.remove(at: index - 1)
            }
            index -= 1
        }
        index = 1
        while index < words.count {
            if !words[index - 1].word.hasSuffix(" "), isMark(words[index].word, leading: false, of: closing) {
                words[index - 1].word += words[index].word
                counts[index - 1] += counts[index]
                words.remove(at: index)
                counts.remove(at: index)
            } else {
                index += 1
            }
        }
        return words
    }

    private static let opening: Set<Character> = ["\"", "'", "“", "¿", "(", "[", "{", "-"]
    private static let closing: Set<Character> = [
        "\"", "'", ".", "。", ",", "，", "!", "！", "?", "？", ":", "：", "”", ")", "]", "}", "、",
    ]

    private static func isMark(_ word: String, leading: Bool, of marks: Set<Character>) -> Bool {
        if leading, !word.hasPrefix(" ") { return false }
        let bare = word.filter { $0 != " " }
        return bare.count == 1 && (leading || bare == word) && bare.allSatisfy(marks.contains)
    }
}
