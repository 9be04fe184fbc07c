import AttentionEngine
import Foundation
import ImagePlugin
import PluginKit
import Testing
import Training

@Suite("A training loop of one's own")
struct LoopTests {
    @Test("learns as the README shows")
    func loop() throws {
        let fixture = try TrainingFixture("vit")
        let pixels = try #require(try fixture.inputs["pixel_values"]), labels = try fixture.targets
        let folder = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }

        let (checkpoint, parameters) = try fixture.checkpoint.trainable()
        let model = try ViTFamily(checkpoint)
        let schedule = LearningRateSchedule(peak: 3e-3, warmUpSteps: 2, totalSteps: 12)
        var optimizer = AdamW(weightDecay: 0.05)
        var losses: [Float] = []
        for step in 0..<schedule.totalSteps {
            let tape = GradientTape(seed: UInt64(step))
            let loss = try tape.record {
                try Loss.crossEntropy(model.forward(["pixel_values": pixels], detail: .answer)["logits"]!, labels)
            }
            losses.append(loss.floats[0])
            tape.backward(from: loss)
            Gradients.clip(parameters.parameters, to: 1)
            optimizer.step(parameters.parameters, learningRate: schedule.rate(at: step))
        }
        try checkpoint.save(parameters, to: folder)

        #expect(try #require(losses.last) < 0.5 * losses[0], "\(losses)")
        let saved = try ViTFamily(Checkpoint(folder: folder))
        let logits = try #require(saved.forward(["pixel_values": pixels], detail: .answer)["logits"])
        #expect(try Loss.crossEntropy(logits, labels).floats[0] < 0.5 * losses[0])
    }
}
