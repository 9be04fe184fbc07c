/// How token ids are chosen one after the other. The defaults, and what each number does, are those of transformers.
public struct GenerationConfiguration: Sendable, Hashable {
    /// The most tokens that are added to the prompt; `maximumLength` holds where `nil`.
    public var maximumNewTokens: Int?
    /// The most tokens together with the prompt.
    public var maximumLength = 20
    /// As many new tokens must come before the end.
    public var minimumNewTokens = 0
    /// As many tokens, those of the prompt included, must come before the end.
    public var minimumLength = 0

    /// How many candidates are followed at once; 1 follows the best token alone.
    public var beamCount = 1
    /// How many results there are for each prompt; with beams, the best ones.
    public var resultCount = 1
    /// A beam's score is its log-probability divided by its length to this power: above 0 favours long results.
    public var lengthPenalty: Float = 1
    /// When beam search is content with what it has.
    public var earlyStopping = EarlyStopping.whenUnlikelyToImprove

    /// Whether tokens are drawn by their probabilities instead of taking the likeliest.
    public var isSampling = false
    /// What scores are divided by before sampling: below 1 is bolder, above 1 more even.
    public var temperature: Float = 1
    /// Sampling considers only this many of the likeliest tokens; all where 0.
    public var topK = 50
    /// Sampling considers only the likeliest tokens that together have this probability (Holtzman et al., 2020,
    /// arXiv:1904.09751).
    public var topP: Float = 1
    /// Sampling considers only tokens at least this much as probable as the likeliest (Nguyen et al., 2024, arXiv:2407.01082).
    public var minP: Float = 0
    /// Sampling considers only the tokens whose information is nearest to what is to be expected, and that together have this
    /// probability (Meister et al., 2022, arXiv:2202.00666).
    public var typicalP: Float = 1
    /// The same seed gives the same tokens.
    public var seed: UInt64 = 0

    /// Above 1, tokens that were there already become less likely (Keskar et al., 2019, arXiv:1909.05858).
    public var repetitionPenalty: Float = 1
    /// Above 1, tokens of what the model read become likelier: the prompt, or the encoder's text.
    public var sourceRepetitionPenalty: Float = 1
    /// No sequence of as many tokens may occur twice; 0 allows all.
    public var noRepeatNGramSize = 0
    /// No sequence of as many tokens may be one of what the model read; 0 allows all.
    public var noSourceNGramSize = 0
    /// Sequences of tokens that may not occur.
    public var badWords: [[Int]] = []
    /// Sequences of tokens that are made likelier or less likely.
    public var sequenceBiases: [BiasedSequence] = []
    /// Makes the end ever likelier.
    public var exponentialDecay: ExponentialDecay?
    /// Whether scores are made log-probabilities again after all that was done to them.
    public var renormalizesScores = false
    /// Whether scores that are no numbers are taken as 0, and infinite ones as the largest there are.
    public var replacesInvalidScores = false
    /// Tokens that may not occur.
    public var suppressedTokens: [Int] = []
    /// Tokens that may not come first.
    public var beginSuppressedTokens: [Int] = []
    /// The token that must come first where the prompt is a single one.
    public var forcedFirstToken: Int?
    /// The tokens one of which must come last where the length runs out.
    public var forcedLastTokens: [Int] = []

    /// The tokens that end a text.
    public var endTokens: [Int] = []
    /// What shorter sequences are filled up with.
    public var paddingToken: Int?
    /// What a decoder's sequence starts with.
    public var decoderStartToken: Int?

    /// Creates the defaults.
    public init() {}

    /// When beam search is content with the results it has.
    public enum EarlyStopping: Sendable, Hashable {
        /// As soon as there are as many as beams.
        case whenEnough
        /// When the best running beam, at its present length, scores worse than the worst of them.
        case whenUnlikelyToImprove
        /// When no running beam could score better at any length.
        case whenImpossibleToImprove
    }

    /// A sequence of tokens with what is added to the score of its last where the others have just come.
    public struct BiasedSequence: Sendable, Hashable {
        /// The tokens, at least one.
        public var ids: [Int]
        /// What is added, below 0 to make the sequence less likely.
        public var bias: Float

        /// Creates a biased sequence.
        public init(ids: [Int], bias: Float) {
            self.ids = ids
            self.bias = bias
        }
    }

