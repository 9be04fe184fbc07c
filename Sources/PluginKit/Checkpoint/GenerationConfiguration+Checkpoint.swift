public import AttentionEngine

extension Checkpoint {
    /// What `generation_config.json` says, or where there is none, the same keys of `config.json`.
    ///
    /// Keys that Apus does not know are ignored.
    ///
    /// - Parameters:
    ///   - vocabularySize: the number of ids, which those in the file must be below.
    ///   - lengthWithout: the most tokens of a result where the checkpoint does not limit them; the reference's 20 where
    ///     `nil`.
    /// - Throws: `InputError` naming the key whose value has the wrong type, or cannot be.
    public func generationConfiguration(
        vocabularySize: Int, lengthWithout: Int? = nil
    ) throws -> GenerationConfiguration {
        let name = hasFile("generation_config.json") ? "generation_config.json" : "config.json"
        let settings = try file(name, as: GenerationSettings.self) ?? GenerationSettings()
        var configuration = settings.configuration
        if settings.maxLength == nil, let lengthWithout { configuration.maximumLength = lengthWithout }
        do {
            try configuration.validate(vocabularySize: vocabularySize)
        } catch let error as InputError {
            throw InputError(
                "\(path(of: name)), \(error.place)", found: error.found, needed: error.needed,
                remedy: "Check the file against the one that was published")
        }
        return configuration
    }
}

/// The keys of `generation_config.json`.
private struct GenerationSettings: Decodable {
    var maxNewTokens: Int?
    var maxLength: Int?
    var minNewTokens: Int?
    var minLength: Int?
    var numBeams: Int?
    var numReturnSequences: Int?
    var lengthPenalty: Float?
    var earlyStopping: EarlyStopping?
    var doSample: Bool?
    var temperature: Float?
    var topK: Int?
    var topP: Float?
    var minP: Float?
    var typicalP: Float?
    var repetitionPenalty: Float?
    var encoderRepetitionPenalty: Float?
    var noRepeatNGramSize: Int?
    var encoderNoRepeatNGramSize: Int?
    var sequenceBias: [BiasedSequence]?
    var exponentialDecayLengthPenalty: ExponentialDecay?
    var renormalizeLogits: Bool?
    var removeInvalidValues: Bool?
    var badWordsIDs: [[Int]]?
    var suppressTokens: [Int]?
    var beginSuppressTokens: [Int]?
    var forcedBOSTokenID: Int?
    var forcedEOSTokenID: OneOrMore?
    var bosTokenID: Int?
    var eosTokenID: OneOrMore?
    var padTokenID: Int?
    var decoderStartTokenID: Int?

    private enum CodingKeys: String, CodingKey {
        case maxNewTokens = "max_new_tokens"
        case maxLength = "max_length"
        case minNewTokens = "min_new_tokens"
        case minLength = "min_length"
        case numBeams = "num_beams"
        case numReturnSequences = "num_return_sequences"
        case lengthPenalty = "length_penalty"
        case earlyStopping = "early_stopping"
        case doSample = "do_sample"
        case temperature
        case topK = "top_k"
        case topP = "top_p"
        case minP = "min_p"
        case typicalP = "typical_p"
        case repetitionPenalty = "repetition_penalty"
        case encoderRepetitionPenalty = "encoder_repetition_penalty"
        case noRepeatNGramSize = "no_repeat_ngram_size"
        case encoderNoRepeatNGramSize = "encoder_no_repeat_ngram_size"
        case sequenceBias = "sequence_bias"
        case exponentialDecayLengthPenalty = "exponential_decay_length_penalty"
        case renormalizeLogits = "renormalize_logits"
        case removeInvalidValues = "remove_invalid_values"
        case badWordsIDs = "bad_words_ids"
        case suppressTokens = "suppress_tokens"
        case beginSuppressTokens = "begin_suppress_tokens"
        case forcedBOSTokenID = "forced_bos_token_id"
        case forcedEOSTokenID = "forced_eos_token_id"
        case bosTokenID = "bos_token_id"
        case eosTokenID = "eos_token_id"
        case padTokenID = "pad_token_id"
        case decoderStartTokenID = "decoder_start_token_id"
    }

    /// An id, or a list of them.
    struct OneOrMore: Decodable {
        let ids: [Int]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let id = try? container.decode(Int.self) { ids = [id] } else { ids = try container.decode([Int].self) }
        }
    }

    /// `true`, `false` or `"never"`.
    struct EarlyStopping: Decodable {
        let value: GenerationConfiguration.EarlyStopping

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if (try? container.decode(String.self)) == "never" {
                value = .whenImpossibleToImprove
            } else {
                value = try container.decode(Bool.self) ? .whenEnough : .whenUnlikelyToImprove
            }
        }
    }

    /// `[[4, 5], -1.5]`: ids, and what is added to the score of the last after the others.
    struct BiasedSequence: Decodable {
        let value: GenerationConfiguration.BiasedSequence

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            value = .init(ids: try container.decode([Int].self), bias: try container.decode(Float.self))
        }
    }

    /// `[10, 1.2]`: from which new token on, and by which factor.
    struct ExponentialDecay: Decodable {
        let value: GenerationConfiguration.ExponentialDecay

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            value = .init(start: try container.decode(Int.self), factor: try container.decode(Float.self))
        }
    }

    var configuration: GenerationConfiguration {
        var result = GenerationConfiguration()
        result.maximumNewTokens = maxNewTokens
        result.maximumLength = maxLength ?? result.maximumLength
        result.minimumNewTokens = minNewTokens ?? 0
        result.minimumLength = minLength ?? 0
        result.beamCount = numBeams ?? 1
        result.resultCount = numReturnSequences ?? 1
        result.lengthPenalty = lengthPenalty ?? 1
        result.earlyStopping = earlyStopping?.value ?? .whenUnlikelyToImprove
        result.isSampling = doSample ?? false
        result.temperature = temperature ?? 1
        result.topK = topK ?? result.topK
        result.topP = topP ?? 1
        result.minP = minP ?? 0
        result.typicalP = typicalP ?? 1
        result.repetitionPenalty = repetitionPenalty ?? 1
        result.sourceRepetitionPenalty = encoderRepetitionPenalty ?? 1
        result.noRepeatNGramSize = noRepeatNGramSize ?? 0
        result.noSourceNGramSize = encoderNoRepeatNGramSize ?? 0
        result.sequenceBiases = sequenceBias?.map(\.value) ?? []
        result.exponentialDecay = exponentialDecayLengthPenalty?.value
        result.renormalizesScores = renormalizeLogits ?? false
        result.replacesInvalidScores = removeInvalidValues ?? false
        result.badWords = badWordsIDs ?? []
        result.suppressedTokens = suppressTokens ?? []
        result.beginSuppressedTokens = beginSuppressTokens ?? []
        result.forcedFirstToken = forcedBOSTokenID
        result.forcedLastTokens = forcedEOSTokenID?.ids ?? []
        result.endTokens = eosTokenID?.ids ?? []
        result.paddingToken = padTokenID
        result.decoderStartToken = decoderStartTokenID ?? bosTokenID
        return result
    }
}
