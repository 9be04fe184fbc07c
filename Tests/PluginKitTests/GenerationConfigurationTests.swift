import AttentionEngine
import Testing

@testable import PluginKit

@Suite("generation_config.json")
struct GenerationConfigurationTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func configuration(_ text: String?) throws -> GenerationConfiguration {
        try folder.write(#"{"model_type":"x","num_beams":5,"eos_token_id":2}"#, to: "config.json")
        if let text { try folder.write(text, to: "generation_config.json") }
        return try Checkpoint(folder: folder.path).generationConfiguration(vocabularySize: 100)
    }

    @Test("every key is read, numbers and lists of ids alike; unknown keys are ignored")
    func keys() throws {
        let found = try configuration(
            """
            {"max_new_tokens":7,"max_length":30,"min_new_tokens":1,"min_length":2,"num_beams":4,"num_return_sequences":2,
            "length_penalty":0.6,"early_stopping":"never","do_sample":false,"temperature":0.7,"top_k":9,"top_p":0.9,
            "min_p":0.05,"typical_p":0.8,"encoder_repetition_penalty":1.2,"encoder_no_repeat_ngram_size":4,
            "sequence_bias":[[[3,4],-1.5],[[5],2]],"exponential_decay_length_penalty":[10,1.25],"renormalize_logits":true,
            "remove_invalid_values":true,"repetition_penalty":1.1,"no_repeat_ngram_size":3,"bad_words_ids":[[99]],"suppress_tokens":[5],
            "begin_suppress_tokens":[6],"forced_bos_token_id":7,"forced_eos_token_id":[1],"eos_token_id":[1,2],
            "pad_token_id":99,"decoder_start_token_id":98,"use_cache":true,"something":{"new":[null]}}
            """)
        var expected = GenerationConfiguration()
        expected.maximumNewTokens = 7
        expected.maximumLength = 30
        expected.minimumNewTokens = 1
        expected.minimumLength = 2
        expected.beamCount = 4
        expected.resultCount = 2
        expected.lengthPenalty = 0.6
        expected.earlyStopping = .whenImpossibleToImprove
        expected.temperature = 0.7
        expected.topK = 9
        expected.topP = 0.9
        expected.minP = 0.05
        expected.typicalP = 0.8
        expected.sourceRepetitionPenalty = 1.2
        expected.noSourceNGramSize = 4
        expected.sequenceBiases = [.init(ids: [3, 4], bias: -1.5), .init(ids: [5], bias: 2)]
        expected.exponentialDecay = .init(start: 10, factor: 1.25)
        expected.renormalizesScores = true
        expected.replacesInvalidScores = true
        expected.repetitionPenalty = 1.1
        expected.noRepeatNGramSize = 3
        expected.badWords = [[99]]
        expected.suppressedTokens = [5]
        expected.beginSuppressedTokens = [6]
        expected.forcedFirstToken = 7
        expected.forcedLastTokens = [1]
        expected.endTokens = [1, 2]
        expected.paddingToken = 99
        expected.decoderStartToken = 98
        #expect(found == expected)
    }

    @Test("nulls and absent keys are the defaults; without the file config.json speaks")
    func defaults() throws {
        #expect(try configuration(nil).beamCount == 5 && configuration(nil).endTokens == [2])
        #expect(try configuration(#"{"max_length":null,"eos_token_id":null,"early_stopping":null}"#) == GenerationConfiguration())
        #expect(try configuration("{}").maximumLength == 20)
        let unlimited = try Checkpoint(folder: folder.path).generationConfiguration(vocabularySize: 100, lengthWithout: 300)
        #expect(unlimited.maximumLength == 300)
        #expect(try configuration(#"{"early_stopping":true}"#).earlyStopping == .whenEnough)
        #expect(try configuration(#"{"early_stopping":false}"#).earlyStopping == .whenUnlikelyToImprove)
    }

    @Test(
        "what cannot be is refused, naming file and key",
        arguments: [
            (#"{"num_beams":0}"#, "num_beams"), (#"{"top_p":NaN}"#, "top_p"), (#"{"max_length":1e18}"#, "max_length"),
            (#"{"eos_token_id":100}"#, "eos_token_id"), (#"{"bad_words_ids":[[1,-1]]}"#, "bad_words_ids"),
            (#"{"early_stopping":"soon"}"#, "early_stopping"), (#"{"temperature":0}"#, "temperature"),
            (#"{"sequence_bias":[[[1]]]}"#, "sequence_bias"), (#"{"sequence_bias":[[[100],1.0]]}"#, "sequence_bias"),
            (#"{"exponential_decay_length_penalty":[-1,1.5]}"#, "exponential_decay_length_penalty"),
            (#"{"exponential_decay_length_penalty":3}"#, "exponential_decay_length_penalty"),
            (#"{"typical_p":0}"#, "typical_p"), (#"{"min_p":2}"#, "min_p"),
            (#"{"num_beams":4,"do_sample":true}"#, "num_beams"), (#"{"eos_token_id":"a"}"#, "eos_token_id"),
            (#"{"length_penalty":Infinity}"#, "length_penalty"),
        ])
    func refused(text: String, key: String) throws {
        let error = #expect(throws: InputError.self) { try configuration(text) }
        #expect(error?.description.contains("generation_config.json") == true && error?.description.contains(key) == true)
    }
}