    /// From when on the end becomes likelier, and how fast.
    public struct ExponentialDecay: Sendable, Hashable {
        /// How many new tokens pass before.
        public var start: Int
        /// The end's score grows by its size times the power of this to the tokens since, less one.
        public var factor: Float

        /// Creates a decay.
        public init(start: Int, factor: Float) {
            self.start = start
            self.factor = factor
        }
    }

    /// How many tokens may be added to a prompt.
    func newTokenLimit(promptLength: Int) -> Int { maximumNewTokens ?? max(0, maximumLength - promptLength) }
}

extension GenerationConfiguration {
    /// Checks that the numbers make sense, together and with a vocabulary.
    ///
    /// - Throws: `InputError` naming the setting, as `generation_config.json` does.
    public func validate(vocabularySize: Int) throws {
        func require(_ condition: Bool, _ key: String, _ found: some CustomStringConvertible, _ needed: String) throws {
            if condition { return }
            throw InputError(
                "generation setting `\(key)`", found: "\(found)", needed: needed, remedy: "Set it to another value")
        }
        func check<Value: Comparable & CustomStringConvertible>(
            _ key: String, _ value: Value, _ range: ClosedRange<Value>
        ) throws {
            // NaN is in no range.
            try require(range.contains(value), key, value, "from \(range.lowerBound) to \(range.upperBound)")
        }
        let lengths = 1_048_576
        try check("max_new_tokens", maximumNewTokens ?? 0, 0...lengths)
        try check("max_length", maximumLength, 0...lengths)
        try check("min_new_tokens", minimumNewTokens, 0...lengths)
        try check("min_length", minimumLength, 0...lengths)
        try check("num_beams", beamCount, 1...256)
        try check("num_return_sequences", resultCount, 1...256)
        try require(
            resultCount <= beamCount || (isSampling && beamCount == 1), "num_return_sequences", resultCount,
            "at most the \(beamCount) beams, unless tokens are sampled")
        try require(!(isSampling && beamCount > 1), "num_beams", beamCount, "1 where tokens are sampled")
        try check("length_penalty", lengthPenalty, -100...100)
        try require(temperature > 0 && temperature.isFinite, "temperature", temperature, "a number above 0")
        try check("top_k", topK, 0...Int.max)
        try check("top_p", topP, 0...1)
        try check("min_p", minP, 0...1)
        try require(typicalP > 0 && typicalP <= 1, "typical_p", typicalP, "above 0 and at most 1")
        try require(
            repetitionPenalty > 0 && repetitionPenalty.isFinite, "repetition_penalty", repetitionPenalty, "a number above 0")
        try require(
            sourceRepetitionPenalty > 0 && sourceRepetitionPenalty.isFinite, "encoder_repetition_penalty",
            sourceRepetitionPenalty, "a number above 0")
        try check("no_repeat_ngram_size", noRepeatNGramSize, 0...lengths)
        try check("encoder_no_repeat_ngram_size", noSourceNGramSize, 0...lengths)
        if let decay = exponentialDecay {
            try check("exponential_decay_length_penalty", decay.start, 0...lengths)
            try require(
                decay.factor > 0 && decay.factor.isFinite, "exponential_decay_length_penalty", decay.factor, "a number above 0")
        }
        for sequence in sequenceBiases {
            try require(!sequence.ids.isEmpty, "sequence_bias", "an empty sequence", "sequences of ids")
            try require(!sequence.bias.isNaN, "sequence_bias", sequence.bias, "numbers")
        }
        try require(endTokens.count <= 64, "eos_token_id", "\(endTokens.count) ids", "at most 64")
        try require(badWords.allSatisfy { !$0.isEmpty }, "bad_words_ids", "an empty sequence", "sequences of ids")
        for (key, ids) in [
            ("bad_words_ids", badWords.flatMap(\.self)), ("sequence_bias", sequenceBiases.flatMap(\.ids)),
            ("suppress_tokens", suppressedTokens),
            ("begin_suppress_tokens", beginSuppressedTokens), ("forced_bos_token_id", [forcedFirstToken].compactMap(\.self)),
            ("forced_eos_token_id", forcedLastTokens), ("eos_token_id", endTokens),
        ] {
            let strange = ids.first { $0 < 0 || $0 >= vocabularySize }
            try require(strange == nil, key, strange ?? 0, "ids from 0 to \(vocabularySize - 1)")
        }
    }
}
