import AttentionEngine
import Foundation
import PluginKit
import Testing

@testable import TextPlugin

@Suite("Tokenizers")
struct TokenizerTests {
    static let folders =
        (try? FileManager.default.contentsOfDirectory(atPath: TokenizerFixtures.folder.path))?
        .filter {
            FileManager.default.fileExists(atPath: TokenizerFixtures.folder.appendingPathComponent("\($0)/expected.json").path)
        }
        .sorted() ?? []

    @Test("the fixtures are there")
    func fixtures() { #expect(Self.folders.count > 20) }

    @Test("ids and text equal the reference's", arguments: folders)
    func equalReference(name: String) throws {
        let (count, differences) = try TokenizerFixtures.compare(TokenizerFixtures.folder.appendingPathComponent(name))
        #expect(count > 0)
        #expect(
            differences.isEmpty,
            "\(name): \(differences.count) differences, such as\n\(differences.prefix(3).joined(separator: "\n"))")
    }

    @Test(
        "text given id by id adds up to the whole",
        arguments: ["bpe-byte-level", "bpe-byte-fallback", "unigram-always", "marian-unigram"])
    func stream(name: String) throws {
        let tokenizer = try TokenizerFixtures.tokenizer(name)
        for text in ["The swift 👍🏽 雨燕は飛びながら", "naïve café 👩‍👩‍👧 ½", ""] {
            let ids = try tokenizer.encode(text).ids
            var stream = TokenStreamDecoder(tokenizer)
            var pieces = ids.map { stream.append($0) }
            pieces.append(stream.finish())
            #expect(pieces.joined() == tokenizer.decode(ids))
            if name == "bpe-byte-level" { #expect(!pieces.contains { $0.unicodeScalars.contains("\u{FFFD}") }) }
        }
    }

    @Test("endless broken text is given before the end")
    func brokenStream() throws {
        let tokenizer = try TokenizerFixtures.tokenizer("bpe-byte-level")
        let id = try #require(tokenizer.id(of: "\u{13F}"))
        var stream = TokenStreamDecoder(tokenizer)
        let text = (0..<100).map { _ in stream.append(id) }.joined()
        #expect(text.unicodeScalars.count > 50)
    }

    @Test("a registry gives the tokenizer of a checkpoint, and says so where no plugin does")
    func registry() throws {
        let checkpoint = try Checkpoint(folder: TokenizerFixtures.folder.appendingPathComponent("wordpiece-bert").path)
        let tokenizer = try Registry(plugins: [TextPlugin.self]).tokenizer(for: checkpoint)
        #expect(tokenizer.id(of: "[CLS]") == 1)
        #expect(tokenizer.token(of: 2) == "[SEP]")
        #expect(tokenizer.token(of: -1) == nil)
        #expect(tokenizer.decode([-5, 1 << 40], skipSpecialTokens: true).isEmpty)
        #expect(throws: InputError.self) { try Registry().tokenizer(for: checkpoint) }
    }

    @Test("threads that share a tokenizer get the same ids", arguments: ["bpe-byte-level", "unigram-always"])
    func threads(name: String) async throws {
        let tokenizer = try TokenizerFixtures.tokenizer(name)
        let texts = (0..<200).map { "The swift \($0) sleeps while \($0 * 7) fly, naïve 鳥\($0)" }
        let expected = try texts.map { try tokenizer.encode($0).ids }
        let fresh = try TokenizerFixtures.tokenizer(name)
        try await withThrowingTaskGroup(of: [[Int]].self) { group in
            for _ in 0..<4 { group.addTask { try texts.map { try fresh.encode($0).ids } } }
            for try await ids in group { #expect(ids == expected) }
        }
    }

    @Test("a normalizer that doubles the text again and again is stopped")
    func growth() throws {
        let step = #"{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}"#
        let steps = Array(repeating: step, count: 60).joined(separator: ",")
        let vocabulary = #""model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}"#
        let json = #"{\#(vocabulary), "normalizer": {"type": "Sequence", "normalizers": [\#(steps)]}}"#
        #expect(BrokenTokenizerTests.error(json, encode: "aaaa").contains("32 times"))
        let parts = Array(repeating: #"{"Sequence": {"id": "A", "type_id": 0}}"#, count: 101).joined(separator: ",")
        let template = #""post_processor": {"type": "TemplateProcessing", "single": [\#(parts)], "pair": []}"#
        #expect(BrokenTokenizerTests.error(#"{\#(vocabulary), \#(template)}"#).contains("more than 100 parts"))
    }

    @Test("a megabyte without a space takes linear time", arguments: folders)
    func longWord(name: String) throws {
        let tokenizer = try TokenizerFixtures.tokenizer(name)
        for unit in ["a", "swift", "鳥", "e\u{301}", "\u{301}", " ", "'"] {
            let text = String(repeating: unit, count: (1 << 20) / unit.utf8.count)
            let time = try ContinuousClock().measure { _ = try tokenizer.encode(text) }
            #expect(time < .seconds(5), "\(name), \(unit.debugDescription)")
        }
    }
}
