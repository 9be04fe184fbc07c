import Testing

@testable import AttentionEngine

@Suite("The Transformer's decoder side against the reference")
struct DecoderTests {
    @Test("hidden states and scores of whole sequences, padding of the memory included", arguments: DecoderFixture.names)
    func whole(name: String) throws {
        let fixture = try DecoderFixture(name)
        var states: [Tensor] = []
        let output = try fixture.decoder.decode(fixture.embedding(fixture.ids), memory: fixture.memory) { states.append($1) }
        #expect(states.count == 3)
        for (name, state) in [("output", output), ("logits", fixture.head(output))]
            + states.enumerated().map({ ("hidden.\($0)", $1) })
        {
            let difference = largestDifference(state.floats, try fixture.tensor(name).floats)
            #expect(difference <= 3e-5, "\(name) is off by \(difference) of its largest")
        }
        for needed: Transformer.NeededPositions in [.last(1), .last(3), .first(2), .last(100)] {
            let part = try fixture.decoder.decode(fixture.embedding(fixture.ids), memory: fixture.memory, needed: needed)
            let expected = output.sliced(needed.range(of: output.shape[1]), along: 1)
            #expect(part.shape == expected.shape && largestDifference(part.floats, expected.floats) <= 2e-6)
        }
    }

    @Test("one position or several at a time, from a cache that has to grow", arguments: DecoderFixture.names)
    func stepwise(name: String) throws {
        let fixture = try DecoderFixture(name), embeddings = try fixture.embedding(fixture.ids)
        for lengths in [[1, 1, 1, 1, 1, 1, 1], [4, 1, 2], [1, 5, 1]] {
            let cache = KeyValueCache(for: fixture.decoder, rows: 3, capacity: 1)
            var outputs: [Tensor] = []
            var first = 0
            for length in lengths {
                outputs.append(
                    try fixture.decoder.decode(
                        embeddings.sliced(first..<first + length, along: 1), cache: cache, memory: fixture.memory))
                first += length
            }
            #expect(cache.count == 7)
            let difference = largestDifference(
                Tensor.concatenated(outputs, along: 1).floats, try fixture.tensor("output").floats)
            #expect(difference <= 3e-5, "off by \(difference) of its largest")
        }
    }

    @Test("rows that are reordered, doubled and dropped keep their past", arguments: DecoderFixture.names)
    func reordered(name: String) throws {
        let fixture = try DecoderFixture(name), embeddings = try fixture.embedding(fixture.ids)
        let expected = try fixture.tensor("output")
        let cache = KeyValueCache(for: fixture.decoder, rows: 3, capacity: 2)
        var memory = fixture.memory
        // The sentence that each row holds.
        var sentences = [0, 1, 2]
        for (position, order) in [[0, 1, 2], [0, 0, 1, 1, 2, 2], [5, 1, 2, 0], [0, 2, 3], [1, 2], [1, 1, 0], [2]].enumerated() {
            if position > 0 {
                cache.reorder(order)
                memory?.reorder(order)
            }
            sentences = order.map { sentences[$0] }
            let rows = sentences.map { embeddings.sliced($0..<$0 + 1, along: 0) }
            let new = Tensor.concatenated(rows, along: 0).sliced(position..<position + 1, along: 1)
            let output = try fixture.decoder.decode(new, cache: cache, memory: memory)
            let wanted = sentences.map { expected.sliced($0..<$0 + 1, along: 0).sliced(position..<position + 1, along: 1) }
            let difference = largestDifference(output.floats, Tensor.concatenated(wanted, along: 0).floats)
            #expect(difference <= 3e-5, "position \(position) is off by \(difference)")
        }
    }

    @Test("keys and values from one product are those of two")
    func fusedKeysAndValues() throws {
        let fixture = try DecoderFixture("whisper"), configuration = fixture.decoder.configuration
        var tensors: [String: Tensor] = [:]
        let weights = Weights(fixture.file)["model.decoder"]
        for name in weights.names { tensors[name] = try weights.get(name, weights.shape(of: name) ?? []) }
        for layer in 0..<2 {
            for kind in ["self_attn", "encoder_attn"] {
                let path = "layers.\(layer).\(kind)"
                for part in ["weight", "bias"] {
                    guard let value = tensors["\(path).v_proj.\(part)"] else { continue }
                    let key = tensors["\(path).k_proj.\(part)"] ?? Tensor(repeating: 0, shape: value.shape)
                    tensors["\(path).kv.\(part)"] = .concatenated([key, value], along: 0)
                }
            }
        }
        var fused = configuration
        fused.attention.hasKeyBias = true
        fused.crossAttention?.hasKeyBias = true
        var names = fixture.names
        names.layer.input = .keyValueFused(query: "self_attn.q_proj", keyValue: "self_attn.kv")
        names.layer.crossAttentionInput = .keyValueFused(query: "encoder_attn.q_proj", keyValue: "encoder_attn.kv")
        let decoder = try Transformer(fused, Weights(TensorDictionary(tensors)), names: names)
        let output = try decoder.decode(
            fixture.embedding(fixture.ids), memory: decoder.memory(of: fixture.tensor("encoder_states")))
        #expect(largestDifference(output.floats, try fixture.tensor("output").floats) <= 3e-5)
    }

    @Test("prompts filled up at the front give what they give alone", arguments: ["gpt2", "llama"])
    func filledUp(name: String) throws {
        let fixture = try DecoderFixture(name)
        let prompts = [[9, 8, 7, 6, 5], [4], [3, 2, 1]]
        var configuration = GenerationConfiguration()
        configuration.maximumNewTokens = 10
        let together = try Generator(configuration).generate(with: fixture, prompts: prompts)
        for (prompt, result) in zip(prompts, together) {
            #expect(try Generator(configuration).generate(with: fixture, prompts: [prompt]) == [result])
        }
    }

    @Test("more positions than the model has are an error, at once or step by step")
    func positionLimit() throws {
        let fixture = try DecoderFixture("gpt2")
        #expect(throws: InputError.self) { try fixture.decoder.decode(Tensor(repeating: 0, shape: [1, 49, 24])) }
        let cache = KeyValueCache(for: fixture.decoder, rows: 1)
        _ = try fixture.decoder.decode(Tensor(repeating: 0, shape: [1, 48, 24]), cache: cache)
        let error = #expect(throws: InputError.self) {
            try fixture.decoder.decode(Tensor(repeating: 0, shape: [1, 1, 24]), cache: cache)
        }
        #expect(error?.description.contains("49") == true && error?.description.contains("48") == true)
    }

    @Test("ids that are not in the vocabulary are an error")
    func unknownIDs() throws {
        let fixture = try DecoderFixture("gpt2")
        for id in [-1, 61, Int.min, Int.max] { #expect(throws: InputError.self) { try fixture.embedding([[1, id]]) } }
    }
}

extension Generator {
    func generate(with fixture: DecoderFixture, prompts: [[Int]]) throws -> [[GeneratedSequence]] {
        var step = fixture.step(configuration)
        return try generate(&step, prompts: prompts)
    }
}
