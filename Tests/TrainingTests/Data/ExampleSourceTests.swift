import AttentionEngine
import Foundation
import Testing
import Training

@Suite("Reading examples")
struct ExampleSourceTests {
    /// A folder that goes with the last use.
    private final class Folder {
        let url = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID().uuidString)")
        var path: String { url.path }

        func write(_ name: String, _ text: String) throws -> String {
            let file = url.appending(path: name)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
            return file.path
        }

        deinit { try? FileManager.default.removeItem(at: url) }
    }

    private func message(_ body: () throws -> Void) -> String {
        do { try body() } catch let error as InputError { return error.description } catch { return "another: \(error)" }
        return ""
    }

    @Test("Rows of tabs, with and without line ends")
    func tabs() throws {
        let folder = Folder()
        let table = try TextTable(folder.write("a.tsv", "\u{FEFF}one\teins\r\n\ntwo \"x\"\tzwei, zwo\nthré\t"), columns: 2)
        #expect(table.count == 3)
        #expect(try (0..<3).map { try table.row($0) } == [["one", "eins"], ["two \"x\"", "zwei, zwo"], ["thré", ""]])
        #expect(table.line(of: 1) == 3)
    }

    @Test("Rows of commas, with quotes around commas, quotes and line breaks")
    func commas() throws {
        let folder = Folder()
        let table = try TextTable(folder.write("a.csv", "x,\"a, \"\"b\"\"\nc\"\ny,z\n"), columns: 2)
        #expect(try (0..<table.count).map { try table.row($0) } == [["x", "a, \"b\"\nc"], ["y", "z"]])
        #expect(table.line(of: 1) == 3)
    }

    @Test("Tables that make no sense are named with the line")
    func brokenTables() throws {
        let folder = Folder()
        let narrow = try folder.write("n.tsv", "a\tb\nc\n")
        #expect(message { _ = try TextTable(narrow, columns: 2) }.contains("line 2: one column; needed the 2 of the first line"))
        let empty = try folder.write("e.tsv", "\n\n")
        #expect(message { _ = try TextTable(empty, columns: 2) }.contains("no rows"))
        #expect(message { _ = try TextTable(folder.path + "/none", columns: 2) }.contains("no such file"))
        try Data([0x61, 0x09, 0xFF]).write(to: folder.url.appending(path: "u.tsv"))
        #expect(message { _ = try TextTable(folder.path + "/u.tsv", columns: 2) }.contains("line 1: bytes that are no text"))
    }

    @Test("A folder for each label, or a table of files")
    func labels() throws {
        let folder = Folder()
        for name in ["b/1.png", "b/deep/2.PNG", "a/3.png", "a/notes.txt"] { _ = try folder.write("data/" + name, "") }
        let files = try LabelledFiles(folder.path + "/data", types: ["png"])
        #expect(files.labels == ["a", "b"])
        #expect(files.items.map(\.label) == [0, 1, 1])
        #expect(files.items[2].path == folder.path + "/data/b/deep/2.PNG")
        let table = try folder.write("t.csv", "file,label\ndata/b/1.png,late\ndata/a/3.png,early\n")
        let listed = try LabelledFiles(table, types: ["png"])
        #expect(listed.labels == ["early", "late"])
        #expect(listed.items.map(\.label) == [1, 0])
    }

    @Test("Labels without files, files without labels, one label, nothing")
    func brokenLabels() throws {
        func found(_ names: [String]) throws -> String {
            let folder = Folder()
            for name in names { _ = try folder.write(name, "") }
            return message { _ = try LabelledFiles(folder.path, types: ["png"]) }
        }
        #expect(try found(["a/1.png", "b/notes.txt"]).contains("/b: a label without files"))
        #expect(try found(["a/1.png", "b/1.png", "2.png"]).contains("1 files without a label (“2.png” for one)"))
        #expect(try found(["a/1.png"]).contains("one label only, “a”"))
        #expect(try found(["notes.txt"]).contains("no examples"))
        let folder = Folder()
        _ = try folder.write("1.png", "")
        for (text, expected) in [
            ("1.png\t\n", "a file without a label"), ("\ta\n", "a label without a file"), ("2.png\ta\n", "which is not there"),
            ("1.png\ta\n", "one label only"),
        ] {
            let table = try folder.write("t.tsv", text)
            #expect(message { _ = try LabelledFiles(table, types: ["png"]) }.contains(expected))
        }
    }

    @Test("No group stands on both sides of a split, and more data moves none")
    func split() throws {
        let groups = (0..<600).map { "speaker \($0 % 60)" }
        let split = try DataSplit(groups: groups, fraction: 0.25, seed: 4)
        let held = Set(split.heldOut.map { groups[$0] })
        #expect(held.isDisjoint(with: split.training.map { groups[$0] }))
        #expect((split.training + split.heldOut).sorted().elementsEqual(0..<600))
        #expect((5...25).contains(held.count))
        let more = try DataSplit(groups: groups + ["new", "newer"], fraction: 0.25, seed: 4)
        #expect(Set(more.heldOut.filter { $0 < 600 }) == Set(split.heldOut))
        let plain = try DataSplit(count: 2000, fraction: 0.1, seed: 1)
        #expect((150...250).contains(plain.heldOut.count))
        #expect(message { _ = try DataSplit(groups: ["a", "a"], fraction: 0.5, seed: 1) }.contains("some on each side"))
        #expect(message { _ = try DataSplit(count: 9, fraction: 1, seed: 1) }.contains("a held-out share of 1.0"))
    }
}
