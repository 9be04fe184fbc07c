import AttentionEngine
import Foundation
import PluginKit
import Testing

@testable import TextPlugin

@Suite("Models that write do as the reference does")
struct WritingTests {
    private static let cases = ["marian", "t5", "t5-gated", "gpt2"]

    private func load<Task>(_ name: String, as task: Task.Type) throws -> Task {
        let checkpoint = try Checkpoint(folder: BertTests.fixtures.appending(path: name).path)
        return try Registry(plugins: [TextPlugin.self]).load(checkpoint, as: task)
    }

    private func golden(_ name: String) throws -> NamedTensors {
        try SafetensorsFile(BertTests.fixtures.appending(path: "\(name)/golden.safetensors").path).tensors()
    }

    @Test("every hidden state and the logits", arguments: cases)
    func states(name: String) throws {
        let golden = try golden(name)
        let outputs = try load(name, as: (any ModelFamily).self).forward(golden, detail: .layers)
        for (key, expected) in golden where expected.elementType.isFloatingPoint {
            let found = try #require(outputs[key], "\(key) is missing")
            #expect(found.shape == expected.shape)
            let scale = expected.floats.map(abs).max() ?? 1
            let difference = zip(found.floats, expected.floats).map { abs($0 - $1) }.max() ?? .infinity
            #expect(difference < 2e-5 * scale, "\(key)")
        }
    }

    @Test("greedy and beam search write the same ids", arguments: cases)
    func ids(name: String) throws {
        let golden = try golden(name)
        let model = try load(name, as: (any TensorGenerating).self)
        for (key, beams) in [("greedy", 1), ("beam4", 4)] {
            var options = WritingOptions()
            options.beamCount = beams
            options.temperature = 0
            options.maximumTokens = 12
            let found = try model.generate(golden, options: options), expected = try #require(golden[key])
            #expect(found.shape == expected.shape && found.integers == expected.integers, "\(key)")
        }
    }

    @Test("prompts filled up at the front: the ids, and the logits with positions numbered either way")
    func paddedPrompts() throws {
        let padded = try SafetensorsFile(BertTests.fixtures.appending(path: "gpt2/padded.safetensors").path).tensors()
        for (key, beams) in [("greedy", 1), ("beam3", 3)] {
            var options = WritingOptions()
            options.beamCount = beams
            options.temperature = 0
            options.maximumTokens = 14
            let found = try load("gpt2", as: (any TensorGenerating).self).generate(padded, options: options)
            #expect(found.integers == padded[key]?.integers, "\(key)")
        }
        let model = try load("gpt2", as: (any ModelFamily).self)
        let mask = try #require(padded["attention_mask"]?.integers)
        var inputs = padded
        for key in ["logits", "logits.counted"] {
            let found = try #require(try model.forward(inputs, detail: .answer)["logits"]), expected = try #require(padded[key])
            let scale = expected.floats.map(abs).max() ?? 1
            for (row, isReal) in mask.enumerated() where isReal != 0 {
                let range = row * found.width..<(row + 1) * found.width
                let difference = zip(found.floats[range], expected.floats[range]).map { abs($0 - $1) }.max() ?? .infinity
                #expect(difference < 1e-5 * scale, "\(key), position \(row)")
            }
            inputs["position_ids"] = nil
        }
        inputs["position_ids"] = Tensor(integers: mask.map { $0 + 5 }, shape: [4, 13])
        #expect(throws: InputError.self) { try model.forward(inputs, detail: .answer) }
        inputs["position_ids"] = Tensor(integers: [0], shape: [1, 1])
        #expect(throws: InputError.self) { try model.forward(inputs, detail: .answer) }
    }

