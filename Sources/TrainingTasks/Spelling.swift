import AttentionEngine
public import PluginKit

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What texts are spelled in by an encoder alone, beside being written by a decoder: their characters, or the sounds of their words.
///
/// Class 0 stands for nothing; those of `units` follow it.
public struct Spelling: Sendable, Codable, Hashable {
    /// What each class from 1 on stands for.
    public let units: [String]
    /// The sounds of each word; `nil` where characters are spelled.
    public let sounds: [String: [String]]?

    /// Takes the units of texts.
    ///
    /// - Parameters:
    ///   - texts: those to learn from.
    ///   - others: further texts, whose words are kept where their sounds are among those of the first.
    ///   - pronunciations: how words are said; without it, characters are spelled.
    /// - Throws: `InputError` naming words that the dictionary lacks.
    public init(of texts: [String], others: [String] = [], pronunciations: Pronunciations? = nil) throws {
        guard let pronunciations else {
            sounds = nil
            units = Set(texts.joined()).map(String.init).sorted()
            return
        }
        func words(_ texts: [String]) -> Set<String> {
            Set(texts.flatMap { $0.split(whereSeparator: \.isWhitespace).map { $0.lowercased() } })
        }
        let said = words(texts)
        let missing = said.filter { pronunciations($0) == nil }.sorted()
        guard missing.isEmpty else {
            let shown = missing.prefix(5).map { "“\($0)”" }.joined(separator: ", ")
            throw InputError(
                pronunciations.path,
                found: "no sounds of \(shown)\(missing.count > 5 ? " and \(missing.count - 5) more words" : "")",
                needed: "those of every word that is said", remedy: "Add them, or leave --pronunciations out")
        }
        var sounds = Dictionary(uniqueKeysWithValues: said.map { ($0, pronunciations($0) ?? []) })
        let known = Set(sounds.values.joined())
        for word in words(others) where sounds[word] == nil {
            if let others = pronunciations(word), known.isSuperset(of: others) { sounds[word] = others }
        }
        self.sounds = sounds
        units = known.sorted()
    }

    /// A word of a text, and the classes it is spelled in.
    public struct Word: Sendable, Hashable {
        /// As the text has it.
        public var text: String
        /// Its classes, in order.
        public var classes: [Int]
    }

    /// The words of a text.
    ///
    /// - Returns: `nil` if it has a word or a character that is not among the units.
    func words(of text: String) -> [Word]? {
        let places = Dictionary(uniqueKeysWithValues: units.enumerated().map { ($1, $0 + 1) })
        var words: [Word] = []
        for word in text.split(whereSeparator: \.isWhitespace) {
            guard let spelled = sounds.map({ $0[word.lowercased()] }) ?? word.map(String.init) else { return nil }
            let classes = spelled.compactMap { places[$0] }
            guard classes.count == spelled.count else { return nil }
            words.append(Word(text: String(word), classes: classes))
        }
        return words
    }

    /// The class that stands between words, where there is one: that of the space, if characters are spelled.
    var gap: Int? { sounds == nil ? units.firstIndex(of: " ").map { $0 + 1 } : nil }

    /// The classes of a whole text; `nil` as of `words(of:)`.
    func classes(of text: String) -> [Int]? {
        words(of: text).map { words in Array(words.map(\.classes).joined(separator: gap.map { [$0] } ?? [])) }
    }
}

/// What spells: a layer on an encoder's states. It is kept beside a model, in files of its own, to find where words are said.
public struct Speller: Sendable {
    /// What it spells in.
    public let spelling: Spelling
    private let layer: Linear

    /// Creates a layer whose `weight` and `bias` are among `weights`.
    init(_ spelling: Spelling, width: Int, _ weights: Weights) throws {
        self.spelling = spelling
        layer = try Linear(width, spelling.units.count + 1, weights)
    }

    /// Scores of each class, before softmax, `[batch, positions, classes]`, for states, `[batch, positions, width]`.
    func callAsFunction(_ states: Tensor) -> Tensor { layer(states) }

    private static let weightsFile = "spelling.safetensors"
    private static let unitsFile = "spelling.json"

    /// Reads what `save` has written to a model's folder.
    ///
    /// - Throws: `InputError` if it is not there, or of another width.
    public init(_ checkpoint: Checkpoint) throws {
        guard checkpoint.hasFile(Self.weightsFile), checkpoint.hasFile(Self.unitsFile) else {
            throw InputError(
                checkpoint.path(of: Self.weightsFile), found: "no such file", needed: "what a model spells with",
                remedy: "Use a model that `train transcribe` has made, with --spelling above 0")
        }
        let path = checkpoint.path(of: Self.unitsFile)
        do {
            spelling = try JSONDecoder().decode(
                Spelling.self, from: Data(RegularFile(path).bytes(atMost: 1 << 28)))
        } catch let error as InputError {
            throw error
        } catch {
            throw InputError(path, found: "another content", needed: "units and sounds", remedy: "Train the model again")
        }
        guard !spelling.units.isEmpty, Set(spelling.units).count == spelling.units.count else {
            throw InputError(
                path, found: "units that are the same, or none", needed: "different ones", remedy: "Train the model again")
        }
        let width = try checkpoint.configuration(as: EncoderWidth.self).width
        try checkpoint.checked("d_model", width, in: 1...65_536)
        layer = try Linear(
            width, spelling.units.count + 1, Weights(SafetensorsFile(checkpoint.path(of: Self.weightsFile)))[SpeechTask.ownPath])
    }

    /// Writes the layer and its units to a model's folder.
    func save(_ tensors: [(name: String, tensor: Tensor)], to folder: String) throws {
        try SafetensorsWriter.write(tensors, to: "\(folder)/\(Self.weightsFile)", metadata: ["format": "pt"])
        try JSONOutput.write(spelling, to: "\(folder)/\(Self.unitsFile)")
    }
}

/// What is known of a model's encoder.
struct EncoderWidth: Decodable {
    var width: Int
    enum CodingKeys: String, CodingKey { case width = "d_model" }
}
