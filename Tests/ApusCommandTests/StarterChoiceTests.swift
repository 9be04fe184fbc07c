import Foundation
import Testing

@Suite("Which starter model answers, where plugins bring several")
struct StarterChoiceTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        let model = try TinyModel()
        try FileManager.default.createDirectory(at: folder.url.appending(path: "models"), withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: model.path, toPath: folder.path("models/vit-grocery"))
        try folder.write("models/counter/config.json", Data(#"{"model_type": "count"}"#.utf8))
        try folder.writePhoto("in/a.ppm", red: 220, green: 40, blue: 30)
        try folder.write("in/b.letters", Data("letters:abcdefg".utf8))
        try folder.write("same/c.letters", Data("letters:ab".utf8))
    }

    private func classify(_ arguments: String..., input: Data = Data()) throws -> CommandRun {
        try CommandRun(
            ["classify", "--top", "1"] + arguments, executable: CommandRun.executable(named: "SpeechTestTool"), input: input,
            environment: ["APUS_MODELS": folder.path("models")])
    }

    @Test("the one that takes files of the inputs' kind, by name, in a folder, and on standard input")
    func byKind() throws {
        #expect(try classify(folder.path("in/b.letters")).lines == [folder.path("in/b.letters"), "  100.0%  many"])
        #expect(try classify(folder.path("same")).lines.last == "  100.0%  few")
        let photo = try classify(folder.path("in/a.ppm"))
        #expect(photo.status == 0 && photo.lines.count == 2 && !photo.output.contains("many"))
        #expect(try classify("-", input: Data("letters:abcdefgh".utf8)).lines == ["standard input", "  100.0%  many"])
        let pixmap = Photo.pixmap(red: 220, green: 40, blue: 30)
        #expect(try classify("-", input: pixmap).lines.last == photo.lines.last)
    }

    @Test("a file whose name says nothing is told by its contents")
    func byContents() throws {
        let path = try folder.write("nameless", Data("letters:abcdefgh".utf8))
        #expect(try classify(path).lines.last == "  100.0%  many")
        let neither = try classify("-", input: Data("neither".utf8))
        #expect(neither.status == 1 && neither.errors.contains("contents that tell no kind; needed image or letters"))
    }

    @Test("several kinds at once are refused, unless a model is named")
    func mixture() throws {
        for inputs in [[folder.path("in")], [folder.path("in/a.ppm"), folder.path("in/b.letters")]] {
            let run = try CommandRun(
                ["classify"] + inputs, executable: CommandRun.executable(named: "SpeechTestTool"),
                environment: ["APUS_MODELS": folder.path("models")])
            #expect(run.status == 1 && run.output.isEmpty)
            #expect(run.errors.contains("files of several kinds, image (\(folder.path("in/a.ppm"))) and letters"))
        }
        let named = try classify("--model", "counter", folder.path("in/a.ppm"), folder.path("in/b.letters"))
        #expect(named.status == 1 && named.lines.last == "  100.0%  many")
        #expect(named.errors.contains("a file of the kind image; needed one of the kind letters (.letters)"))
        #expect(try classify("--model", "counter", folder.path("in")).lines.count == 2)
    }

    @Test("without files of its own the first that is installed answers, and none at all is said")
    func installation() throws {
        #expect(try classify(folder.path("absent.letters")).errors.contains("no such file"))
        try FileManager.default.removeItem(atPath: folder.path("models/vit-grocery"))
        #expect(try classify(folder.path("in/b.letters")).lines.last == "  100.0%  many")
    }
}
