import AttentionEngine
import PluginKit
import Testing

@Suite("The registry")
struct RegistryTests {
    private struct TextReader: Reader {
        static let kind = "text"
        static let fileTypes: Set = ["txt", "md"]
        func read(_ file: InputFile, limits: ReadingLimits) throws -> String {
            String(decoding: try file.bytes(), as: UTF8.self)
        }
    }

    private struct NoFamily: ModelFamily {
        static let name = "None"
        static let modelTypes: Set = ["none", "nothing"]
        init(_ checkpoint: Checkpoint) throws {}
        static func summary(of checkpoint: Checkpoint) throws -> ModelSummary {
            ModelSummary(tasks: [], sizes: [], preprocessing: [])
        }
        func forward(_ inputs: NamedTensors, detail: ForwardDetail) throws -> NamedTensors { [:] }
        func exampleInputs(batchSize: Int) -> NamedTensors { [:] }
    }

    private enum TextPlugin: Plugin {
        static let name = "text"
        static func register(in registry: inout Registry) throws {
            try registry.register(TextReader())
            try registry.register(NoFamily.self)
        }
    }

    private enum Rival: Plugin {
        static let name = "rival"
        static func register(in registry: inout Registry) throws { try registry.register(TextReader()) }
    }

    @Test("a plugin's readers and families are found")
    func finds() throws {
        let registry = try Registry(plugins: [TextPlugin.self])
        #expect(registry.plugins == ["text"])
        #expect(registry.modelTypes == ["none", "nothing"])
        #expect(registry.fileTypes(of: String.self) == ["txt", "md"])
        #expect(registry.fileTypes(of: Int.self).isEmpty)
        #expect(registry.allReaders.count == 1)
    }

    @Test("names are taken once, and the error says by whom")
    func conflicts() throws {
        let twice = #expect(throws: InputError.self) { try Registry(plugins: [TextPlugin.self, TextPlugin.self]) }
        #expect(twice?.description.contains("text") == true)
        let clash = #expect(throws: InputError.self) { try Registry(plugins: [TextPlugin.self, Rival.self]) }
        #expect(clash?.description.contains("plugin text") == true)
    }

    @Test("files are read by type, or by whoever can")
    func reads() throws {
        let registry = try Registry(plugins: [TextPlugin.self])
        let bytes = Array("hello".utf8)
        #expect(try registry.read(InputFile(name: "A.TXT", bytes: bytes), as: String.self) == "hello")
        #expect(try registry.read(InputFile(name: "unknown", bytes: bytes), as: String.self) == "hello")
        #expect(throws: InputError.self) { try registry.read(InputFile(name: "a.txt", bytes: bytes), as: Int.self) }
    }

    @Test("file types are the lower-case extension")
    func fileTypes() {
        for (name, type) in [("a/b.PNG", "png"), (".hidden", ""), ("a.b/c", ""), ("x.tar.gz", "gz"), ("", ""), ("dot.", "")] {
            #expect(InputFile(path: name).fileType == type)
        }
    }
}
