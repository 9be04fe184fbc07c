import AttentionEngine
import ImagePlugin
import PluginKit
import Training

func trainOnOnesOwn(_ nextBatch: () -> (Tensor, [Int])) throws {
    let (checkpoint, parameters) = try Checkpoint("my-vit").trainable()
    let model = try ViTFamily(checkpoint)
    let schedule = LearningRateSchedule(peak: 3e-4, warmUpSteps: 100, totalSteps: 1000)
    var optimizer = AdamW(weightDecay: 0.05)
    for step in 0..<schedule.totalSteps {
        let (pixels, labels) = nextBatch()
        let tape = GradientTape(seed: UInt64(step))
        let loss = try tape.record {
            try Loss.crossEntropy(model.forward(["pixel_values": pixels], detail: .answer)["logits"]!, labels)
        }
        tape.backward(from: loss)
        Gradients.clip(parameters.parameters, to: 1)
        optimizer.step(parameters.parameters, learningRate: schedule.rate(at: step))
    }
    try checkpoint.save(parameters, to: "my-model")
}
