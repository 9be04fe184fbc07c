import Foundation
import Testing

@Suite("apus new-plugin")
struct NewPluginTests {
    private let folder: TemporaryFolder
    /// The sources of Apus.
    private let apus = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized.path

    init() throws { folder = try TemporaryFolder() }

    private func make(_ name: String, _ modality: String, _ more: String...) throws -> CommandRun {
        try CommandRun(
            ["new-plugin", name, "--modality", modality, "--output", folder.path("package"), "--apus", apus] + more)
    }

    private func files() throws -> Set<String> {
        Set(try FileManager.default.subpathsOfDirectory(atPath: folder.path("package")).filter { $0.contains(".") })
    }

    @Test("A new modality gets all the parts, and says what to do next")
    func newModality() throws {
        let run = try make("heat-map", "thermal")
        #expect(run.status == 0 && run.output.isEmpty)
        #expect(run.errors.contains("swift run heatmap-apus classify --model heatmap-starter Examples/example.thermal"))
        let sources = "Sources/HeatMapPlugin"
        let parts = ["Plugin", "Reader", "Converter", "Embedding", "Family"].map { "\(sources)/HeatMap\($0).swift" }
        #expect(
            try files().subtracting([".gitignore"])
                == Set(
                    parts + [
                        "Package.swift", "README.md", "Examples/example.thermal", "Sources/heatmap-apus/main.swift",
                        "Tests/HeatMapPluginTests/HeatMapPluginTests.swift", "\(sources)/heatmap-starter/config.json",
                        "\(sources)/heatmap-starter/model.safetensors",
                    ]))
        let package = try String(contentsOfFile: folder.path("package/Package.swift"), encoding: .utf8)
        #expect(package.contains(#".package(name: "apus", path: "\#(apus)")"#))
    }

    @Test("A family for a modality that is there has no reader", arguments: ["text", "image", "audio"])
    func knownModality(modality: String) throws {
        #expect(try make("Trial", modality, "--quiet").errors.isEmpty)
        #expect(try !files().contains { $0.hasSuffix("Reader.swift") })
        #expect(try files().contains("Examples/example.ppm") == (modality == "image"))
        #expect(try files().contains("Examples/example.wav") == (modality == "audio"))
    }

    @Test(
        "Names that cannot be, or are taken, are refused",
        arguments: [
            ("9lives", "thermal"), ("", "thermal"), ("Plugin", "thermal"), ("a.b", "thermal"), ("é", "thermal"),
            ("../x", "thermal"),
            ("Image", "thermal"), ("vit", "image"), ("Trial", "png"), ("Trial", "Thermal"), ("Trial", ""), ("Trial", "a b"),
            (String(repeating: "a", count: 41), "thermal"),
        ])
    func badNames(name: String, modality: String) throws {
        let run = try make(name, modality)
        #expect(run.status == 1)
        #expect(run.errors.hasPrefix("apus: name: ") || run.errors.hasPrefix("apus: --modality: "))
        #expect(!FileManager.default.fileExists(atPath: folder.path("package")))
    }

    @Test("Nothing that is there is written over")
    func existing() throws {
        try folder.write("package/keep.txt", Data("mine".utf8))
        let run = try make("Trial", "thermal")
        #expect(run.status == 1 && run.errors.contains("something there already"))
        #expect(try files() == ["keep.txt"])
    }

    @Test("Apus is found by URL, in the folder named, or around the program")
    func location() throws {
        func package(_ flags: [String]) throws -> String? {
            let output = folder.path(UUID().uuidString)
            let run = try CommandRun(["new-plugin", "Trial", "--modality", "x", "--output", output] + flags)
            return run.status == 0 ? try String(contentsOfFile: "\(output)/Package.swift", encoding: .utf8) : nil
        }
        let remote = try package(["--apus", "https://example.org/birds/swift-apus.git"])
        #expect(remote?.contains(#".package(url: "https://example.org/birds/swift-apus.git", branch: "main")"#) == true)
        #expect(remote?.contains(#"package: "swift-apus""#) == true)
        #expect(try package(["--apus", "https://example.org/\"x"]) == nil)
        #expect(try package(["--apus", folder.url.path]) == nil)
        #expect(try package([])?.contains(#"path: "\#(apus)""#) == true)
    }
}
