import AttentionEngine
import Foundation
import Testing

@testable import PluginKit

@Suite("Checkpoints")
struct CheckpointTests {
    private struct Configuration: Decodable, Equatable {
        struct Vision: Decodable, Equatable {
            var hiddenSize: Int
            var sizes: [Int]?
            private enum CodingKeys: String, CodingKey {
                case hiddenSize = "hidden_size"
                case sizes
            }
        }
        var vision: Vision
        var epsilon: Double?
    }

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func checkpoint(_ configuration: String) throws -> Checkpoint {
        try folder.write(configuration, to: "config.json")
        return try Checkpoint(folder: folder.path)
    }

    private func complaint(_ body: () throws -> Void) -> String {
        (#expect(throws: InputError.self) { try body() })?.description ?? ""
    }

    @Test("the architecture comes from model_type, or in timm's layout from architecture")
    func modelType() throws {
        #expect(try checkpoint(#"{"model_type":"vit"}"#).modelType == "vit")
        #expect(try checkpoint(#"{"architecture":"deit_small_patch16_224","pretrained_cfg":{}}"#).modelType == "timm/deit")
        #expect(try checkpoint(#"{"architecture":"vit","pretrained_cfg":{}}"#).modelType == "timm/vit")
        #expect(complaint { _ = try checkpoint("{}") }.contains("neither `model_type` nor `architecture`"))
        #expect(complaint { _ = try checkpoint(#"{"model_type":5}"#) }.contains("key `model_type`: 5; needed a text"))
    }

    @Test("a checkpoint knows its folder and name, however the folder is written")
    func names() throws {
        let opened = try checkpoint(#"{"model_type":"vit"}"#)
        #expect(opened.folder == folder.path && opened.name == folder.path.split(separator: "/").last.map(String.init))
        #expect(try Checkpoint("\(folder.path)/").folder == folder.path)
        #expect(opened.hasFile("config.json") && !opened.hasFile("vocab.txt"))
        #expect(try opened.file("vocab.json", as: [String: Int].self) == nil)
        #expect(complaint { _ = try Checkpoint("\(folder.path)/config.json") }.contains("Name \(folder.path) instead"))
        #expect(complaint { _ = try Checkpoint("\(folder.path)/absent") }.contains("no such folder"))
    }

    @Test(
        "what does not decode is named by file and key, with what was found and needed",
        arguments: [
            (#"{"model_type":"x"}"#, "key `vision`: no such key"),
            (#"{"model_type":"x","vision":{}}"#, "key `vision.hidden_size`: no such key"),
            (#"{"model_type":"x","vision":[]}"#, "key `vision`: a list of 0; needed an object"),
            (
                #"{"model_type":"x","vision":{"hidden_size":"8"}}"#,
                "key `vision.hidden_size`: the text \"8\"; needed a whole number"
            ),
            (#"{"model_type":"x","vision":{"hidden_size":null}}"#, "key `vision.hidden_size`: null; needed a whole number"),
            (
                #"{"model_type":"x","vision":{"hidden_size":8,"sizes":[1,true]}}"#,
                "key `vision.sizes[1]`: true; needed a whole number"
            ),
        ])
    func decodingErrors(_ text: String, _ expected: String) throws {
        let opened = try checkpoint(text)
        let complaint = complaint { _ = try opened.configuration(as: Configuration.self) }
        #expect(complaint.contains("/config.json, \(expected)"), "\(complaint)")
    }

    @Test("numbers that are no integers are pointed out where one is needed", arguments: ["1.5", "1e99", "99999999999999999999"])
    func fractions(_ number: String) throws {
        let opened = try checkpoint(#"{"model_type":"x","vision":{"hidden_size":\#(number)}}"#)
        let complaint = complaint { _ = try opened.configuration(as: Configuration.self) }
        #expect(complaint.contains("key `vision.hidden_size` (") && complaint.contains("a whole number there"), "\(complaint)")
    }

    @Test("NaN and Infinity, which Python writes, are read")
    func notNumbers() throws {
        let opened = try checkpoint(#"{"model_type":"x","vision":{"hidden_size":8},"epsilon":NaN,"other":-Infinity}"#)
        #expect(try opened.configuration(as: Configuration.self).epsilon?.isNaN == true)
    }

    @Test(
        "broken JSON gets a sentence, nested however deep",
        arguments: [
            "", "nul", #"{"model_type":"#, "[]", String(repeating: "[", count: 100_000),
            String(repeating: #"{"a":"#, count: 100_000), #"{"model_type":"x","a":"# + String(repeating: "[", count: 100_000),
            #"{"model_type":NaN,"a":"# + String(repeating: "[", count: 100_000), "{\"model_type\":\"\u{0}",
        ])
    func brokenJSON(_ text: String) throws {
        #expect(complaint { _ = try checkpoint(text) }.contains("/config.json: "))
    }

    @Test("an absurdly large config.json is not read")
    func largeFile() throws {
        let path = try folder.write("{}", to: "config.json")
        #expect(truncate(path, 65 << 20) == 0)
        #expect(complaint { _ = try Checkpoint(folder: folder.path) }.contains("too many bytes"))
    }

    @Test("a folder without config.json is refused, and models inside it are pointed out")
    func missingConfiguration() throws {
        try folder.write("{}", to: "vit/config.json")
        let complaint = complaint { _ = try Checkpoint(folder: folder.path) }
        #expect(complaint.contains("no config.json") && complaint.contains("(vit)"))
    }

    @Test("weights and their numbers come from the single file or from the shards")
    func weights() throws {
        let opened = try checkpoint(#"{"model_type":"vit"}"#)
        try SafetensorsWriter.write([("b.weight", Tensor([3], shape: [1]))], to: "\(folder.path)/part.safetensors")
        try folder.write(#"{"weight_map":{"b.weight":"part.safetensors"}}"#, to: "model.safetensors.index.json")
        #expect(try opened.weights["b"].get("weight", [1]).floats == [3])
        #expect(try opened.parameters.parameterCount == 1)
        try SafetensorsWriter.write([("c", Tensor([3, 4], shape: [2]))], to: "\(folder.path)/model.safetensors")
        #expect(try opened.weights.get("c", [2]).floats == [3, 4])
        #expect(try opened.parameters.byteCount == 8)
    }

    @Test(
        "weights in other formats are named, with how to convert them; pickles are not touched",
        arguments: ["pytorch_model.bin", "model.pt", "model.onnx", "tf_model.h5", "flax_model.msgpack", "model.Q4_0.gguf"])
    func otherFormats(_ name: String) throws {
        let opened = try checkpoint(#"{"model_type":"vit"}"#)
        #expect(complaint { _ = try opened.weights }.contains("no model.safetensors"))
        try folder.write("x", to: name)
        let complaint = complaint { _ = try opened.parameters }
        #expect(complaint.contains("the weights as \(name)") && complaint.contains("safe_serialization=True"))
    }

    @Test("sizes outside their bounds are named with file and key")
    func checks() throws {
        let opened = try checkpoint(#"{"model_type":"vit"}"#)
        #expect(try opened.checked("hidden_size", 8, in: 1...65536) == 8)
        #expect(
            complaint { try opened.checked("hidden_size", -8, in: 1...65536) }
                .contains("/config.json, key `hidden_size`: -8; needed a value from 1 to 65536"))
        #expect(complaint { try opened.checked("epsilon", Double.nan, in: 0...1) }.contains("`epsilon`: nan"))
        #expect(
            complaint { try opened.require(false, "hidden_size", found: 7, needed: "a multiple of the 2 heads") }
                .contains("`hidden_size`: 7; needed a multiple of the 2 heads"))
    }
}
