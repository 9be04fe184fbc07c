import AttentionEngine
import Foundation
import PluginKit
import Testing

@testable import TextPlugin

@Suite("Broken tokenizer files")
struct BrokenTokenizerTests {
    /// A checkpoint's folder with these files, gone when the test is over.
    private static func load(_ files: [String: Data], encode text: String? = nil) throws -> [Int] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(#"{"model_type": "test"}"#.utf8).write(to: folder.appendingPathComponent("config.json"))
        for (name, data) in files { try data.write(to: folder.appendingPathComponent(name)) }
        let tokenizer = try TokenizerFiles().tokenizer(for: Checkpoint(folder: folder.path))
        return try text.map { try tokenizer.encode($0).ids } ?? []
    }

    private static func error(_ files: [String: Data], encode text: String? = nil) -> String {
        do {
            return "ids \(try load(files, encode: text))"
        } catch let error as InputError {
            return error.description
        } catch {
            return "another error: \(error)"
        }
    }

    static func error(_ json: String, encode text: String? = nil) -> String {
        error(["tokenizer.json": Data(json.utf8)], encode: text)
    }

    private static let pairs = #""model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}"#

    @Test(
        "what is wrong is named, with its file and key",
        arguments: [
            (#"{}"#, "key `model`"),
            (#"{"model": {"type": "Magic", "vocab": {"a": 0}}}"#, "Magic"),
            (#"{"model": {"type": "BPE", "vocab": {"a": 0, "b": -1}, "merges": []}}"#, "integer of 0 or more"),
            (#"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 99999999999}, "merges": []}}"#, "99999999999"),
            (#"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 99999999999999999999}, "merges": []}}"#, "too large"),
            (#"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 0}, "merges": []}}"#, "the id 0 for two tokens"),
            (#"{"model": {"type": "BPE", "vocab": {"a": 0, "a": 1}, "merges": []}}"#, "a token twice"),
            (#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}}"#, "“a b” (number 1)"),
            (#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a"]}}"#, "a merge that is no pair"),
            (#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a a", "a a"]}}"#, "“a a”"),
            (#"{"model": {"type": "BPE", "vocab": [["a", 0]], "merges": []}}"#, "key `model.vocab`"),
            (#"{"model": {"type": "Unigram", "vocab": [["a", 0]], "unk_id": 7}}"#, "key `model.unk_id`"),
            (#"{"model": {"type": "Unigram", "vocab": [["a", 1e999]]}}"#, "no number"),
            (#"{"model": {"type": "Unigram", "vocab": []}}"#, "key `model.vocab`"),
            (#"{\#(pairs), "normalizer": {"type": "Odd"}}"#, "the normalizer “Odd”"),
            (
                #"{\#(pairs), "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Odd"}]}}"#,
                "pre_tokenizer.pretokenizers[0].type"
            ),
            (#"{\#(pairs), "post_processor": {"type": "Odd"}}"#, "the post-processor “Odd”"),
            (#"{\#(pairs), "decoder": {"type": "Odd"}}"#, "the decoder “Odd”"),
            (#"{\#(pairs), "decoder": {"type": 7}}"#, "key `decoder.type`"),
            (#"{\#(pairs), "normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAA"}}"#, "Base64"),
            (#"{\#(pairs), "normalizer": {"type": "Precompiled", "precompiled_charsmap": "////fwAA"}}"#, "character map"),
            (#"{\#(pairs), "normalizer": {"type": "Replace", "pattern": {"Regex": "(?<=a)b"}, "content": ""}}"#, "(?<=a)b"),
            (
                #"{\#(pairs), "normalizer": {"type": "Replace", "pattern": {"Regex": "[[:alpha:]]"}, "content": ""}}"#,
                "[[:alpha:]]"
            ),
            (#"{\#(pairs), "normalizer": {"type": "Replace", "pattern": {"Regex": "(a*)*"}, "content": ""}}"#, "may be empty"),
            (#"{\#(pairs), "normalizer": {"type": "Replace", "pattern": {"Regex": "a{9999999}"}, "content": ""}}"#, "1000 times"),
            (
                #"{\#(pairs), "normalizer": {"type": "Replace", "pattern": {"Regex": "((a{900}){900}){900}"}, "content": ""}}"#,
                "repetitions"
            ),
            (#"{\#(pairs), "normalizer": {"type": "Replace", "pattern": {"Regex": "\\p{Klingon}"}, "content": ""}}"#, "Klingon"),
            (#"{\#(pairs), "added_tokens": [{"id": 1, "content": "a"}]}"#, "contradict|the id 1, and 0"),
            (#"{\#(pairs), "added_tokens": [{"id": 1, "content": "c"}]}"#, "the id 1, which “b” has"),
            (#"{\#(pairs), "added_tokens": [{"id": -1, "content": "c"}]}"#, "added_tokens[0].id"),
            (#"{\#(pairs), "added_tokens": [{"id": 1e300, "content": "c"}]}"#, "added_tokens[0].id"),
            (
                #"{\#(pairs), "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x", "type_id": 0}}], "pair": []}}"#,
                "special_tokens"
            ),
            (#"{\#(pairs)"#, "expected"),
        ])
    func named(json: String, words: String) {
        let message = Self.error(json, encode: "ab")
        #expect(words.split(separator: "|").contains { message.contains($0) }, "\(json): \(message)")
        #expect(message.contains("tokenizer.json"))
    }

    @Test("deep nesting is refused, not followed to the end of the stack")
    func nesting() {
        let deep = String(repeating: "[", count: 200_000)
        #expect(Self.error(#"{"model": {"x": \#(deep)"#).contains("nesting"))
        #expect(Self.error(#"{"decoder": \#(deep)"#).contains("nesting"))
        let sequences =
            String(repeating: #"{"type": "Sequence", "normalizers": ["#, count: 45) + String(repeating: "]}", count: 45)
        #expect(Self.error(#"{\#(Self.pairs), "normalizer": \#(sequences)}"#).contains("20 levels"))
        let groups = String(repeating: "(", count: 100_000)
        #expect(
            Self.error(#"{\#(Self.pairs), "normalizer": {"type": "Replace", "pattern": {"Regex": "\#(groups)"}, "content": ""}}"#)
                .contains("50 groups"))
    }

    @Test("an expression that explodes ends with an error that names it")
    func explosion() {
        let json = #"{\#(Self.pairs), "normalizer": {"type": "Replace", "pattern": {"Regex": "(a|aa)+c"}, "content": ""}}"#
        #expect(Self.error(json, encode: String(repeating: "a", count: 5000)).contains("(a|aa)+c"))
    }

    @Test("an unknown letter without a token for it is an error of the text's, not a crash")
    func missingUnknown() {
        #expect(Self.error(#"{"model": {"type": "WordPiece", "vocab": {"a": 0}}}"#, encode: "b").contains("unknown token"))
        #expect(Self.error(#"{"model": {"type": "Unigram", "vocab": [["a", 0]]}}"#, encode: "b").contains("unk_id"))
        #expect(
            Self.error(#"{"model": {"type": "BPE", "unk_token": "?", "vocab": {"a": 0}, "merges": []}}"#, encode: "b").contains(
                "unk_token"))
        #expect(Self.error(#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#, encode: "bab") == "ids [0]")
    }

    @Test("missing files are named")
    func missing() {
        #expect(Self.error([:]).contains("tokenizer.json"))
        #expect(Self.error(["vocab.json": Data("{}".utf8)]).contains("merges.txt"))
        #expect(
            Self.error(["vocab.json": Data("{\"a\": 0}".utf8), "merges.txt": Data("#version\na b c\n".utf8)]).contains("line 2"))
        #expect(Self.error(["vocab.json": Data("{\"a\": 0}".utf8), "merges.txt": Data([0x61, 0x20, 0xFF])]).contains("UTF-8"))
        #expect(Self.error(["tokenizer.json": Data([0x7B, 0x22, 0xFF, 0x22])]).contains("UTF-8"))
        let marian = TokenizerFixtures.folder.appendingPathComponent("marian-bpe")
        let files = ["source.spm", "target.spm", "vocab.json"].map {
            ($0, (try? Data(contentsOf: marian.appendingPathComponent($0))) ?? Data())
        }
        var contents = Dictionary(uniqueKeysWithValues: files)
        contents["vocab.json"] = Data(#"{"a": 0, "</s>": 1}"#.utf8)
        #expect(Self.error(contents).contains("<unk>"))
        contents["tokenizer_config.json"] = Data(#"{"separate_vocabs": true}"#.utf8)
        #expect(Self.error(contents).contains("target_vocab.json"))
    }

    @Test(
        "sentencepiece files cut off or changed anywhere are read or refused, never a crash",
        arguments: ["marian-unigram", "marian-bpe"])
    func damaged(name: String) throws {
        let folder = TokenizerFixtures.folder.appendingPathComponent(name)
        let source = try Data(contentsOf: folder.appendingPathComponent("source.spm"))
        let vocabulary = try Data(contentsOf: folder.appendingPathComponent("vocab.json"))
        var random = SystemRandomNumberGenerator()
        for turn in 0..<300 {
            var bytes = [UInt8](source)
            if turn % 3 == 0 { bytes.removeLast(Int.random(in: 1...bytes.count, using: &random)) }
            for _ in 0..<turn % 7 where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255)
            }
            let message = Self.error(
                ["source.spm": Data(bytes), "target.spm": source, "vocab.json": vocabulary],
                encode: "The swift ﬁ 鳥 e\u{301} ½\u{3000}x")
            #expect(!message.hasPrefix("another error"), "\(message)")
        }
    }

    @Test("tokenizer.json changed anywhere is read or refused, never a crash", arguments: TokenizerTests.folders)
    func damagedJSON(name: String) throws {
        guard let json = try? Data(contentsOf: TokenizerFixtures.folder.appendingPathComponent("\(name)/tokenizer.json")) else {
            return
        }
        for turn in 0..<60 {
            var bytes = [UInt8](json)
            if turn % 5 == 0 { bytes.removeLast(Int.random(in: 1...bytes.count)) }
            // Half of the changes where the components are described.
            for _ in 0..<1 + turn % 4 where !bytes.isEmpty {
                bytes[Int.random(in: 0..<(turn % 2 == 0 ? min(2000, bytes.count) : bytes.count))] = UInt8.random(in: 0x20...0x7E)
            }
            let message = Self.error(["tokenizer.json": Data(bytes)], encode: "The swift ﬁ 鳥 e\u{301} ½\u{3000}x")
            #expect(!message.hasPrefix("another error"), "\(message)")
        }
    }
}
