import AttentionEngine
import Foundation
import ImagePlugin
import PluginKit
import Testing

/// The folder of vision checkpoints.
let visionFixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures/vision").standardized

@Suite("Vision families answer as the reference does")
struct FamilyParityTests {
    static let cases = [
        "vit", "vit-odd", "vit-headless", "deit", "deit-teacher", "timm-vit", "timm-registers", "timm-distilled", "timm-deit3",
        "timm-clip",
    ]

    private func model(_ name: String) throws -> any ModelFamily {
        let checkpoint = try Checkpoint(folder: visionFixtures.appending(path: name).path)
        return try Registry(plugins: [ImagePlugin.self]).load(checkpoint)
    }

    private func golden(_ name: String) throws -> NamedTensors {
        try SafetensorsFile(visionFixtures.appending(path: "\(name)/golden.safetensors").path).tensors()
    }

    /// The largest difference, as a share of the largest magnitude.
    private func difference(_ found: Tensor, _ expected: Tensor) -> Float {
        let scale = expected.floats.map(abs).max() ?? 0
        return (zip(found.floats, expected.floats).map { abs($0 - $1) }.max() ?? .infinity) / scale
    }

    @Test("every hidden state and the logits", arguments: cases)
    func everyState(name: String) throws {
        let golden = try golden(name)
        let outputs = try model(name).forward(golden, detail: .layers)
        for (key, expected) in golden where key != "pixel_values" {
            let found = try #require(outputs[key], "\(key) is missing")
            #expect(found.shape == expected.shape)
            #expect(difference(found, expected) < 1e-5, "\(key)")
        }
    }

    @Test("the answer alone is the same as with every state", arguments: cases)
    func answerAlone(name: String) throws {
        let golden = try golden(name)
        let answer = try model(name).forward(golden, detail: .answer)
        #expect(answer.count == 1)
        for (key, found) in answer { #expect(difference(found, try #require(golden[key])) < 1e-5, "\(key)") }
    }

    @Test("images of a batch do not touch one another", arguments: cases)
    func batchesAreIndependent(name: String) throws {
        let pixels = try #require(try golden(name)["pixel_values"])
        let model = try model(name)
        let both = try model.forward(["pixel_values": pixels], detail: .answer)
        let second = try model.forward(["pixel_values": pixels.sliced(1..<2, along: 0)], detail: .answer)
        for (key, found) in second {
            let expected = try #require(both[key]).sliced(1..<2, along: 0)
            #expect(difference(found, expected) < 1e-5)
        }
    }

    @Test("summaries name the sizes without the weights")
    func summaries() throws {
        let checkpoint = try Checkpoint(folder: visionFixtures.appending(path: "vit").path)
        let summary = try ViTFamily.summary(of: checkpoint)
        #expect(summary.tasks == ["classify"])
        #expect(summary.sizes.contains(.init("width", 36)) && summary.sizes.contains(.init("patch size", "8 × 8")))
        let headless = try Checkpoint(folder: visionFixtures.appending(path: "vit-headless").path)
        #expect(try ViTFamily.summary(of: headless).tasks.isEmpty)
    }

    @Test("inputs that do not fit are named")
    func badInputs() throws {
        let model = try model("vit")
        #expect(throws: InputError.self) { try model.forward([:], detail: .answer) }
        for shape in [[3, 24, 24], [1, 1, 24, 24], [1, 3, 25, 24], [0, 3, 24, 24]] {
            let pixels = Tensor(repeating: 0, shape: shape)
            #expect(throws: InputError.self) { try model.forward(["pixel_values": pixels], detail: .answer) }
        }
    }

    @Test("a model without a classifier says so")
    func headless() throws {
        let model = try #require(try model("vit-headless") as? any ImageClassifying)
        let image = try #require(Image(width: 1, height: 1, pixels: [1, 2, 3]))
        #expect(throws: InputError.self) { try model.classify([image]) }
    }
}
