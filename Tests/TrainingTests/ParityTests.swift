import AttentionEngine
import Foundation
import PluginKit
import Testing
import Training

@Suite("Training against PyTorch")
struct ParityTests {
    @Test("losses and all gradients of one batch", arguments: TrainingFixture.cases, [false, true])
    func gradients(_ name: String, recomputesLayers: Bool) throws {
        let fixture = try TrainingFixture(name)
        let (checkpoint, parameters) = try fixture.checkpoint.trainable()
        let model = try TrainingFixture.model(checkpoint)
        let tape = GradientTape()
        tape.recomputesLayers = recomputesLayers
        let loss = try fixture.loss(model, tape)
        let expected = try fixture.floats("loss")[0]
        #expect(abs(loss.floats[0] - expected) <= 1e-4 * expected, "\(loss.floats[0]) for \(expected)")
        tape.backward(from: loss)

        var compared = 0
        for parameter in parameters.parameters {
            guard fixture.file.names.contains("gradient.\(parameter.name)") else {
                #expect(parameter.gradient == nil, "\(parameter.name) is trained, and not in PyTorch")
                continue
            }
            let gradient = try #require(parameter.gradient, "\(parameter.name) has no gradient").floats
            let largest = try fixture.floats("largest.\(parameter.name)")[0]
            let wanted = try fixture.floats("gradient.\(parameter.name)")
            let difference = zip(gradient, wanted).reduce(0) { max($0, abs($1.0 / largest - $1.1)) }
            // A gradient that is zero but for rounding has no digits to compare.
            #expect(difference <= 1e-3 || largest < 1e-7, "\(parameter.name) is off by \(difference) of its largest, \(largest)")
            compared += 1
        }
        #expect(compared == fixture.file.names.count { $0.hasPrefix("gradient.") })
    }

    @Test("ten steps of AdamW", arguments: TrainingFixture.cases)
    func steps(_ name: String) throws {
        let fixture = try TrainingFixture(name)
        let (checkpoint, parameters) = try fixture.checkpoint.trainable()
        let model = try TrainingFixture.model(checkpoint)
        var optimizer = AdamW(weightDecay: 0.05)
        for (step, expected) in try fixture.floats("losses").enumerated() {
            let tape = GradientTape()
            let loss = try fixture.loss(model, tape)
            #expect(abs(loss.floats[0] - expected) <= 1e-3 * expected, "step \(step): \(loss.floats[0]) for \(expected)")
            tape.backward(from: loss)
            Gradients.clip(parameters.parameters, to: 1)
            optimizer.step(parameters.parameters, learningRate: 2e-3)
        }
    }

    @Test("what was trained is saved under the published names and gives the same answers", arguments: TrainingFixture.cases)
    func saving(_ name: String) throws {
        let fixture = try TrainingFixture(name)
        let (checkpoint, parameters) = try fixture.checkpoint.trainable()
        let model = try TrainingFixture.model(checkpoint)
        let tape = GradientTape()
        tape.backward(from: try fixture.loss(model, tape))
        var optimizer = AdamW()
        optimizer.step(parameters.parameters, learningRate: 1e-2)
        let folder = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try checkpoint.save(parameters, to: folder)
        #expect(try SafetensorsFile("\(folder)/model.safetensors").names == fixture.checkpoint.weights.names)

        let loaded = try TrainingFixture.model(Checkpoint(folder: folder))
        let inputs = try fixture.inputs
        let before = try #require(model.forward(inputs, detail: .answer)["logits"]).floats
        let after = try #require(loaded.forward(inputs, detail: .answer)["logits"]).floats
        #expect(zip(before, after).allSatisfy { abs($0 - $1) <= 1e-4 })
    }

    @Test("from scratch: a new model learns its batch, and is saved so that it loads", arguments: TrainingFixture.cases)
    func fromScratch(_ name: String) throws {
        let fixture = try TrainingFixture(name)
        let kind = type(of: try TrainingFixture.model(fixture.checkpoint))
        let (checkpoint, parameters) = fixture.checkpoint.trainable(
            drawing: try kind.initialization(of: fixture.checkpoint), seed: 3)
        let model = try TrainingFixture.model(checkpoint)
        var optimizer = AdamW(), losses: [Float] = []
        for _ in 0..<8 {
            let tape = GradientTape()
            tape.regularization = Regularization(dropout: 0.01, stochasticDepth: 0.01)
            let loss = try fixture.loss(model, tape)
            losses.append(loss.floats[0])
            tape.backward(from: loss)
            optimizer.step(parameters.parameters, learningRate: 1e-2)
        }
        #expect(try #require(losses.last) < losses[0], "\(losses)")
        let stored = try fixture.checkpoint.weights
        for parameter in parameters.parameters {
            #expect(stored.shape(of: parameter.name) == parameter.value.shape, "\(parameter.name)")
        }
        let missing = Set(stored.names).subtracting(parameters.parameters.map(\.name))
        #expect(missing.allSatisfy { $0.contains("k_proj.bias") || $0.hasSuffix("position_ids") }, "\(missing)")
    }
}
