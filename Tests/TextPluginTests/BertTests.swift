import AttentionEngine
import Foundation
import PluginKit
import Testing
import TextPlugin

@Suite("BERT and its kin answer as the reference does")
struct BertTests {
    static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures/text").standardized
    static let cases = [
        "bert", "bert-masked", "bert-classifier", "distilbert-masked", "distilbert-classifier", "roberta-masked",
    ]

    private func load<Task>(_ name: String, as task: Task.Type) throws -> Task {
        let checkpoint = try Checkpoint(folder: Self.fixtures.appending(path: name).path)
        return try Registry(plugins: [TextPlugin.self]).load(checkpoint, as: task)
    }

    private func expected<Row: Decodable>(_ name: String, _ type: Row.Type) throws -> [Row] {
        try JSONDecoder().decode([Row].self, from: Data(contentsOf: Self.fixtures.appending(path: "\(name)/expected.json")))
    }

    private func difference(_ found: [Float], _ expected: [Float]) -> Float {
        guard found.count == expected.count else { return .infinity }
        return (zip(found, expected).map { abs($0 - $1) }.max() ?? 0) / (expected.map(abs).max() ?? 1)
    }

    @Test("every hidden state and output", arguments: cases)
    func states(name: String) throws {
        let golden = try SafetensorsFile(Self.fixtures.appending(path: "\(name)/golden.safetensors").path).tensors()
        let model = try load(name, as: (any ModelFamily).self)
        let outputs = try model.forward(golden, detail: .layers)
        for (key, expected) in golden where expected.elementType.isFloatingPoint {
            let found = try #require(outputs[key], "\(key) is missing")
            #expect(found.shape == expected.shape)
            #expect(difference(found.floats, expected.floats) < 1e-5, "\(key)")
        }
        for (key, found) in try model.forward(golden, detail: .answer) {
            #expect(difference(found.floats, try #require(golden[key]).floats) < 1e-5, "\(key) alone")
        }
    }

    private struct Embedded: Decodable {
        var text: String
        var mean, unit, first: [Float]
    }

