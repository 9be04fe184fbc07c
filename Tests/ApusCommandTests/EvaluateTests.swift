import Foundation
import Testing

@Suite("apus evaluate")
struct EvaluateTests {
    private let folder: TemporaryFolder
    private static let samples = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Samples")

    init() throws { folder = try TemporaryFolder() }

    private func file(_ name: String, _ text: String) throws -> String {
        let path = folder.url.appending(path: name).path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func photo(_ name: String) -> String { Self.samples.appending(path: "photos/\(name).jpg").path }

    @Test("classify: accuracy, scores of each label, confusions; a broken file is named")
    func classify() throws {
        let table = "file,label\n\(photo("banana")),Banana\n\(photo("lemon")),Lemon\n\(photo("pear")),Banana\n"
        let run = try CommandRun(
            "evaluate", "classify", "--data", try file("photos.csv", table), "--confidence", "0.9", "--json",
            "--confusion-picture", folder.url.appending(path: "confusion.png").path)
        #expect(run.status == 0, "\(run.errors)")
        // Any reader takes the picture, our own too.
        let drawn = try CommandRun("classify", folder.url.appending(path: "confusion.png").path)
        #expect(drawn.status == 0, "\(drawn.errors)")
        let report = try run.objects[0]
        #expect(report["count"] as? Int == 3 && report["failures"] as? Int == 0)
        let accuracy = try #require((report["accuracy"] as? [String: Any]))
        let value = try #require(accuracy["value"] as? Double)
        #expect(try #require(accuracy["low"] as? Double) <= value && value <= (try #require(accuracy["high"] as? Double)))
        #expect((report["labels"] as? [String: Any])?.keys.sorted() == ["Banana", "Lemon"])

        let broken = try file("broken.jpg", "no photo")
        let shown = try CommandRun("evaluate", "classify", "--data", try file("more.csv", table + "\(broken),Lemon\n"))
        #expect(shown.status == 1 && shown.errors.contains("broken.jpg"), "\(shown.errors)")
        for word in ["accuracy", "top-5 accuracy", "macro F1", "precision", "Banana", "weighted mean", "taken for"] {
            #expect(shown.output.contains(word), "\(word): \(shown.output)")
        }
    }

    @Test("transcribe: error rates, and the worst recording word by word")
    func transcribe() throws {
        let clip = try #require(
            try FileManager.default.contentsOfDirectory(atPath: Self.samples.appending(path: "clips").path).sorted()
                .first { $0.hasSuffix(".flac") || $0.hasSuffix(".wav") })
        let path = Self.samples.appending(path: "clips/\(clip)").path
        let said = try CommandRun("transcribe", path, "--quiet").output.replacingOccurrences(of: "\n", with: " ")
        let right = try CommandRun(
            "evaluate", "transcribe", "--data", try file("right.tsv", "file\ttext\n\(path)\t\(said.uppercased())!\n"), "--json")
        let rate = try #require(try right.objects[0]["wer"] as? [String: Any])
        #expect(rate["value"] as? Double == 0, "\(right.output)")
        let wrong = try CommandRun(
            "evaluate", "transcribe", "--data", try file("wrong.tsv", "\(path)\tsomething else\nnone.wav\tlost\n"))
        #expect(wrong.status == 1 && wrong.errors.contains("none.wav"))
        for word in ["word error rate", "character error rate", "said", "written", "SOMETHING"] {
            #expect(wrong.output.contains(word), "\(word): \(wrong.output)")
        }
    }

    @Test("translate: BLEU and chrF++ with how they were taken")
    func translate() throws {
        let text = "How are you?"
        let answer = try #require(try CommandRun("translate", text).lines.first)
        let run = try CommandRun(
            "evaluate", "translate", "--data", try file("pairs.tsv", "\(text)\t\(answer)\tAutre chose.\n"), "--json")
        let report = try run.objects[0]
        let chrF = try #require((report["chrf++"] as? [String: Any])?["value"] as? Double)
        #expect(abs(chrF - 100) < 1e-9)
        #expect((report["signature"] as? String)?.contains("nrefs:2|case:mixed|eff:no|tok:13a") == true)
        let shown = try CommandRun(
            "evaluate", "translate", "--data", try file("pairs.csv", "\"\(text)\",\"A, b\"\n"), "--tokenize", "char",
            "--confidence", "0.5")
        #expect(shown.status == 0 && shown.output.contains("BLEU") && shown.output.contains("tok:char"), "\(shown.errors)")
    }

