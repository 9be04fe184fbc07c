import Testing

@testable import AttentionEngine

@Suite("Generation against the reference")
struct GenerationTests {
    @Test("the calls are all there")
    func cases() { #expect(GenerationCase.all.count > 60) }

    @Test("ids and scores, greedy and with beams, under every setting", arguments: GenerationCase.all)
    func reference(call: GenerationCase) throws {
        let fixture = try DecoderFixture(call.model)
        let prompts = call.prompts ?? Array(repeating: [fixture.start], count: 3)
        let results = try Generator(call.configuration).generate(with: fixture, prompts: prompts).flatMap(\.self)
        #expect(results.count == call.sequences.count)
        let promptLength = prompts.map(\.count).max() ?? 0
        for (index, (result, sequence)) in zip(results, call.sequences).enumerated() {
            let expected = Array(sequence.dropFirst(promptLength))
            #expect(Array(expected.prefix(result.ids.count)) == result.ids)
            // What is left is filled up; the reference takes the first end token where the padding's number is 0.
            let fillers = Set([call.configuration.paddingToken ?? -1, call.configuration.endTokens[0]])
            #expect(expected.dropFirst(result.ids.count).allSatisfy(fillers.contains))
            if let score = call.scores?[index] {
                #expect(abs((result.score ?? .nan) - score) <= 2e-5 * max(1, abs(score)))
            }
            #expect((result.ending == .endToken) == call.configuration.endTokens.contains(result.ids.last ?? -1))
        }
    }

    @Test("sampling gives the same for the same seed, something else for another, and only what top-k and top-p leave")
    func sampling() throws {
        let fixture = try DecoderFixture("gpt2")
        var configuration = GenerationConfiguration()
        configuration.isSampling = true
        configuration.maximumNewTokens = 12
        configuration.resultCount = 3
        let first = try Generator(configuration).generate(with: fixture, prompts: [[5, 6], [7]])
        #expect(first.map(\.count) == [3, 3] && Set(first[0]).count == 3)
        #expect(try Generator(configuration).generate(with: fixture, prompts: [[5, 6], [7]]) == first)
        configuration.seed = 1
        #expect(try Generator(configuration).generate(with: fixture, prompts: [[5, 6], [7]]) != first)
        var greedy = GenerationConfiguration()
        greedy.maximumNewTokens = 12
        let likeliest = try Generator(greedy).generate(with: fixture, prompts: [[5, 6]])[0][0]
        configuration.topK = 1
        #expect(try Generator(configuration).generate(with: fixture, prompts: [[5, 6]])[0] == [likeliest, likeliest, likeliest])
        configuration.topK = 0
        configuration.topP = 0
        #expect(try Generator(configuration).generate(with: fixture, prompts: [[5, 6]])[0] == [likeliest, likeliest, likeliest])
    }

    @Test("tokens arrive one by one, and the caller can end a sequence")
    func stream() throws {
        let fixture = try DecoderFixture("marian")
        var configuration = GenerationConfiguration()
        configuration.maximumNewTokens = 6
        var seen: [[Int]] = [[], [], []]
        var step = fixture.step(configuration)
        let results = try Generator(configuration).generate(&step, prompts: [[2], [2], [2]]) { prompt, token in
            seen[prompt].append(token)
            return !(prompt == 1 && seen[1].count == 2)
        }
        #expect(results.map { $0[0].ids } == seen)
        #expect(results[1][0].ending == .stopped && results[1][0].ids.count == 2)
    }

    @Test("no prompts, no room, empty prompts")
    func nothing() throws {
        let fixture = try DecoderFixture("gpt2")
        var configuration = GenerationConfiguration()
        #expect(try Generator(configuration).generate(with: fixture, prompts: []).isEmpty)
        #expect(throws: InputError.self) { try Generator(configuration).generate(with: fixture, prompts: [[1], []]) }
        configuration.maximumNewTokens = 0
        #expect(try Generator(configuration).generate(with: fixture, prompts: [[1]])[0].map(\.ids) == [[]])
    }

    @Test("settings that cannot be are refused with a sentence")
    func refused() throws {
        func expectRefusal(_ key: String, _ change: (inout GenerationConfiguration) -> Void) {
            var configuration = GenerationConfiguration()
            change(&configuration)
            let error = #expect(throws: InputError.self, "\(key)") { try configuration.validate(vocabularySize: 10) }
            #expect(error?.place.contains(key) == true)
        }
        for number in [-1, Int.min, Int.max, 1 << 40] {
            expectRefusal("max_new_tokens") { $0.maximumNewTokens = number }
            expectRefusal("max_length") { $0.maximumLength = number }
            expectRefusal("min_new_tokens") { $0.minimumNewTokens = number }
            expectRefusal("num_beams") { $0.beamCount = number }
            expectRefusal("num_return_sequences") { $0.resultCount = number }
            expectRefusal("no_repeat_ngram_size") { $0.noRepeatNGramSize = number }
            expectRefusal("encoder_no_repeat_ngram_size") { $0.noSourceNGramSize = number }
            expectRefusal("exponential_decay_length_penalty") { $0.exponentialDecay = .init(start: number, factor: 1.1) }
            expectRefusal("sequence_bias") { $0.sequenceBiases = [.init(ids: [1, number], bias: 1)] }
            expectRefusal("eos_token_id") { $0.endTokens = [1, number] }
            expectRefusal("bad_words_ids") { $0.badWords = [[1], [2, number]] }
            expectRefusal("suppress_tokens") { $0.suppressedTokens = [number] }
            expectRefusal("forced_bos_token_id") { $0.forcedFirstToken = number }
            expectRefusal("forced_eos_token_id") { $0.forcedLastTokens = [number] }
        }
        for number in [Float.nan, .infinity, -1] {
            expectRefusal("temperature") { $0.temperature = number }
            expectRefusal("top_p") { $0.topP = number }
            expectRefusal("min_p") { $0.minP = number }
            expectRefusal("typical_p") { $0.typicalP = number }
            expectRefusal("repetition_penalty") { $0.repetitionPenalty = number }
            expectRefusal("encoder_repetition_penalty") { $0.sourceRepetitionPenalty = number }
            expectRefusal("exponential_decay_length_penalty") { $0.exponentialDecay = .init(start: 1, factor: number) }
        }
        expectRefusal("length_penalty") { $0.lengthPenalty = .nan }
        expectRefusal("num_beams") { $0.beamCount = 0 }
        expectRefusal("temperature") { $0.temperature = 0 }
        expectRefusal("top_k") { $0.topK = -1 }
        expectRefusal("typical_p") { $0.typicalP = 0 }
        expectRefusal("sequence_bias") { $0.sequenceBiases = [.init(ids: [], bias: 1)] }
        expectRefusal("sequence_bias") { $0.sequenceBiases = [.init(ids: [1], bias: .nan)] }
        expectRefusal("bad_words_ids") { $0.badWords = [[]] }
        expectRefusal("num_return_sequences") { $0.resultCount = 2 }
        expectRefusal("num_beams") {
            $0.isSampling = true
            $0.beamCount = 2
        }
    }
}
