import Foundation
import Testing

@testable import ApusCommand

@Suite("Recipes")
struct RecipeTests {
    private let known: [Recipe.Entry] = [
        .init("epochs", 3), .init("learning-rate", 0.1), .init("data", "photos"), .init("base", "model"),
        .init("no-flip", flag: false),
        .init("freeze", list: []),
    ]

    private func arguments(_ text: String) throws -> [String] {
        let path = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID()).yaml").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return try Recipe.arguments(path, known: known)
    }

    @Test("hold options, flags and lists as YAML has them")
    func reading() throws {
        let found = try arguments(
            """
            ---
            # how photos were learned
            epochs: 30   # often
            data: "my # photos"
            learning-rate: null
            no-flip: true
            freeze:
              - vit.embeddings.*
              - 'classifier.bias'
            """)
        #expect(
            found == [
                "--epochs=30", "--data=my # photos", "--no-flip", "--freeze", "vit.embeddings.*", "--freeze", "classifier.bias",
            ])
        #expect(try arguments("freeze: [a, \"b c\"]\nno-flip: false\r\n") == ["--freeze", "a", "--freeze", "b c"])
        #expect(try arguments("") == [])
        #expect(try arguments("data: it's # mine") == ["--data=it's"])
    }

    @Test("are read as they were written")
    func writing() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID()).yaml").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let entries: [Recipe.Entry] = [
            .init("epochs", 3), .init("learning-rate", Double?.none), .init("data", "it's a \"folder\" # \\ here: -"),
            .init("base", "a\" # b\n'c"),
            .init("no-flip", flag: true), .init("freeze", list: ["*", "a b"]),
        ]
        try Recipe.write(entries, of: "train classify", to: path)
        #expect(
            try Recipe.arguments(path, known: known) == [
                "--epochs=3", "--data=it's a \"folder\" # \\ here: -", "--base=a\" # b\n'c", "--no-flip", "--freeze", "*",
                "--freeze", "a b",
            ])
    }

    @Test(
        "with what is no option are refused by line",
        arguments: [
            ("epochs: 3\nepoch: 4", "line 2", "epochs"), ("learning_rate: 1", "line 1", "learning-rate"),
            ("epochs: 1\n\nepochs: 2", "line 3", "second time"), ("no-flip: perhaps", "line 1", "true or false"),
            ("epochs", "line 1", "a colon"), ("- 3", "line 1", "a colon"),
        ])
    func refusing(_ text: String, _ line: String, _ word: String) throws {
        let error = #expect(throws: (any Error).self) { try arguments(text) }
        let message = "\(try #require(error))"
        #expect(message.contains(line) && message.contains(word), "\(message)")
    }
}