    @Test("the same seed writes the same text, as a stream too")
    func seeds() async throws {
        let model = try load("gpt2", as: (any TextGenerating).self)
        var options = WritingOptions()
        options.maximumTokens = 12
        options.temperature = 1
        options.seed = 5
        var first = ""
        let ids = try model.generate("the a", options: options) {
            first += $0
            return true
        }
        #expect(ids.count <= 12)
        var second = ""
        for try await piece in model.text(after: "the a", options: options) { second += piece }
        #expect(first == second)
        options.seed = 6
        var third = ""
        _ = try model.generate("the a", options: options) {
            third += $0
            return true
        }
        #expect(first != third)
        #expect(throws: InputError.self) {
            try model.generate(String(repeating: "x", count: 100), options: options) { _ in true }
        }
    }

    @Test("texts are cut into sentences at their ends")
    func sentences() {
        #expect(Sentences.split("One. Two? “Three!” Four") == ["One.", "Two?", "“Three!”", "Four"])
        #expect(Sentences.split("3.14 is pi... Yes.") == ["3.14 is pi...", "Yes."])
        #expect(Sentences.split("日本語。はい！") == ["日本語。", "はい！"])
        #expect(Sentences.split("").isEmpty && Sentences.split("...") == ["..."])
        #expect(Sentences.parts("a b c d e", fitting: { $0.count <= 3 }) == ["a b", "c", "d e"])
        #expect(Sentences.parts("abcdef", fitting: { $0.count <= 3 }) == ["abcdef"])
    }

    @Test("settings and inputs that cannot be are named")
    func badInputs() throws {
        let golden = try golden("marian")
        let model = try load("marian", as: (any TensorGenerating).self)
        var options = WritingOptions()
        options.beamCount = 0
        #expect(throws: InputError.self) { try model.generate(golden, options: options) }
        options.beamCount = 2
        options.lengthPenalty = .nan
        #expect(throws: InputError.self) { try model.generate(golden, options: options) }
        #expect(throws: InputError.self) { try model.forward(["input_ids": golden["input_ids"]!], detail: .answer) }
        var ids = golden
        ids["decoder_input_ids"] = Tensor(integers: [1], shape: [1, 1])
        #expect(throws: InputError.self) { try model.forward(ids, detail: .answer) }
        ids["input_ids"] = Tensor(integers: [1, 40], shape: [1, 2])
        ids["attention_mask"] = nil
        #expect(throws: InputError.self) { try model.forward(ids, detail: .answer) }
    }

    @Test("a shared embedding and an output of another size are refused")
    func sharedVocabulary() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.copyItem(at: BertTests.fixtures.appending(path: "marian"), to: folder)
        let file = folder.appending(path: "config.json"), weights = folder.appending(path: "model.safetensors").path
        var object = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        object["decoder_vocab_size"] = 41
        try JSONSerialization.data(withJSONObject: object).write(to: file)
        var tensors = try SafetensorsFile(weights).tensors()
        tensors["final_logits_bias"] = Tensor(repeating: 0, shape: [1, 41])
        try SafetensorsWriter.write(tensors.map { ($0.key, $0.value) }, to: weights)
        let error = #expect(throws: InputError.self) {
            try Registry(plugins: [TextPlugin.self]).load(Checkpoint(folder: folder.path))
        }
        #expect(error?.description.contains("decoder_vocab_size") == true)
    }

    @Test("numbers in config.json that cannot be never crash", arguments: cases)
    func impossibleNumbers(name: String) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.copyItem(at: BertTests.fixtures.appending(path: name), to: folder)
        let file = folder.appending(path: "config.json")
        let original = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        for (key, value) in original where value is NSNumber {
            for replacement in [-1, 0, Int.max, "many", 1e300, [1]] as [Any] {
                var changed = original
                changed[key] = replacement
                try JSONSerialization.data(withJSONObject: changed).write(to: file)
                let model = try? Registry(plugins: [TextPlugin.self]).load(Checkpoint(folder: folder.path))
                _ = try? model?.forward(golden(name), detail: .answer)
            }
        }
    }
}
