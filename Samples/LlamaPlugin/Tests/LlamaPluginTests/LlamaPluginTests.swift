import Apus
import Foundation
import LlamaPlugin
import PluginKitTesting
import Testing

@Suite("Llama writes as transformers does")
struct LlamaPluginTests {
    private let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/llama").path
    private let plugins: [any Plugin.Type] = Apus.plugins + [LlamaPlugin.self]

    @Test("the family registers beside the built-in plugins")
    func registration() throws { try Conformance.checkRegistration(of: LlamaPlugin.self, besides: Apus.plugins) }

    @Test("every hidden state and the logits")
    func parity() throws {
        let model = try Registry(plugins: plugins).load(Checkpoint(folder: folder))
        try Conformance.checkParity(of: model, with: "\(folder)/golden.safetensors", tolerance: 2e-5)
    }

    @Test("the model runs on its own examples and refuses other inputs")
    func inputs() throws { try Conformance.checkModel(in: folder, plugins: plugins) }

    @Test("damaged checkpoints are refused")
    func damage() throws { try Conformance.checkDamagedCheckpoints(of: folder, plugins: plugins) }

    @Test("greedy and beam search write the same ids", arguments: [("greedy", 1), ("beam4", 4)])
    func ids(key: String, beams: Int) throws {
        let golden = try SafetensorsFile("\(folder)/golden.safetensors").tensors()
        let model = try Registry(plugins: plugins).load(Checkpoint(folder: folder), as: (any TensorGenerating).self)
        var options = WritingOptions()
        options.beamCount = beams
        options.temperature = 0
        options.maximumTokens = 12
        #expect(try model.generate(golden, options: options).integers == golden[key]?.integers)
    }

    @Test("a prompt is written on from, and one that is too long is refused")
    func prompts() throws {
        let model = try Registry(plugins: plugins).load(Checkpoint(folder: folder), as: (any TextGenerating).self)
        var options = WritingOptions()
        options.maximumTokens = 8
        var text = ""
        let ids = try model.generate("The common swift", options: options) {
            text += $0
            return true
        }
        #expect(!ids.isEmpty && ids.count <= 8 && !text.isEmpty)
        #expect(throws: InputError.self) {
            try model.generate(String(repeating: "swift ", count: 100), options: options) { _ in true }
        }
    }
}
