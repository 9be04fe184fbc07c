import AttentionEngine
import AudioPlugin
import Foundation
import ImagePlugin
import PluginKit
import Testing
import TextPlugin
import Training

/// A batch of a small checkpoint, and what PyTorch makes of it (`Tests/Fixtures/training`).
struct TrainingFixture {
    static let cases = ["vit", "bert", "gpt2", "marian", "t5", "t5-gated", "whisper"]

    let file: SafetensorsFile
    let checkpoint: Checkpoint
    let name: String

    static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures").path

    init(_ name: String) throws {
        self.name = name
        let folder = [
            "vit": "vision/vit", "bert": "text/bert-classifier", "gpt2": "text/gpt2", "marian": "text/marian", "t5": "text/t5",
            "t5-gated": "text/t5-gated", "whisper": "speech/tiny",
        ]
        file = try SafetensorsFile("\(Self.fixtures)/training/\(name).safetensors")
        checkpoint = try Checkpoint(folder: "\(Self.fixtures)/\(try #require(folder[name]))")
    }

    static func model(_ checkpoint: Checkpoint) throws -> any ModelFamily {
        switch checkpoint.modelType {
        case "vit": try ViTFamily(checkpoint)
        case "bert": try BertFamily(checkpoint)
        case "gpt2": try GPT2Family(checkpoint)
        case "marian": try MarianFamily(checkpoint)
        case "t5": try T5Family(checkpoint)
        default: try WhisperFamily(checkpoint)
        }
    }

    var inputs: NamedTensors {
        get throws {
            var inputs: NamedTensors = [:]
            for name in file.names where !name.contains(".") && !["targets", "loss", "losses"].contains(name) {
                inputs[name] = try file.tensor(named: name)
            }
            return inputs
        }
    }

    var targets: [Int] { get throws { try #require(try file.tensor(named: "targets")).integers } }

    func floats(_ name: String) throws -> [Float] { try #require(try file.tensor(named: name), "\(name)").floats }

    /// The loss of the batch, recorded.
    func loss(_ model: any ModelFamily, _ tape: GradientTape) throws -> Tensor {
        let (inputs, targets) = (try inputs, try targets)
        return try tape.record {
            try Loss.crossEntropy(try #require(model.forward(inputs, detail: .answer)["logits"]), targets)
        }
    }
}