    @Test("refuses what cannot be measured by")
    func badInput() throws {
        func refused(_ run: CommandRun, _ words: String...) {
            #expect(run.status != 0)
            for word in words { #expect(run.errors.contains(word), "\(word): \(run.errors)") }
        }
        refused(try CommandRun("evaluate", "classify", "--data", "/nowhere.csv"), "/nowhere.csv")
        refused(
            try CommandRun(
                "evaluate", "classify", "--data", try file("one.csv", "\(photo("lemon")),Lemon\n")), "one label only")
        refused(
            try CommandRun(
                "evaluate", "classify", "--data", try file("two.csv", "\(photo("lemon")),Lemon\n\(photo("pear")),Sofa\n")), "Sofa"
        )
        refused(try CommandRun("evaluate", "transcribe", "--data", try file("empty.tsv", "")), "no rows")
        refused(try CommandRun("evaluate", "transcribe", "--data", try file("gone.tsv", "gone.wav\tx\n")), "no recording")
        refused(try CommandRun("evaluate", "translate", "--data", try file("lone.tsv", "alone\n")), "one column")
        refused(try CommandRun("evaluate", "translate", "--data", try file("lone.tsv", "a\tb\nc\n")), "line 2")
        refused(try CommandRun("evaluate", "translate", "--data", "x", "--confidence", "1"), "--confidence")
        refused(try CommandRun("evaluate", "translate", "--data", "x", "--tokenize", "words"), "13a, intl, zh, char, none")
    }

    @Test("a text's perplexity is the reference's, window by window")
    func generate() throws {
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures/text").standardized
        let text = String(repeating: "The cat sat on the mat. A dog, twice as big, ran after it!\n", count: 4)
        let model = fixtures.appending(path: "gpt2").path
        let run = try CommandRun(
            "evaluate", "generate", "--model", model, "--data", try file("text.txt", text), "--window", "24", "--stride", "10",
            "--precision", "fp32", "--json")
        #expect(run.status == 0, "\(run.errors)")
        let report = try #require(try run.objects.first)
        #expect(report["tokens"] as? Int == 215 && report["bytes"] as? Int == text.utf8.count)
        // What transformers gives for the same windows.
        #expect(abs((report["nats"] as? Double ?? 0) - 1253.65774) < 0.01)
        #expect(abs((report["perplexity"] as? Double ?? 0) - 340.68771) < 0.01)
        let table = try CommandRun(
            "evaluate", "generate", "--model", model, "--data", folder.url.appending(path: "text.txt").path)
        #expect(table.output.contains("perplexity") && table.output.contains("window:48|stride:24"), "\(table.output)")
        for (options, word) in [
            (["--window", "49"], "48"), (["--window", "10", "--stride", "10"], "stride"), (["--window", "1"], "--window"),
        ] {
            let refused = try CommandRun(
                ["evaluate", "generate", "--model", model, "--data", folder.url.appending(path: "text.txt").path] + options)
            #expect(refused.status != 0 && refused.errors.contains(word), "\(refused.errors)")
        }
        let empty = try CommandRun("evaluate", "generate", "--model", model, "--data", try file("empty.txt", "a"))
        #expect(empty.status == 1 && empty.errors.contains("two at least"), "\(empty.errors)")
        let other = try CommandRun(
            "evaluate", "generate", "--model", fixtures.appending(path: "bert").path, "--data",
            folder.url.appending(path: "text.txt").path)
        #expect(other.status == 1 && !other.errors.isEmpty)
    }

    @Test("the likeness of texts is compared with people's")
    func embed() throws {
        let model = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures/text/bert").standardized
            .path
        let rows =
            "first\tsecond\tscore\nthe cat\tthe cat\t5\nthe cat\ta dog\t1\nhello there\tgood morning\t0.5\na mat\tthe mat\t4\n"
        let run = try CommandRun(
            "evaluate", "embed", "--model", model, "--data", try file("pairs.tsv", rows), "--json", "--confidence", "0.9")
        #expect(run.status == 0, "\(run.errors)")
        let report = try #require(try run.objects.first)
        #expect(report["count"] as? Int == 4)
        let spearman = try #require(report["spearman"] as? [String: Any])
        #expect(abs(spearman["value"] as? Double ?? 9) <= 1)
        #expect((spearman["low"] as? Double ?? 9) <= (spearman["high"] as? Double ?? -9))
        let wrong = try CommandRun("evaluate", "embed", "--model", model, "--data", try file("wrong.tsv", "a\tb\t1\nc\td\tx\n"))
        #expect(wrong.status == 1 && wrong.errors.contains("line 2"), "\(wrong.errors)")
        let alike = try CommandRun("evaluate", "embed", "--model", model, "--data", try file("alike.tsv", "a\tb\t1\n"))
        #expect(alike.status == 1 && alike.errors.contains("one pair"), "\(alike.errors)")
    }
}
