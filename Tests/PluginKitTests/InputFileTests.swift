import AttentionEngine
import Foundation
import Testing

@testable import PluginKit

@Suite("Input files")
struct InputFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func complaint(_ file: InputFile, atMost limit: Int = 1 << 30) -> String {
        (#expect(throws: InputError.self) { try file.bytes(atMost: limit) })?.description ?? ""
    }

    @Test("bytes come from disk or memory, up to the limit")
    func bytes() throws {
        let path = try folder.write("hello", to: "a.txt")
        #expect(try InputFile(path: path).bytes() == Array("hello".utf8))
        #expect(try InputFile(path: path).bytes(atMost: 5).count == 5)
        #expect(complaint(InputFile(path: path), atMost: 4).contains("too many bytes; needed at most 4"))
        #expect(try InputFile(path: folder.write("", to: "empty")).bytes() == [])
        #expect(try InputFile(name: "x", bytes: [1, 2]).bytes() == [1, 2])
        #expect(complaint(InputFile(name: "x", bytes: [1, 2]), atMost: 1).contains("x: 2 bytes"))
        let large = String(repeating: "0123456789", count: 100_000)
        #expect(try InputFile(path: folder.write(large, to: "large")).bytes() == Array(large.utf8))
    }

    @Test("what is no readable file gets its sentence")
    func refusals() throws {
        #expect(complaint(InputFile(path: "absent.png")).contains("no such file. Check the path (the current folder is /"))
        #expect(complaint(InputFile(path: "\(folder.path)/absent.png")).hasSuffix("no such file. Check the path."))
        #expect(complaint(InputFile(path: folder.path)).contains("a folder; needed a file"))
        #expect(complaint(InputFile(path: "/dev/zero")).contains("a pipe or device"))
        #expect(complaint(InputFile(path: String(repeating: "x", count: 5000))).contains("xxx: "))
        if geteuid() != 0 {
            let path = try folder.write("x", to: "secret")
            #expect(chmod(path, 0) == 0)
            #expect(complaint(InputFile(path: path)).contains("permission denied"))
        }
    }

    private func names(_ entries: [InputFiles.Entry]) -> [String] {
        entries.map { entry in
            switch entry.file {
            case .success(let file): String(file.name.trimmingPrefix("\(folder.path)/"))
            case .failure(let error): "error: \(error.found)"
            }
        }
    }

    @Test("a folder stands for its files of the types asked for, sorted, links followed but not in circles")
    func folders() throws {
        for name in ["b.PNG", "a.png", "sub/c.jpg", "sub/.hidden.png", ".git/d.png", "notes.txt", "noextension", "png"] {
            try folder.write("x", to: name)
        }
        try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/sub/up", withDestinationPath: folder.path)
        try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/sub/self", withDestinationPath: "self")
        let expanded = InputFiles.expand([folder.path], fileTypes: ["png", "jpg"])
        #expect(names(expanded) == ["a.png", "b.PNG", "sub/c.jpg"])
        #expect(names(InputFiles.expand(["\(folder.path)/"], fileTypes: ["txt"])) == ["notes.txt"])
    }

    @Test("each argument keeps its place, and one that fails does not stop the others")
    func order() throws {
        let text = try folder.write("x", to: "z.txt")
        try FileManager.default.createDirectory(atPath: "\(folder.path)/empty", withIntermediateDirectories: true)
        let expanded = InputFiles.expand(
            [text, "\(folder.path)/absent", "-", "\(folder.path)/empty", text], fileTypes: ["png"])
        #expect(
            names(expanded) == [
                "z.txt", "error: no such file", "standard input", "error: a folder without files to read", "z.txt",
            ])
        #expect(expanded.map(\.name)[2] == "-")
    }
}
