public import AttentionEngine

/// Learns a tokenizer from text: byte-pair encoding (Sennrich et al., 2016, arXiv:1508.07909) or a unigram language model
/// (Kudo, 2018, arXiv:1804.10959).
///
/// ```swift
/// var trainer = try TokenizerTrainer(.init(algorithm: .bytePairs, vocabularySize: 8000))
/// try trainer.read(text, from: "book.txt")
/// let tokenizer = try trainer.train()
/// for file in tokenizer.files(.transformers) { … }
/// ```
///
/// What is kept of the text is its words and how often each occurs, so memory does not grow with repetition.
public struct TokenizerTrainer: Sendable {
    /// How pieces are chosen.
    public enum Algorithm: String, Sendable, CaseIterable {
        /// The most frequent pair of pieces becomes a piece, again and again.
        case bytePairs = "bpe"
        /// Pieces that explain the text least are dropped from a large set, again and again.
        case unigram
    }

    /// What pieces are made of.
    public enum Alphabet: String, Sendable, CaseIterable {
        /// The 256 bytes, in the words of GPT-2's expression: no text is unknown.
        case bytes = "byte-level"
        /// The letters that occur, a word's space written as `▁` before it.
        case letters = "metaspace"
    }

    /// What is done to text before it is split, in training and in use.
    public enum Normalization: String, Sendable, CaseIterable {
        case none
        /// Unicode's compatibility composition.
        case nfkc
        /// The same after sentencepiece's cleaning: controls go, odd spaces become spaces.
        case nmtNFKC = "nmt-nfkc"
    }

    /// What is to be learned.
    public struct Options: Sendable {
        /// How pieces are chosen.
        public var algorithm: Algorithm
        /// What pieces are made of; a unigram model takes letters.
        public var alphabet: Alphabet
        /// How many tokens there are to be in all, special ones included.
        public var vocabularySize: Int
        /// Whether fewer will do, where the text does not give as many.
        public var acceptsFewer = false
        /// Tokens with a meaning of their own, which get the first ids.
        public var specialTokens: [String] = []
        /// Whether they get the last ids instead, in files of transformers.
        public var specialTokensComeLast = false
        /// The share of the letters in the text that pieces are made of, from 0 to 1; rarer ones are unknown.
        public var characterCoverage: Double
        /// How often a pair or piece must occur.
        public var minimumFrequency = 2
        /// Whether text is read in lower case.
        public var lowercases = false
        /// What else is done to text.
        public var normalization: Normalization
        /// Whether 256 tokens stand for the bytes of letters that are unknown.
        public var fallsBackToBytes = false
        /// The files that the tokenizer is learned for.
        public var format = TrainedTokenizer.Format.transformers

        /// Creates the usual options: bytes without normalization for byte pairs, letters after `nmt-nfkc` for unigram.
        public init(algorithm: Algorithm, vocabularySize: Int) {
            self.algorithm = algorithm
            self.vocabularySize = vocabularySize
            alphabet = algorithm == .bytePairs ? .bytes : .letters
            characterCoverage = algorithm == .bytePairs ? 1 : 0.9995
            normalization = algorithm == .bytePairs ? .none : .nmtNFKC
        }
    }

    let options: Options
    let specialTokens: [[UInt8]]
    private var words: WordCounts

    /// - Throws: `InputError` where options are out of range or contradict each other.
    public init(_ options: Options) throws(InputError) {
        func failure(_ found: String, _ needed: String, _ remedy: String) -> InputError {
            InputError("", found: found, needed: needed, remedy: remedy)
        }
        guard 1...TokenTable.idLimit ~= options.vocabularySize else {
            throw failure(
                "a vocabulary of \(options.vocabularySize)", "1 to \(TokenTable.idLimit) tokens", "Choose another size")
        }
        guard options.characterCoverage > 0, options.characterCoverage <= 1 else {
            throw failure(
                "a character coverage of \(options.characterCoverage)", "a share above 0 and up to 1", "0.9995 is usual")
        }
        guard options.minimumFrequency >= 0 else {
            throw failure("a least frequency of \(options.minimumFrequency)", "0 or more", "2 is usual")
        }
        if options.alphabet == .bytes {
            if options.algorithm == .unigram || options.format == .marian {
                throw failure(
                    "an alphabet of bytes", "letters, for a unigram model and for a Marian checkpoint", "Choose metaspace")
            }
            if options.fallsBackToBytes {
                throw failure("tokens for unknown bytes", "none", "A byte-level tokenizer knows all bytes already")
            }
        }
        var special = options.specialTokens
        if let place = special.firstIndex(of: "") {
            throw failure("an empty special token (number \(place + 1))", "a text", "Leave it out")
        }
        if options.format == .marian {
            special.removeAll { TrainedTokenizer.marianTokens.contains($0) }
        } else if options.alphabet == .letters, TrainedTokenizer.unknown(of: special) == nil {
            special.insert("<unk>", at: 0)
        }
        if let twice = Dictionary(grouping: special, by: { Array($0.utf8) }).first(where: { $0.value.count > 1 }) {
            throw failure("the special token “\(twice.value[0])” twice", "each once", "Leave one out")
        }
        self.options = options
        specialTokens = special.map { Array($0.utf8) }
        words = try WordCounts(options)
    }

    /// Reads text in parts of any size; `finish` after the last part of a file.
    ///
    /// - Throws: `InputError` naming the file and line where it is no text.
    public mutating func read(_ part: [UInt8], from file: String) throws { try words.read(part, from: file) }

    /// Ends a file: what follows begins a line of another.
    public mutating func finish(_ file: String) throws { try words.finish(file) }

    /// How many words were read, and how many different ones.
    public var wordCount: (total: Int, distinct: Int) { (words.total, words.count) }

    /// Learns the tokenizer.
    ///
    /// - Parameter progress: is told how much of how much is done.
    /// - Throws: `InputError` naming the numbers where the text is empty, or too small or too varied for the size asked for.
    public func train(progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }) throws -> TrainedTokenizer {
        guard words.count > 0 else {
            throw InputError("", found: "no words in the text", needed: "text to learn from", remedy: "Check the files")
        }
        return switch options.algorithm {
        case .bytePairs: try BytePairTrainer(self, words).train(progress)
        case .unigram: try UnigramTrainer(self, words).train(progress)
        }
    }

    /// How many tokens stand in every vocabulary of these options, whatever the text.
    var fixedTokenCount: Int {
        specialTokens.count + (options.fallsBackToBytes ? 256 : 0)
            + (options.format == .marian ? TrainedTokenizer.marianTokens.count : 0)
    }

    /// - Throws: `InputError` where the vocabulary has no room for the alphabet.
    func checkRoom(letters: Int) throws(InputError) {
        let least = fixedTokenCount + letters
        guard options.vocabularySize < least else { return }
        throw InputError(
            "", found: "a vocabulary of \(options.vocabularySize)",
            needed: "at least \(least): \(letters) letters and \(fixedTokenCount) tokens that are always there",
            remedy: options.alphabet == .letters
                ? "Choose a larger one, or a smaller character coverage" : "Choose a larger one")
    }

    /// What is said where the text has not enough pieces.
    func tooLarge(available: Int) -> InputError {
        InputError(
            "", found: "a vocabulary of \(options.vocabularySize)", needed: "at most \(available), which is all this text gives",
            remedy: "Choose a smaller one, or give more text")
    }
}
