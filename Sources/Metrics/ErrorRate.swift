/// How many words or characters of what was said were written down wrongly, as jiwer counts them.
public struct ErrorRate: Sendable, Hashable, Codable {
    /// Words that are right.
    public private(set) var hits = 0
    /// Words in whose place stands another.
    public private(set) var substitutions = 0
    /// Words that are missing.
    public private(set) var deletions = 0
    /// Words that nobody said.
    public private(set) var insertions = 0

    /// Creates a rate of nothing yet.
    public init() {}

    /// All errors.
    public var errors: Int { substitutions + deletions + insertions }
    /// How many words the references have.
    public var referenceCount: Int { hits + substitutions + deletions }
    /// Errors for each word of the references; it may be above 1. Without references 0, or 1 where something was written all the same.
    public var rate: Double {
        referenceCount > 0 ? Double(errors) / Double(referenceCount) : errors > 0 ? 1 : 0
    }

    /// Counts a pair's words.
    ///
    /// - Parameters:
    ///   - reference: what was said.
    ///   - hypothesis: what was written down.
    public mutating func addWords(reference: String, hypothesis: String) {
        add(Self.alignment(Self.words(reference), Self.words(hypothesis)))
    }

    /// Counts a pair's characters, spaces included.
    ///
    /// - Parameters:
    ///   - reference: what was said.
    ///   - hypothesis: what was written down.
    public mutating func addCharacters(reference: String, hypothesis: String) {
        add(Self.alignment(reference.unicodeScalars.map { "\($0)" }, hypothesis.unicodeScalars.map { "\($0)" }))
    }

    /// Adds what another has counted.
    public mutating func merge(_ other: ErrorRate) {
        hits += other.hits
        substitutions += other.substitutions
        deletions += other.deletions
        insertions += other.insertions
    }

    private mutating func add(_ alignment: [Step]) {
        for step in alignment {
            switch step {
            case .hit: hits += 1
            case .substitution: substitutions += 1
            case .deletion: deletions += 1
            case .insertion: insertions += 1
            }
        }
    }

    /// One place where two texts are laid side by side.
    public enum Step: Sendable, Hashable {
        /// The same word in both.
        case hit(String)
        /// A word of the reference, and what stands in its place.
        case substitution(String, String)
        /// A word of the reference that is missing.
        case deletion(String)
        /// A word that the reference lacks.
        case insertion(String)
    }

    /// The words of a text: what stands between blanks, or between stretches of other white space, as jiwer has it.
    public static func words(_ text: String) -> [String] {
        var (words, word, spaces): ([[Unicode.Scalar]], [Unicode.Scalar], [Unicode.Scalar]) = ([], [], [])
        for scalar in text.unicodeScalars {
            if Words.isSpace(scalar) {
                spaces.append(scalar)
                continue
            }
            if !word.isEmpty, spaces.count > 1 || spaces == [" "] {
                words.append(word)
                word = []
            } else if !word.isEmpty {
                word += spaces
            }
            spaces = []
            word.append(scalar)
        }
        return (word.isEmpty ? words : words + [word]).map(Words.text)
    }
}