    @Test("a checkpoint without sentence-transformers files is pooled by the mean, whatever stands beside a text in its batch")
    func embeds() throws {
        let rows = try expected("bert", Embedded.self)
        let vectors = try load("bert", as: (any TextEmbedding).self).embed(rows.map(\.text))
        for (row, vector) in zip(rows, vectors) { #expect(difference(vector, row.mean) < 1e-5, "\(row.text)") }
    }

    @Test("modules.json says how vectors are pooled and normalized")
    func poolsAsAsked() throws {
        let rows = try expected("bert", Embedded.self)
        func vectors(_ modules: String, _ pooling: String) throws -> [[Float]] {
            let folder = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: folder) }
            try FileManager.default.copyItem(at: Self.fixtures.appending(path: "bert"), to: folder)
            try FileManager.default.createDirectory(at: folder.appending(path: "1_Pooling"), withIntermediateDirectories: true)
            try Data(modules.utf8).write(to: folder.appending(path: "modules.json"))
            try Data(pooling.utf8).write(to: folder.appending(path: "1_Pooling/config.json"))
            let model = try Registry(plugins: [TextPlugin.self]).load(
                Checkpoint(folder: folder.path), as: (any TextEmbedding).self)
            return try model.embed(rows.map(\.text))
        }
        func modules(_ types: String...) -> String {
            "["
                + types.map {
                    #"{"path": "\#($0 == "Pooling" ? "1_Pooling" : "")", "type": "sentence_transformers.models.\#($0)"}"#
                }.joined(separator: ",") + "]"
        }
        let unit = try vectors(modules("Transformer", "Pooling", "Normalize"), #"{"pooling_mode_mean_tokens": true}"#)
        let first = try vectors(
            modules("Transformer", "Pooling"), #"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#)
        let both = try vectors(
            modules("Transformer", "Pooling"), #"{"pooling_mode_mean_tokens": true, "pooling_mode_cls_token": true}"#)
        let named = try vectors(modules("Transformer", "Pooling"), #"{"pooling_mode": "cls"}"#)
        for (index, row) in rows.enumerated() {
            #expect(difference(unit[index], row.unit) < 1e-5)
            #expect(difference(first[index], row.first) < 1e-5)
            #expect(difference(named[index], row.first) < 1e-5)
            #expect(difference(both[index], row.first + row.mean) < 1e-5)
        }
        for (list, pooling) in [
            (modules("Transformer", "Dense"), "{}"), (modules("Pooling"), #"{"pooling_mode_odd": true}"#), ("{}", "{}"),
            (#"[{"path": "../bert", "type": "Pooling"}]"#, "{}"), (modules("Pooling"), #"{"pooling_mode_cls_token": 3}"#),
        ] {
            #expect(throws: InputError.self) { try vectors(list, pooling) }
        }
    }

    private struct Filled: Decodable {
        struct Prediction: Decodable {
            var score: Float
            var token: Int
            var word: String
            var sequence: String

            enum CodingKeys: String, CodingKey {
                case score, token, sequence
                case word = "token_str"
            }
        }
        var text: String
        var predictions: [Prediction]
    }

    @Test("masks are filled as the reference's pipeline fills them")
    func fills() throws {
        let model = try load("bert-masked", as: (any MaskFilling).self)
        for row in try expected("bert-masked", Filled.self) {
            let predictions = try model.fillMasks(in: row.text, top: 3)
            #expect(predictions.map(\.id) == row.predictions.map(\.token))
            #expect(predictions.map(\.token) == row.predictions.map(\.word))
            #expect(predictions.map(\.sequence) == row.predictions.map(\.sequence))
            #expect(difference(predictions.map(\.probability), row.predictions.map(\.score)) < 1e-5)
        }
        #expect(try model.fillMasks(in: "[MASK] cat [MASK]", top: 1).map(\.mask) == [0, 1])
        #expect(throws: InputError.self) { try model.fillMasks(in: "no blank", top: 1) }
        #expect(throws: InputError.self) { try load("bert", as: (any MaskFilling).self).fillMasks(in: "[MASK]", top: 1) }
    }

    private struct Classified: Decodable {
        struct Prediction: Decodable {
            var label: String
            var score: Float
        }
        var text: String
        var predictions: [Prediction]
    }

    @Test("texts are classified as the reference's pipeline classifies them")
    func classifies() throws {
        let rows = try expected("bert-classifier", Classified.self)
        let answers = try load("bert-classifier", as: (any TextClassifying).self).classify(rows.map(\.text))
        for (row, answer) in zip(rows, answers) {
            #expect(answer.map(\.label) == row.predictions.map(\.label))
            #expect(difference(answer.map(\.probability), row.predictions.map(\.score)) < 1e-5)
        }
        #expect(throws: InputError.self) { try load("bert", as: (any TextClassifying).self).classify(["the cat"]) }
    }

    @Test("texts beyond the model's length are cut to embed and refused to classify; empty ones are texts")
    func lengths() throws {
        let long = Array(repeating: "cat", count: 100).joined(separator: " ")
        let cut = Array(repeating: "cat", count: 18).joined(separator: " ")
        let model = try load("bert", as: (any TextEmbedding).self)
        let vectors = try model.embed([long, cut, ""])
        #expect(vectors[0] == vectors[1] && vectors[2].count == 24)
        #expect(try model.embed([]).isEmpty)
        #expect(throws: InputError.self) { try load("bert-classifier", as: (any TextClassifying).self).classify([long]) }
    }

    @Test("inputs of forward that do not fit are named")
    func badInputs() throws {
        let model = try load("bert", as: (any ModelFamily).self)
        let ids = Tensor(integers: [5, 6], shape: [1, 2])
        let wrong: [NamedTensors] = [
            [:], ["input_ids": Tensor(integers: [5], shape: [1])], ["input_ids": Tensor([5, 6], shape: [1, 2])],
            ["input_ids": Tensor(integers: [5, 29], shape: [1, 2])], ["input_ids": Tensor(integers: [-1, 5], shape: [1, 2])],
            ["input_ids": Tensor(integers: Array(repeating: 5, count: 21), shape: [1, 21])],
            ["input_ids": Tensor(integers: [], shape: [0, 2])],
            ["input_ids": ids, "attention_mask": Tensor([1], shape: [1, 1])],
            ["input_ids": ids, "token_type_ids": Tensor(integers: [0, 2], shape: [1, 2])],
        ]
        for inputs in wrong { #expect(throws: InputError.self) { try model.forward(inputs, detail: .states) } }
    }

    @Test("numbers in config.json that cannot be")
    func impossibleNumbers() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.copyItem(at: Self.fixtures.appending(path: "bert"), to: folder)
        let file = folder.appending(path: "config.json")
        let original = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        for key in [
            "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size",
            "max_position_embeddings",
            "type_vocab_size", "pad_token_id", "layer_norm_eps", "hidden_act", "position_embedding_type", "is_decoder",
        ] {
            for value in [-1, Int.max, "many", [1, 2], true, 7.5] as [Any] where !(key == "is_decoder" && value is Int) {
                var changed = original
                changed[key] = value
                try JSONSerialization.data(withJSONObject: changed).write(to: file)
                _ = try? Registry(plugins: [TextPlugin.self]).load(Checkpoint(folder: folder.path))
            }
        }
    }
}
