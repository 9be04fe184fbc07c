import AttentionEngine
import Foundation
import ImagePlugin
import PluginKit
import Testing

@Suite("Broken vision checkpoints get a sentence")
struct FamilyBadInputTests {
    /// A copy of a fixture with its files changed.
    private func broken(
        _ name: String, configuration change: ((inout [String: Any]) -> Void)? = nil,
        weights: ((inout [String: Tensor]) -> Void)? = nil
    ) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: visionFixtures.appending(path: name), to: folder)
        if let change {
            let file = folder.appending(path: "config.json")
            var object = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
            change(&object)
            try JSONSerialization.data(withJSONObject: object).write(to: file)
        }
        if let weights {
            let path = folder.appending(path: "model.safetensors").path
            var tensors = try SafetensorsFile(path).tensors()
            weights(&tensors)
            try SafetensorsWriter.write(tensors.map { ($0.key, $0.value) }, to: path)
        }
        return folder.path
    }

    /// What is said when the model in `folder` is loaded; the folder is removed.
    private func complaint(_ folder: String) throws -> String {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let error = #expect(throws: InputError.self) {
            let checkpoint = try Checkpoint(folder: folder)
            _ = try Registry(plugins: [ImagePlugin.self]).load(checkpoint)
        }
        return try #require(error).description
    }

    @Test(
        "numbers in config.json that cannot be",
        arguments: [
            "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "image_size", "patch_size",
            "num_channels",
        ])
    func impossibleNumbers(key: String) throws {
        let values: [Any] = [
            0, -1, Int.max, Int.min, 1e300, 1.5, "many", [1, 2, 3], true, [String: Int](), [-1, 4], [Int.max, Int.max],
        ]
        for value in values {
            let text = try complaint(broken("vit", configuration: { $0[key] = value }))
            #expect(text.contains("config.json"), "\(key) = \(value): \(text)")
        }
    }

    @Test("keys that must be there")
    func missingKeys() throws {
        for key in ["hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "image_size", "patch_size"] {
            let text = try complaint(broken("vit", configuration: { $0[key] = nil }))
            #expect(text.contains("config.json") && text.contains(key), "\(text)")
        }
    }

    @Test("settings that contradict one another or the weights")
    func contradictions() throws {
        let changes: [(String, Any, String)] = [
            ("num_attention_heads", 5, "multiple of the 5 heads"), ("patch_size", 25, "patch_size"),
            ("hidden_act", "mish", "mish"),
            ("layer_norm_eps", -1, "layer_norm_eps"), ("hidden_size", 48, "model.safetensors"),
            ("num_hidden_layers", 3, "layer.2"), ("image_size", 32, "position_embeddings"), ("model_type", "vat", "vat"),
            ("id2label", ["0": "a", "1": "b"], "2 labels"), ("id2label", ["0": "a", "2": "b"], "none for 1"),
            ("id2label", ["a", "b"], "id2label"),
        ]
        for (key, value, expected) in changes {
            let text = try complaint(broken("vit", configuration: { $0[key] = value }))
            #expect(text.contains(expected) || text.contains(key), "\(key) = \(value): \(text)")
        }
    }

    @Test("tensors that are missing, of another shape or of a type without fractions")
    func weights() throws {
        let name = "vit.encoder.layer.1.output.dense.weight"
        let missing = try complaint(broken("vit", weights: { $0[name] = nil }))
        #expect(missing.contains(name))
        let reshaped = try complaint(broken("vit", weights: { $0[name] = Tensor(repeating: 0, shape: [3, 4]) }))
        #expect(reshaped.contains(name) && reshaped.contains("36"))
        for tensor in [name, "vit.layernorm.weight", "vit.embeddings.cls_token", "classifier.weight"] {
            let integers = try complaint(
                broken(
                    "vit",
                    weights: {
                        $0[tensor] = Tensor(integers: Array(repeating: 1, count: $0[tensor]!.count), shape: $0[tensor]!.shape)
                    }))
            #expect(integers.contains(tensor) && integers.contains("int64"), "\(integers)")
        }
    }

    @Test("timm checkpoints that are no plain vision Transformer")
    func timm() throws {
        let changes: [(String, Any)] = [
            ("architecture", "resnet50"), ("global_pool", "map"), ("pretrained_cfg", ["input_size": [3, 0, 0]]),
            ("pretrained_cfg", ["input_size": [3]]), ("pretrained_cfg", ["input_size": [3, Int.max, Int.max]]),
            ("model_args", ["num_heads": 7]), ("model_args", ["num_heads": 0]), ("model_args", ["img_size": -3]),
            ("architecture", 5),
        ]
        for (key, value) in changes {
            let text = try complaint(
                broken(
                    "timm-vit",
                    configuration: {
                        if key == "global_pool" || key == "pretrained_cfg" { $0["model_args"] = ["num_heads": 3] }
                        $0[key] = value
                    }))
            #expect(!text.isEmpty, "\(key) = \(value)")
        }
        for name in ["pos_embed", "patch_embed.proj.weight", "blocks.0.mlp.fc1.weight", "cls_token"] {
            let text = try complaint(broken("timm-vit", weights: { $0[name] = Tensor(repeating: 0, shape: [2]) }))
            #expect(text.contains(name), "\(text)")
        }
    }

    @Test("random changes to config.json never crash")
    func mutations() throws {
        let original = try Data(contentsOf: visionFixtures.appending(path: "vit/config.json"))
        let folder = try broken("vit")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var state: UInt64 = 7
        for _ in 0..<300 {
            var bytes = original
            for _ in 0..<3 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
            }
            try bytes.write(to: URL(filePath: folder).appending(path: "config.json"))
            _ = try? {
                let checkpoint = try Checkpoint(folder: folder)
                _ = try Registry(plugins: [ImagePlugin.self]).load(checkpoint)
            }()
        }
    }
}
