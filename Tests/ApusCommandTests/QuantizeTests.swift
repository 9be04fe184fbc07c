import AttentionEngine
import Foundation
import Testing

@Suite("apus quantize, --precision and bench machine")
struct QuantizeTests {
    private static let photo = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Samples/photos/lemon.jpg").path
    private static let sentences = ["How are you?", "I like this book.", "Where is the station?"]

    @Test("a quantized model is a quarter as large, says so, and answers as before", arguments: ["int8", "bf16"])
    func quantize(precision: String) throws {
        let folder = try TemporaryFolder()
        let output = folder.path("small")
        let run = try CommandRun("quantize", "vit-grocery", "-o", output, "--precision", precision)
        #expect(run.status == 0)
        #expect(run.output.isEmpty)
        #expect(run.errors.hasPrefix("\(output): "))
        let object = try #require(try CommandRun("inspect", "--json", output).objects.first)
        let types = try #require(object["element_types"] as? [String: Int])
        #expect(types[precision, default: 0] > 2_000_000)
        // The starter has bf16 weights.
        if precision == "int8" { #expect(try #require(object["bytes"] as? Int) < 3_200_000) }
        #expect(object["tasks"] as? [String] == ["classify"])

        let photo = Self.photo
        let before = try #require(try CommandRun("classify", "--json", photo).objects.first)
        let after = try #require(try CommandRun("classify", "--json", "--model", output, photo).objects.first)
        func labels(_ object: [String: Any]) -> [String] {
            (object["predictions"] as? [[String: Any]] ?? []).compactMap { $0["label"] as? String }
        }
        #expect(!labels(before).isEmpty && labels(before).first == labels(after).first)
    }

    @Test("what is quantized may not be again, and nothing is overwritten")
    func refused() throws {
        let folder = try TemporaryFolder()
        let output = folder.path("small")
        #expect(try CommandRun("quantize", "marian-en-fr", "-o", output, "--quiet").errors.isEmpty)
        let again = try CommandRun("quantize", output, "-o", folder.path("smaller"))
        #expect(again.status == 1)
        #expect(again.errors.contains("weights quantized by apus"))
        let over = try CommandRun("quantize", "marian-en-fr", "-o", output)
        #expect(over.status == 1)
        #expect(over.errors.contains("something there already"))
        let translation = try CommandRun("translate", "--model", output, "How are you?")
        #expect(translation.status == 0)
        #expect(translation.lines == (try CommandRun("translate", "How are you?").lines))
    }

    @Test("scales of another shape, scales that are missing, and another's quantization are refused by name")
    func brokenScales() throws {
        let folder = try TemporaryFolder()
        let output = folder.path("small")
        _ = try CommandRun("quantize", "vit-grocery", "-o", output, "--quiet")
        let weights = "\(output)/model.safetensors", photo = Self.photo
        let tensors = try SafetensorsFile(weights).tensors()
        let name = "vit.encoder.layer.0.intermediate.dense.weight"
        let scale = name + StoredMatrix.scaleSuffix
        #expect(tensors[name]?.elementType == .int8 && tensors[scale]?.elementType == .float32)

        var changed = tensors
        changed[scale] = Tensor(repeating: 1, shape: [3])
        try SafetensorsWriter.write(changed.map { ($0.key, $0.value) }, to: weights)
        var run = try CommandRun("classify", "--model", output, photo)
        #expect(run.status == 1)
        #expect(run.errors.contains("`\(scale)`: a shape of 3"))

        changed[scale] = Tensor(repeating: -1, shape: try #require(tensors[scale]).shape)
        try SafetensorsWriter.write(changed.map { ($0.key, $0.value) }, to: weights)
        run = try CommandRun("classify", "--model", output, photo)
        #expect(run.status == 1)
        #expect(run.errors.contains("`\(scale)`: a scale below 0"))

        changed[scale] = nil
        try SafetensorsWriter.write(changed.map { ($0.key, $0.value) }, to: weights)
        run = try CommandRun("classify", "--model", output, photo)
        #expect(run.status == 1)
        #expect(
            run.errors.contains("`\(name)`: element type int8; needed a floating-point type, or int8 with `\(scale)` beside it"))

        let configuration = "\(output)/config.json"
        let text = try String(contentsOfFile: configuration, encoding: .utf8)
        try text.replacingOccurrences(of: "\"apus\"", with: "\"gptq\"").write(
            toFile: configuration, atomically: true, encoding: .utf8)
        run = try CommandRun("classify", "--model", output, photo)
        #expect(run.status == 1)
        #expect(run.errors.contains("weights quantized by gptq"))
    }

    @Test("every precision gives the sentences of fp32", arguments: ["auto", "fp32", "bf16", "int8"])
    func precisions(precision: String) throws {
        let run = try CommandRun(["translate", "--precision", precision] + Self.sentences)
        #expect(run.status == 0)
        #expect(run.lines == (try CommandRun(["translate", "--precision", "fp32"] + Self.sentences).lines))
    }

    @Test("4 bits write what fp32 does, or nearly, and a checkpoint is not written in them")
    func fourBits() throws {
        let run = try CommandRun(["translate", "--precision", "int4"] + Self.sentences)
        #expect(run.status == 0)
        let exact = try CommandRun(["translate", "--precision", "fp32"] + Self.sentences)
        #expect(zip(run.lines, exact.lines).filter { $0 == $1 }.count >= 2)
        #expect(
            try CommandRun("classify", "--precision", "int4", "--top", "1", Self.photo).lines.first?.split(separator: " ").last
                == CommandRun("classify", "--precision", "fp32", "--top", "1", Self.photo).lines.first?.split(separator: " ").last
        )
        let quantized = try CommandRun("quantize", "vit-grocery", "-o", "/nonexistent/folder", "--precision", "int4")
        #expect(quantized.status != 0 && quantized.errors.contains("'int8' and 'bf16'"))
    }

