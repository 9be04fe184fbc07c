import AttentionEngine

/// How words are said: the sounds of each, from a dictionary in the layout of CMU's.
public struct Pronunciations: Sendable {
    /// The file, for messages.
    public let path: String
    private var sounds: [String: [String]] = [:]

    /// Reads a dictionary: a word and its sounds on a line, parted by spaces.
    ///
    /// Of several ways to say a word, `WORD`, `WORD(2)`, the first counts. Marks of stress, the digit that ends a vowel, are left out;
    /// so are lines that begin with `;;;` or `#`. Small and capital letters are alike.
    ///
    /// - Throws: `InputError` naming the file and the line that lacks sounds.
    public init(_ path: String) throws {
        self.path = path
        let text = try RegularFile(path).text(atMost: 1 << 28)
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard let first = fields.first, !first.hasPrefix("#"), !first.hasPrefix(";;;") else { continue }
            guard fields.count > 1 else {
                throw InputError(
                    "\(path), line \(index + 1)", found: "“\(first)” without sounds",
                    needed: "a word and how it is said: TWO T UW",
                    remedy: "Complete the line, or remove it")
            }
            if first.last == ")", first.contains("(") { continue }
            let word = first.lowercased()
            if sounds[word] == nil { sounds[word] = fields.dropFirst().map(Self.withoutStress) }
        }
        guard !sounds.isEmpty else {
            throw InputError(
                path, found: "no words", needed: "a word and its sounds on each line",
                remedy: "Check that it is the file you meant")
        }
    }

    private static func withoutStress(_ sound: Substring) -> String {
        guard sound.count > 1, let last = sound.last, last.isASCII, last.isNumber else { return String(sound) }
        return String(sound.dropLast())
    }

    /// The sounds of a word, in order; `nil` where the dictionary lacks it.
    public func callAsFunction(_ word: some StringProtocol) -> [String]? { sounds[word.lowercased()] }
}
