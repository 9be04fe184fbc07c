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
        refused(try CommandRun("evaluate", "translate", "--data", "x", "--tokenize", "words"), "13a, intl, char, none")
    }
}