    @Test("an unknown precision is refused with those there are")
    func unknownPrecision() throws {
        let run = try CommandRun("classify", "--precision", "fp4", Self.photo)
        #expect(run.status != 0)
        for name in ["auto", "fp32", "bf16", "int8", "int4"] { #expect(run.errors.contains(name)) }
    }

    @Test("--profile tells where the time went, and changes no answer")
    func profile() throws {
        let run = try CommandRun(["translate", "--profile"] + Self.sentences)
        #expect(run.status == 0)
        #expect(run.lines == (try CommandRun(["translate"] + Self.sentences).lines))
        for part in ["self-attention", "cross-attention", "feed-forward", "scores of tokens", "everything else", "all"] {
            #expect(run.errors.split(separator: "\n").contains { $0.hasPrefix(part) })
        }
        let photo = try CommandRun("classify", "--profile", Self.photo, "/nonexistent.png")
        #expect(photo.status == 1)
        #expect(photo.errors.contains("/nonexistent.png: ") && photo.errors.contains("convolutions"))
    }

    @Test("bench machine and every bench tell what the machine reaches")
    func machine() throws {
        let limits = try #require(try CommandRun("bench", "machine", "--json").objects.first)
        let operations = try #require(limits["operations_per_second"] as? [String: Double])
        #expect(Set(operations.keys) == ["fp32", "bf16", "int8", "int4"])
        #expect(operations.values.allSatisfy { $0 > 1e8 })
        #expect(try #require(limits["bytes_per_second"] as? Double) > 1e8)
        let bench = try #require(
            try CommandRun("bench", "classify", "--json", "--runs", "1", "--warm-up", "1", "--precision", "int8").objects.first)
        #expect(bench["precision"] as? String == "int8")
        #expect(try #require(bench["operations_per_second"] as? Double) > 0)
        #expect(try #require(bench["share_of_peak"] as? Double) > 0)
    }
}
