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
        #expect(clash?.description.contains("plugin rival") == true)
    }

    /// Says which of its kind was made, to see whether one was.
    private struct Namer: TextClassifying {
        static let modelTypes: Set = ["namer"]
        init(_ checkpoint: Checkpoint) throws {
            throw InputError(checkpoint.name, found: "loaded", needed: "", remedy: "")
        }
        func classify(_ inputs: [String]) throws -> [[Classification]] { [] }
    }

    private func checkpoint(_ type: String, in folder: TemporaryFolder) throws -> Checkpoint {
        try folder.write("{\"model_type\": \"\(type)\"}", to: "config.json")
        return try Checkpoint(folder: folder.path)
    }

    @Test("a checkpoint that no plugin serves is answered with the families at hand")
    func unknownFamily() throws {
        let folder = try TemporaryFolder()
        let registry = try Registry(plugins: [TextPlugin.self])
        let error = #expect(throws: InputError.self) { try registry.load(checkpoint("mystery", in: folder)) }
        #expect(error?.description.contains("“mystery”") == true)
        #expect(error?.description.contains("None (none, nothing)") == true)
    }

    @Test("a task that the family cannot do is refused before the weights are read")
    func impossibleTask() throws {
        let folder = try TemporaryFolder()
        var registry = try Registry()
        try registry.register(Namer.self)
        let checkpoint = try checkpoint("namer", in: folder)
        let error = #expect(throws: InputError.self) { try registry.load(checkpoint, as: (any Translating).self) }
        #expect(error?.needed == "one that can translate" && error?.remedy == "This one can classify-text")
        let loaded = #expect(throws: InputError.self) { try registry.load(checkpoint, as: (any Classifying).self) }
        #expect(loaded?.found == "loaded")
    }

    @Test("a task protocol of a plugin's own is known once it is registered")
    func ownTask() throws {
        let folder = try TemporaryFolder()
        var registry = try Registry()
        try registry.register(Namer.self)
        let checkpoint = try checkpoint("namer", in: folder)
        #expect(#expect(throws: InputError.self) { try registry.load(checkpoint, as: (any Counting).self) }?.found == "loaded")
        try registry.register(TaskKind("count", (any Counting).self) { $0 is any Counting.Type })
        let error = #expect(throws: InputError.self) { try registry.load(checkpoint, as: (any Counting).self) }
        #expect(error?.needed == "one that can count")
        #expect(throws: InputError.self) {
            try registry.register(TaskKind("count", (any Counting).self) { $0 is any Counting.Type })
        }
    }

    private protocol Counting: ModelFamily {}

    @Test("starter models of a task come in the order of registration")
    func starters() throws {
        var registry = try Registry()
        registry.register(starterModel: "a", for: "classify")
        registry.register(starterModel: "b", for: "translate")
        registry.register(starterModel: "c", for: "classify")
        #expect(registry.starterModels(for: "classify") == ["a", "c"] && registry.starterModels(for: "sing").isEmpty)
    }

    @Test("a file of another kind is said to be one")
    func otherKind() throws {
        struct NumberReader: Reader {
            static let kind = "number"
            static let fileTypes: Set = ["number"]
            func read(_ file: InputFile, limits: ReadingLimits) throws -> Int {
                throw InputError(file.name, found: "no number", needed: "one", remedy: "Write one")
            }
        }
        var registry = try Registry(plugins: [TextPlugin.self])
        try registry.register(NumberReader())
        func complaint(_ name: String) -> InputError? {
            #expect(throws: InputError.self) { try registry.read(InputFile(name: name, bytes: [65]), as: Int.self) }
        }
        #expect(complaint("a.txt")?.found == "a file of the kind text")
        #expect(complaint("a.number")?.found == "no number")
        #expect(complaint("a")?.found == "no number")
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
