import Foundation
import Testing

private let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

private func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
}

/// The paths of files below a folder, relative to the repository.
private func files(below folder: String, ending: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path)
        .filter { $0.hasSuffix(ending) && !$0.split(separator: "/").contains { $0.hasPrefix(".build") } }
        .map { "\(folder)/\($0)" }.sorted()
}

@Suite("The guide")
struct GuideTests {
    /// Lines without their indentation, which a block in a page has not.
    private func lines(_ text: some StringProtocol) -> [String] {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    /// The code blocks of one language in a page.
    private func blocks(_ language: String, in page: String) throws -> [[String]] {
        var blocks: [[String]] = [], open: [Substring]?
        for line in try text(page).split(separator: "\n", omittingEmptySubsequences: false) {
            if let block = open {
                if line == "```" {
                    blocks.append(lines(block.joined(separator: "\n")))
                    open = nil
                } else {
                    open = block + [line]
                }
            } else if line == "```\(language)" {
                open = []
            }
        }
        #expect(open == nil, "\(page) has a block without an end")
        return blocks
    }

    static var pages: [String] {
        get throws { try files(below: "Documentation", ending: ".md") + ["README.md", "CONTRIBUTING.md"] }
    }

    @Test("every block of Swift stands as it is in a file that is compiled", arguments: try pages)
    func swiftBlocks(page: String) throws {
        let compiled = try (files(below: "Samples", ending: ".swift") + files(below: "Tests/GuideTests", ending: ".swift"))
            .filter { !$0.hasSuffix("GuideTests.swift") }
        let sources = try compiled.map { try lines(text($0)) }
        for block in try blocks("swift", in: page).map({ $0.filter { !$0.hasPrefix("import ") } }) {
            let isThere = sources.contains { source in
                source.indices.contains { source[$0...].starts(with: block) }
            }
            #expect(isThere, "no compiled file has this block of \(page):\n\(block.joined(separator: "\n"))")
        }
    }

    @Test("every block of Python stands in a script that wrote a sample's files", arguments: try pages)
    func pythonBlocks(page: String) throws {
        let scripts = try files(below: "Samples", ending: ".py").map { try Set(lines(text($0))) }
        for block in try blocks("python", in: page) where page.hasPrefix("Documentation") {
            let missing = block.filter { line in !scripts.contains { $0.contains(line) } }
            #expect(missing.count <= 1, "\(missing)")
        }
    }

    @Test("the tutorial followed word by word gives the sample")
    func tutorial() throws {
        let tutorial = try text("Documentation/Apus.docc/Tutorials/SensorModality.tutorial")
        let steps = tutorial.matches(of: /@Code\(name: "([^"]+)", file: "([^"]+)"\)/).map { (String($0.1), String($0.2)) }
        for (name, file) in steps {
            #expect(name.split(separator: "/").last.map(String.init) == file)
            #expect(FileManager.default.fileExists(atPath: root.appending(path: "Samples/SensorPlugin/\(name)").path))
        }
        let sample = try files(below: "Samples/SensorPlugin", ending: ".swift").map {
            String($0.dropFirst("Samples/SensorPlugin/".count))
        }
        #expect(Set(steps.map(\.0)) == Set(sample))
        // What is no Swift is copied or made, and named.
        #expect(tutorial.contains("Scripts/recordings.py"))
    }

    @Test("the samples are as short as they are said to be")
    func lengths() throws {
        for (sample, limit) in [("SensorPlugin", 300), ("LlamaPlugin", 79), ("QOIPlugin", 59)] {
            let count = try files(below: "Samples/\(sample)/Sources", ending: ".swift").filter { !$0.contains("/train-") }
                .reduce(0) { try $0 + text($1).count { $0 == "\n" } }
            #expect(count <= limit, "\(sample) has \(count) lines")
        }
    }
}

@Suite("The rooms of the house")
struct ImportTests {
    @Test("the built-in plugins import the public kit and engine, their own C libraries, and nothing else")
    func plugins() throws {
        let allowed: Set = [
            "PluginKit", "AttentionEngine", "Glibc", "Musl", "Darwin", "Foundation", "FoundationEssentials", "Synchronization",
        ]
        let own: [String: Set<String>] = ["Text": [], "Image": ["CImageCodecs"], "Audio": ["CAudioCodecs", "CZlib"]]
        for (plugin, libraries) in own {
            for file in try files(below: "Plugins/\(plugin)", ending: ".swift") {
                for line in try text(file).split(separator: "\n") {
                    let words = line.split(separator: " ")
                    guard let place = words.firstIndex(of: "import"), words[..<place].allSatisfy(isModifier) else { continue }
                    let module = String(words[words.count - 1])
                    #expect(allowed.union(libraries).contains(module), "\(file) imports \(module)")
                }
            }
        }
    }

    /// What may stand before `import`.
    private func isModifier(_ word: Substring) -> Bool {
        word.hasPrefix("@") || ["public", "package", "internal", "fileprivate", "private"].contains(word)
    }

    @Test("the build refuses the built-in plugins what is not public")
    func access() throws {
        let package = try text("Package.swift")
        for name in ["TextPlugin", "ImagePlugin", "AudioPlugin", "PluginKitTesting"] {
            let target = try #require(package.range(of: "name: \"\(name)\", dependencies:"))
            #expect(package[target.upperBound...].prefix(200).contains("packageAccess: false"), "\(name)")
        }
    }
}
