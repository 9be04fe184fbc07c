import Foundation
import Testing

@Suite("Commands for texts")
struct TextCommandTests {
    private func fixture(_ name: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures/text/\(name)").standardized.path
    }

    @Test("embed prints an object for each text, in order, from arguments and standard input")
    func embed() throws {
        let run = try CommandRun(
            "embed", "--model", fixture("bert"), "the cat", "-", "a dog", input: Data("one\r\n\nwith \u{0} zero\nlast".utf8))
        #expect(run.status == 0)
        let objects = try run.objects
        #expect(objects.map { $0["input"] as? String } == ["the cat", "one", "", "with \u{0} zero", "last", "a dog"])
        #expect(objects.allSatisfy { ($0["embedding"] as? [Double])?.count == 24 })
    }

    @Test("bytes that are not UTF-8 are replaced, and no line is lost")
    func invalidText() throws {
        let run = try CommandRun("embed", "--model", fixture("bert"), "-", input: Data([0x61, 0xFF, 0x0A, 0x62, 0x0A]))
        #expect(try run.objects.map { $0["input"] as? String } == ["a\u{FFFD}", "b"])
    }

    @Test("a folder that has a tokenizer and no model tokenizes")
    func tokenizerAlone() throws {
        let folder = try TemporaryFolder()
        let source = URL(filePath: fixture("gpt2/tokenizer.json"))
        try FileManager.default.copyItem(at: source, to: folder.url.appending(path: "tokenizer.json"))
        let run = try CommandRun("tokenize", "--model", folder.url.path, "the cat", "--json")
        #expect(run.status == 0)
        #expect(
            try run.objects.first?["ids"] as? [Int] == CommandRun("tokenize", "--model", fixture("gpt2"), "the cat", "--json")
                .objects.first?["ids"] as? [Int])
        let other = try CommandRun("generate", "--model", folder.url.path, "the cat")
        #expect(other.status == 1 && other.errors.contains("config.json"))
    }

    @Test("embed writes a NumPy file")
    func numPy() throws {
        let folder = try TemporaryFolder()
        let run = try CommandRun("embed", "--model", fixture("bert"), "the cat", "a dog", "-o", folder.path("v.npy"))
        #expect(run.status == 0 && run.output.isEmpty)
        let data = try Data(contentsOf: folder.url.appending(path: "v.npy"))
        #expect(data.prefix(6) == Data([0x93] + Array("NUMPY".utf8)))
        let header = 10 + Int(data[8]) + Int(data[9]) << 8
        #expect(header % 64 == 0 && data.count == header + 2 * 24 * 4)
        #expect(String(decoding: data[10..<header], as: UTF8.self).contains("'shape': (2, 24)"))
        let failed = try CommandRun("embed", "--model", fixture("bert"), "x", "-o", "/nonexistent/v.npy")
        #expect(failed.status == 1 && failed.errors.split(separator: "\n").count == 1)
    }

    @Test("similarity is one with oneself and the same both ways")
    func similarity() throws {
        let run = try CommandRun("embed", "--model", fixture("bert"), "the cat", "a dog", "--similarity", "--json")
        let rows = try run.objects.compactMap { $0["similarity"] as? [Double] }
        #expect(rows.count == 2 && abs(rows[0][0] - 1) < 1e-6 && abs(rows[1][1] - 1) < 1e-6 && rows[0][1] == rows[1][0])
    }

    @Test("fill-mask and classify-text print predictions, and name the text that fails while the others are done")
    func predictions() throws {
        let filled = try CommandRun(
            "fill-mask", "--model", fixture("bert-masked"), "no blank", "the [MASK] sat", "--top", "2", "--json")
        #expect(filled.status == 1 && filled.errors.contains("[MASK]"))
        let objects = try filled.objects
        #expect(objects[0]["error"] is String && (objects[1]["predictions"] as? [[String: Any]])?.count == 2)

        let endless = try CommandRun(
            "fill-mask", "--model", fixture("bert-masked"), "-", input: Data(repeating: UInt8(ascii: "x"), count: 1 << 20))
        #expect(endless.status == 1 && endless.errors.utf8.count < 300)
        let long = Array(repeating: "cat", count: 40).joined(separator: " ")
        let classified = try CommandRun(
            "classify-text", "--model", fixture("bert-classifier"), "the cat", long, "a dog", "--top", "1")
        #expect(classified.status == 1 && classified.errors.contains("42 tokens"))
        #expect(classified.lines.count == 4 && classified.lines[0] == "the cat" && classified.lines[2] == "a dog")
    }

    @Test("tokenize shows ids and pieces, and goes back")
    func tokenize() throws {
        let model = fixture("bert")
        #expect(try CommandRun("tokenize", "--model", model, "The cat.").lines == ["2 5 7 24 3", "[CLS] the cat . [SEP]"])
        #expect(try CommandRun("tokenize", "--model", model, "--no-special-tokens", "cats").lines == ["7 21", "cat ##s"])
        #expect(try CommandRun("tokenize", "--model", model, "--decode", "5", "7", "21").lines == ["the cats"])
        #expect(try CommandRun("tokenize", "--model", model, "--decode", "5, 7").lines == ["the cat"])
        let broken = try CommandRun("tokenize", "--model", model, "--decode", "5 7", "99", "x")
        #expect(broken.status == 1 && broken.lines == ["the cat"])
    }

    @Test("a model that cannot do the task says what it can")
    func wrongTask() throws {
        let run = try CommandRun("classify", "--model", fixture("distilbert-masked"), "x.png")
        #expect(run.status == 1 && run.errors.contains("fill-mask"))
        #expect(try CommandRun("embed", "text").status == 1)
        #expect(try CommandRun("embed", "--model", fixture("roberta-masked"), "text").status == 1)
    }
}
