import AttentionEngine
import Foundation
import PluginKit
import Testing

@testable import Apus

@Suite("apus forward and bench")
struct ForwardTests {
    let model: TinyModel
    let folder: TemporaryFolder

    init() throws {
        model = try TinyModel()
        folder = try TemporaryFolder()
    }

    private func pixels(_ shape: [Int]) -> Tensor {
        Tensor((0..<shape.reduce(1, *)).map { Float($0 % 17) / 8 - 1 }, shape: shape)
    }

    private func write(_ tensors: [String: Tensor]) throws -> String {
        let path = folder.path("inputs.safetensors")
        try SafetensorsWriter.write(tensors.map { ($0.key, $0.value) }, to: path)
        return path
    }

    @Test("The outputs stand in the file under the reference's names, and are what the model says; other tensors are ignored")
    func outputs() throws {
        let inputs = ["pixel_values": pixels([2, 3, 8, 8]), "logits": pixels([1]), "labels": Tensor(integers: [1], shape: [1])]
        let output = folder.path("outputs.safetensors")
        let run = try CommandRun("forward", model.path, write(inputs), "-o", output)
        #expect(run.status == 0)
        #expect(run.output.isEmpty)
        #expect(run.errors.contains(/logits +2 × 5 +fp32\n/))
        let file = try SafetensorsFile(output)
        #expect(file.names == ["last_hidden_state", "logits"])
        let checkpoint = try Checkpoint(model.path)
        let family = try Apus.registry.load(checkpoint)
        let expected = try family.forward(inputs, detail: .states)
        for name in file.names {
            let tensor = try #require(try file.tensor(named: name))
            #expect(tensor.shape == expected[name]?.shape)
            let differences = zip(tensor.floats, expected[name]?.floats ?? []).map { abs($0 - $1) }
            #expect(try #require(differences.max()) < 1e-5)
        }
    }

    @Test("--hidden-states adds the states around each layer; the outputs of one run may be the inputs of the next")
    func hiddenStates() throws {
        let output = folder.path("outputs.safetensors")
        let inputs = try write(["pixel_values": pixels([1, 3, 8, 8])])
        let run = try CommandRun("forward", model.path, inputs, "-o", output, "--hidden-states", "--quiet")
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        #expect(try SafetensorsFile(output).names == ["hidden.0", "hidden.1", "last_hidden_state", "logits"])
        #expect(try CommandRun("forward", model.path, inputs, "-o", inputs).status == 0)
        #expect(try SafetensorsFile(inputs).names == ["last_hidden_state", "logits"])
    }

    @Test("A missing tensor, one of another shape, a bad file and a folder that is not there are named")
    func failures() throws {
        let output = folder.path("outputs.safetensors")
        let good = try write(["pixel_values": pixels([1, 3, 8, 8])])
        let nowhere = try CommandRun("forward", model.path, good, "-o", folder.path("no/such/folder.safetensors"))
        #expect(nowhere.status == 1)
        #expect(nowhere.errors.contains("no/such/folder.safetensors"))

        let missing = try CommandRun("forward", model.path, write(["pixels": pixels([1, 3, 8, 8])]), "-o", output)
        #expect(missing.status == 1)
        #expect(missing.errors.contains("pixel_values"))
        #expect(missing.errors.contains("pixels"))

        let shape = try CommandRun("forward", model.path, write(["pixel_values": pixels([1, 3, 9, 8])]), "-o", output)
        #expect(shape.status == 1)
        #expect(shape.errors.contains("pixel_values"))

        let file = try CommandRun("forward", model.path, folder.write("text.safetensors", Data("text".utf8)), "-o", output)
        #expect(file.status == 1)
        #expect(file.errors.contains("text.safetensors"))

        #expect(!FileManager.default.fileExists(atPath: output))
        #expect(try CommandRun("forward", model.path, good).status == 64)
    }

    @Test("bench measures without a preprocessor, in words and in JSON")
    func bench() throws {
        try FileManager.default.removeItem(atPath: model.folder.path("preprocessor_config.json"))
        let run = try CommandRun("bench", "classify", "--model", model.path, "--runs", "3")
        #expect(run.status == 0)
        #expect(run.lines.contains { $0.hasPrefix("median run") && $0.hasSuffix("/s") })
        let json = try CommandRun(
            "bench", "classify", "--json", "--model", model.path, "--runs", "2", "--warm-up", "0", "--batch-size", "3",
            "--threads", "1")
        let object = try #require(try json.objects.first)
        #expect(object["batch_size"] as? Int == 3)
        #expect(object["threads"] as? Int == 1)
        #expect(object["runs"] as? Int == 2)
        for key in ["best_milliseconds", "median_milliseconds", "items_per_second", "load_milliseconds", "peak_memory_bytes"] {
            #expect((object[key] as? Double ?? 0) > 0)
        }
        #expect(try CommandRun("bench", "classify", "--runs", "0").status == 64)
    }
}
