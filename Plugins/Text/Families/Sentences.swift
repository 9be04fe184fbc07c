/// Cuts texts that are too long for a model into sentences, and sentences into parts.
enum Sentences {
    /// The sentences of a text with the spaces that follow them left out: after a full stop, question or exclamation mark,
    /// closing quotes included, where a space follows, and after those of Chinese and Japanese anywhere.
    static func split(_ text: String) -> [String] {
        let scalars = Array(text.unicodeScalars)
        var sentences: [String] = []
        var start = 0
        var index = 0
        while index < scalars.count {
            defer { index += 1 }
            let isWide = wide.contains(scalars[index])
            guard isWide || marks.contains(scalars[index]) else { continue }
            var end = index + 1
            while end < scalars.count,
                marks.contains(scalars[end]) || wide.contains(scalars[end]) || closing.contains(scalars[end])
            {
                end += 1
            }
            guard isWide || end == scalars.count || scalars[end].properties.isWhitespace else { continue }
            sentences.append(string(scalars[start..<end]))
            start = end
            index = end - 1
        }
        sentences.append(string(scalars[start...]))
        return sentences.filter { !$0.isEmpty }
    }

    /// A text in parts for each of which `fits` holds, as far as there are spaces to cut at.
    static func parts(_ text: String, fitting fits: (String) throws -> Bool) rethrows -> [String] {
        if try fits(text) { return [text] }
        let words = text.split { $0.isWhitespace }
        guard words.count > 1 else { return [text] }
        let middle = words.count / 2
        return try parts(words[..<middle].joined(separator: " "), fitting: fits)
            + parts(words[middle...].joined(separator: " "), fitting: fits)
    }

    private static let marks: Set<Unicode.Scalar> = [".", "!", "?", "…"]
    private static let wide: Set<Unicode.Scalar> = ["。", "！", "？"]
    private static let closing: Set<Unicode.Scalar> = ["\"", "'", "”", "’", "»", ")", "]", "」", "』"]

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars.drop { $0.properties.isWhitespace })
        return String(view)
    }
}
