import Foundation
import PluginKit
import PluginKitTesting
import TextPlugin
import Testing

@Suite("The text plugin does what a plugin promises")
struct ConformanceTests {
    static let cases = [
        "bert", "bert-masked", "bert-classifier", "distilbert-masked", "roberta-masked", "gpt2", "marian", "t5", "t5-gated",
    ]

    private func folder(_ name: String) -> String { BertTests.fixtures.appending(path: name).path }

    @Test("it registers itself, and a second one is refused")
    func registration() throws { try Conformance.checkRegistration(of: TextPlugin.self) }

    @Test("the models run on their own examples and refuse other inputs", arguments: cases)
    func models(name: String) throws { try Conformance.checkModel(in: folder(name), plugins: [TextPlugin.self]) }

    @Test("the models answer as the reference does", arguments: cases)
    func parity(name: String) throws {
        let model = try Registry(plugins: [TextPlugin.self]).load(Checkpoint(folder: folder(name)))
        try Conformance.checkParity(of: model, with: "\(folder(name))/golden.safetensors")
    }

    @Test("damaged checkpoints are refused", arguments: ["bert-classifier", "gpt2", "marian", "t5"])
    func damage(name: String) throws { try Conformance.checkDamagedCheckpoints(of: folder(name), plugins: [TextPlugin.self]) }
}
