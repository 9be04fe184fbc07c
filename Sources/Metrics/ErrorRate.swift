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

    /// Lays two texts side by side with the fewest errors (Levenshtein).
    ///
    /// - Parameters:
    ///   - reference: the words that are right.
    ///   - hypothesis: those that were written.
    public static func alignment(_ reference: [String], _ hypothesis: [String]) -> [Step] {
        let width = hypothesis.count + 1
        let (said, written) = (Words.exact(reference), Words.exact(hypothesis))
        // The first row and column are what it costs to write, or to leave out, everything.
        var costs = [Int32](repeating: 0, count: (reference.count + 1) * width)
        for j in 0..<width { costs[j] = Int32(j) }
        for (i, word) in said.enumerated() {
            costs[(i + 1) * width] = Int32(i + 1)
            for (j, other) in written.enumerated() {
                let diagonal = costs[i * width + j] + (word == other ? 0 : 1)
                costs[(i + 1) * width + j + 1] = min(diagonal, costs[i * width + j + 1] + 1, costs[(i + 1) * width + j] + 1)
            }
        }
        var (i, j, steps): (Int, Int, [Step]) = (reference.count, hypothesis.count, [])
        while i > 0 || j > 0 {
            let cost = costs[i * width + j]
            if i > 0, j > 0, cost == costs[(i - 1) * width + j - 1] + (said[i - 1] == written[j - 1] ? 0 : 1) {
                let (word, other) = (reference[i - 1], hypothesis[j - 1])
                steps.append(said[i - 1] == written[j - 1] ? .hit(word) : .substitution(word, other))
                (i, j) = (i - 1, j - 1)
            } else if i > 0, cost == costs[(i - 1) * width + j] + 1 {
                steps.append(.deletion(reference[i - 1]))
                i -= 1
            } else {
                steps.append(.insertion(hypothesis[j - 1]))
                j -= 1
            }
        }
        return steps.reversed()
    }
}
