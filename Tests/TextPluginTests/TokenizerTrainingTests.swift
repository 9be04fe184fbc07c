import AttentionEngine
import Foundation
import PluginKit
import Testing

@testable import TextPlugin

/// A tokenizer learned here is the one the reference learns, or as good, and gives the ids that the reference gives with its files.
@Suite("Training tokenizers")
struct TokenizerTrainingTests {
    private static let folder = TokenizerFixtures.folder.deletingLastPathComponent().appending(path: "tokenizer-training")

    private static func options(_ name: String) -> TokenizerTrainer.Options {
        var options = TokenizerTrainer.Options(
            algorithm: name.contains("bpe") ? .bytePairs : .unigram, vocabularySize: 600)
        if name != "bpe" { (options.alphabet, options.normalization) = (.letters, .nmtNFKC) }
        switch name {
        case "bpe": options.specialTokens = ["<|endoftext|>"]
        case "bpe-metaspace": (options.specialTokens, options.fallsBackToBytes) = (["<pad>", "<unk>"], true)
        case "unigram": options.lowercases = true
        case "unigram-bytes": (options.fallsBackToBytes, options.normalization) = (true, .nfkc)
        case "marian": (options.format, options.specialTokens) = (.marian, [">>fra<<"])
        default: (options.format, options.normalization, options.lowercases) = (.marian, .nfkc, true)
        }
        return options
    }

    private static func trained(_ options: TokenizerTrainer.Options) throws -> TrainedTokenizer {
        var trainer = try TokenizerTrainer(options)
        let text = Array(try Data(contentsOf: folder.appending(path: "text.txt")))
        // In parts that end within letters, too.
        var rest = text[...]
        while !rest.isEmpty {
            try trainer.read(Array(rest.prefix(1001)), from: "text.txt")
            rest = rest.dropFirst(1001)
        }
        try trainer.finish("text.txt")
        return try trainer.train()
    }

    private struct Expected: Decodable {
        let text: String
        let ids: [Int]
    }

    @Test("Byte pairs are merged as by the reference")
    func merges() throws {
        let expected = try JSONDecoder().decode(
            [[String]].self, from: Data(contentsOf: Self.folder.appending(path: "merges.json")))
        let found = try Self.trained(Self.options("bpe")).merges.map {
            [String(decoding: $0.left, as: UTF8.self), String(decoding: $0.right, as: UTF8.self)]
        }
        #expect(found.count == expected.count)
        #expect(zip(found, expected).first { $0 != $1 } == nil)
    }

    @Test(
        "The files give the ids that they give the reference",
        arguments: ["bpe", "bpe-metaspace", "unigram", "unigram-bytes", "marian", "marian-bpe"])
    func ids(name: String) throws {
        let tokenizer = try Self.trained(Self.options(name))
        #expect(tokenizer.vocabularySize == 600)
        let folder = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(#"{"model_type": "marian"}"#.utf8).write(to: folder.appending(path: "config.json"))
        for file in tokenizer.files { try Data(file.bytes).write(to: folder.appending(path: file.name)) }
        let loaded = try TokenizerFiles().tokenizer(for: Checkpoint(folder: folder.path))
        #expect(loaded.vocabularySize == 600)
        let all =
            try JSONSerialization.jsonObject(with: Data(contentsOf: Self.folder.appending(path: "expected.json")))
            as? [String: Any]
        let rows = try JSONDecoder().decode(
            [Expected].self, from: JSONSerialization.data(withJSONObject: try #require(all?[name])))
        for row in rows {
            let found = try loaded.encode(row.text).ids
            #expect(found.elementsEqual(row.ids), "\(row.text): \(found), expected \(row.ids)")
        }
    }

    @Test("A unigram model needs no more pieces for its text than sentencepiece's")
    func quality() throws {
        let all =
            try JSONSerialization.jsonObject(with: Data(contentsOf: Self.folder.appending(path: "expected.json")))
            as? [String: Any]
        let expected = try #require(all?["sentencepiece-token-count"] as? Int)
        var options = Self.options("marian")
        options.specialTokens = []
        let folder = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID().uuidString).spm")
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = try Self.trained(options).files
        try Data(files[0].bytes).write(to: folder)
        let processor = try SentencePieceProcessor(folder.path)
        let lines = try String(contentsOf: Self.folder.appending(path: "text.txt"), encoding: .utf8).split(separator: "\n")
        let count = lines.reduce(0) { $0 + processor.encode(Array($1.utf8)).count }
        #expect(Double(count) <= 1.01 * Double(expected))
    }

    @Test("What cannot be learned from is named with its numbers")
    func failures() throws {
        func message(_ bytes: [UInt8], _ options: TokenizerTrainer.Options) throws -> String {
            do {
                var trainer = try TokenizerTrainer(options)
                try trainer.read(bytes, from: "f.txt")
                try trainer.finish("f.txt")
                _ = try trainer.train()
            } catch let error as InputError { return error.description }
            return ""
        }
        let pairs = TokenizerTrainer.Options(algorithm: .bytePairs, vocabularySize: 300)
        let unigram = TokenizerTrainer.Options(algorithm: .unigram, vocabularySize: 300)
        #expect(try message([], pairs).contains("no words"))
        #expect(try message(Array("  \n \n".utf8), unigram).contains("no words"))
        #expect(try message([0x61, 0x0A, 0x61, 0xFF], pairs).contains("f.txt: bytes in line 2 that are not UTF-8"))
        #expect(try message([0x61, 0, 0x61], pairs).contains("f.txt: a byte 0 in line 1"))
        // The bytes, `ab`, and `ab` with the space before it.
        #expect(try message(Array("ab ab ab".utf8), pairs).contains("at most 258"))
        #expect(try message(Array("ab ab ab".utf8), unigram).contains("a vocabulary of 300; needed at most"))
        var small = pairs
        small.vocabularySize = 200
        #expect(try message(Array("ab".utf8), small).contains("a vocabulary of 200; needed at least 256"))
        small = unigram
        small.vocabularySize = 2
        #expect(try message(Array("abc".utf8), small).contains("needed at least 5: 4 letters and 1 tokens"))
        small = pairs
        small.specialTokens = ["<s>", "<s>"]
        #expect(try message(Array("ab".utf8), small).contains("“<s>” twice"))
    }

    @Test("Words and lines without end are cut", .timeLimit(.minutes(1)))
    func longLines() throws {
        for algorithm in TokenizerTrainer.Algorithm.allCases {
            var trainer = try TokenizerTrainer(.init(algorithm: algorithm, vocabularySize: algorithm == .unigram ? 5 : 262))
            for _ in 0..<40 { try trainer.read(Array(String(repeating: "é", count: 50_000).utf8), from: "f.txt") }
            try trainer.finish("f.txt")
            #expect(trainer.wordCount.distinct < 40)
            _ = try trainer.train()
        }
    }
}
