import AttentionEngine
import Foundation
import ImagePlugin
import PluginKit
import Testing
import Training

@Suite("Low-rank adapters")
struct LowRankAdapterTests {
    private struct Model {
        let fixture: TrainingFixture
        let checkpoint: Checkpoint
        let store: ParameterStore
        let family: ViTFamily

        init() throws {
            fixture = try TrainingFixture("vit")
            (checkpoint, store) = try fixture.checkpoint.trainable()
            family = try ViTFamily(checkpoint)
        }

        func loss() throws -> Tensor {
            let pixels = try #require(try fixture.inputs["pixel_values"])
            let logits = try #require(family.forward(["pixel_values": pixels], detail: .answer)["logits"])
            return try Loss.crossEntropy(logits, fixture.targets)
        }

        func elements() -> [String: [Float]] {
            Dictionary(uniqueKeysWithValues: store.parameters.map { ($0.name, $0.value.floats) })
        }
    }

    private func adapters(_ model: Model, rank: Int = 2) throws -> LowRankAdapters {
        var options = LowRankAdapters.Options()
        (options.rank, options.alpha, options.seed) = (rank, 3, 7)
        return try LowRankAdapters(
            model.store, options: options, adapting: LowRankAdapters.isOfLayer, training: { $0.hasPrefix("classifier.") })
    }

    @Test("begin as the model they are added to, and leave the rest of it alone")
    func beginning() throws {
        let model = try Model(), before = model.elements(), loss = try model.loss().floats[0]
        let adapters = try adapters(model)
        adapters.apply()
        #expect(try model.loss().floats[0] == loss)

        var optimizer = AdamW()
        for step in 0..<6 {
            let tape = GradientTape(seed: UInt64(step)), loss = try tape.record { try model.loss() }
            tape.backward(from: loss)
            adapters.takeGradients()
            optimizer.step(adapters.parameters, learningRate: 0.01)
            adapters.apply()
        }
        #expect(try model.loss().floats[0] < 0.8 * loss)
        for (name, elements) in model.elements() {
            let isTrained =
                name.hasPrefix("classifier.")
                || (LowRankAdapters.isOfLayer(name) && model.store.parameters.contains { $0.name == name && $0.value.rank == 2 })
            #expect((elements != before[name]) == isTrained, "\(name)")
        }
    }

    @Test("have the gradients of what they add")
    func gradients() throws {
        let model = try Model(), adapters = try adapters(model)
        // From zero on, only the one half would have a gradient.
        for parameter in adapters.parameters where parameter.name.hasSuffix(".lora_B") {
            parameter.update { for index in $0.indices { $0[index] = 0.05 * Float(index % 7 - 3) } }
        }
        adapters.apply()
        let tape = GradientTape(seed: 1), loss = try tape.record { try model.loss() }
        tape.backward(from: loss)
        adapters.takeGradients()
        for parameter in adapters.parameters.filter({ $0.name.contains("layer.0") && $0.name.contains("lora") }).prefix(6) {
            let gradient = try #require(parameter.gradient).floats
            let place = gradient.indices.max { abs(gradient[$0]) < abs(gradient[$1]) } ?? 0
            func moved(_ step: Float) throws -> Double {
                parameter.update { $0[place] += step }
                adapters.apply()
                defer {
                    parameter.update { $0[place] -= step }
                    adapters.apply()
                }
                return Double(try model.loss().floats[0])
            }
            let expected = try (moved(0.02) - moved(-0.02)) / 0.04
            #expect(abs(Double(gradient[place]) - expected) < 0.02 * abs(expected) + 1e-4, "\(parameter.name)")
        }
    }

    @Test("stand in files as peft names them")
    func saving() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let model = try Model()
        var options = LowRankAdapters.Options()
        options.base = "some/model"
        let adapters = try LowRankAdapters(model.store, options: options, adapting: { $0.hasSuffix("query.weight") })
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try adapters.saveIfKept(beside: folder.path)
        let file = try SafetensorsFile("\(folder.path)/adapter/adapter_model.safetensors")
        let layer = "base_model.model.vit.encoder.layer.0.attention.attention.query"
        #expect(file.shape(of: "\(layer).lora_A.weight")?.first == 8)
        #expect(file.shape(of: "\(layer).lora_B.weight")?.last == 8)
        let text = try String(contentsOf: folder.appending(path: "adapter/adapter_config.json"), encoding: .utf8)
        #expect(text.contains("\"peft_type\" : \"LORA\"") && text.contains("some/model") && text.contains("\"lora_alpha\" : 16"))
        #expect(throws: InputError.self) {
            try LowRankAdapters(model.store, options: options, adapting: { _ in false })
        }
    }
}
