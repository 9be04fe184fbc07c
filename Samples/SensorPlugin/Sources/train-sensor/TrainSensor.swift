import AttentionEngine
import Foundation
import PluginKit
import SensorPlugin
import Training

/// Trains the sample's model on recordings made on the spot: `swift run -c release train-sensor FOLDER [STEPS]`. The folder holds
/// `config.json` and `preprocessor_config.json`; the weights are written there.
@main enum TrainSensor {
    private static let activities = MadeUpRecording.activities

    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count > 1, let steps = arguments.count > 2 ? Int(arguments[2]) : 600, steps > 0 else {
            print("usage: train-sensor FOLDER [STEPS]")
            exit(64)
        }
        let folder = try Checkpoint(folder: arguments[1])
        let converter = try RecordingConverter(folder, channelCount: 3, length: 128)
        var generator = SeededGenerator(state: 1)

        let (checkpoint, parameters) = folder.trainable(drawing: try SensorFamily.initialization(of: folder), seed: 1)
        let model = try SensorFamily(checkpoint)
        let schedule = LearningRateSchedule(peak: 2e-3, warmUpSteps: steps * 3 / 10, totalSteps: steps)
        var optimizer = AdamW(weightDecay: 0.01)
        for step in 0..<steps {
            let (windows, labels) = try batch(32, converter, &generator)
            let tape = GradientTape(seed: UInt64(step))
            let loss = try tape.record {
                try Loss.crossEntropy(
                    model.forward(["input_values": windows], detail: .answer)["logits"]!, labels, smoothing: 0.05)
            }
            tape.backward(from: loss)
            Gradients.clip(parameters.parameters, to: 1)
            optimizer.step(parameters.parameters, learningRate: schedule.rate(at: step))
            if (step + 1) % 100 == 0 { print("step \(step + 1): loss \(loss.floats[0])") }
        }

        var unseen = SeededGenerator(state: 99)
        let (windows, labels) = try batch(1_000, converter, &unseen)
        let logits = try model.forward(["input_values": windows], detail: .answer)["logits"]!.floats
        let right = labels.enumerated().count { row, label in
            let scores = logits[row * activities.count..<(row + 1) * activities.count]
            return scores.indices.max { scores[$0] < scores[$1] } == row * activities.count + label
        }
        print("\(Double(right) / 10) % of 1,000 unseen windows are named rightly")
        try checkpoint.save(parameters, to: arguments[1])
    }

    /// Windows, `[size, 3, 128]`, and what is done in each.
    private static func batch(
        _ size: Int, _ converter: RecordingConverter, _ generator: inout SeededGenerator
    ) throws -> (windows: Tensor, labels: [Int]) {
        let labels = (0..<size).map { _ in Int.random(in: 0..<activities.count, using: &generator) }
        let windows = try labels.map { try converter(activities[$0].draw(128, using: &generator)) }
        return (.concatenated(windows, along: 0), labels)
    }
}
