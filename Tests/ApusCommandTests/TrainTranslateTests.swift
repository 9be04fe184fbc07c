import Foundation
import Testing

@Suite("apus train translate")
struct TrainTranslateTests {
    private let folder: TemporaryFolder
    private var data: String { path("pairs.tsv") }
    private static let small = [
        "--vocab-size", "60", "--validation-share", "0.3", "--measured", "5", "--batch-tokens", "60", "--threads", "1", "--seed",
        "4",
    ]

    init() throws {
        folder = try TemporaryFolder()
        let (people, verbs) = (
            [("I", "Je"), ("You", "Tu"), ("Tom", "Tom"), ("Mary", "Marie")], [("eat", "mange"), ("sing", "chante")]
        )
        let things = [("bread", "du pain"), ("now", "maintenant"), ("here", "ici")]
        var lines: [String] = []
        for person in people {
            for verb in verbs {
                lines += things.map { "\(person.0) \(verb.0) \($0.0).\t\(person.1) \(verb.1) \($0.1).\ta third column" }
            }
        }
        try lines.joined(separator: "\n").write(toFile: path("pairs.tsv"), atomically: true, encoding: .utf8)
    }

    private func path(_ name: String) -> String { folder.url.appending(path: name).path }

    private func train(_ output: String, _ more: String...) throws -> CommandRun {
        try CommandRun(["train", "translate", "--data", data, "--output", path(output)] + Self.small + more)
    }

    private func weights(_ model: String) throws -> Data {
        try Data(contentsOf: URL(filePath: path("\(model)/model.safetensors")))
    }

    @Test("makes a model with a vocabulary of its own that translates, and resumes to the same weights")
    func training() throws {
        let run = try train("whole", "--steps", "6", "--from", "en", "--to", "fr", "--dropout", "0.1")
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors.contains("bleu") && run.errors.contains("perplexity"), "\(run.errors)")
        for name in ["config.json", "generation_config.json", "source.spm", "vocab.json", "recipe.yaml", "training-log.jsonl"] {
            #expect(FileManager.default.fileExists(atPath: path("whole/\(name)")), "\(name)")
        }
        // A run's own files are none of the model that it ends with.
        #expect(!FileManager.default.fileExists(atPath: path("whole/last/recipe.yaml")))
        let answer = try CommandRun("translate", "--model", path("whole/last"), "--from", "en", "--to", "fr", "I eat bread.")
        #expect(answer.status == 0 && answer.lines.count == 1, "\(answer.errors)")
        let wrong = try CommandRun("translate", "--model", path("whole"), "--to", "de", "I eat bread.")
        #expect(wrong.status != 0 && wrong.errors.contains("fr"), "\(wrong.errors)")

        try CommandRun.interrupted(
            ["train", "translate", "--data", data, "--output", path("killed"), "--quiet", "--save-every", "1"] + Self.small
                + ["--steps", "6", "--from", "en", "--to", "fr", "--dropout", "0.1"],
            by: SIGKILL, log: path("killed/training-log.jsonl"), bytes: 200)
        let resumed = try CommandRun("train", "translate", "--resume", "--output", path("killed"))
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(try weights("killed/last") == weights("whole/last"))
    }

    @Test("learns on from a model, whose vocabulary stays")
    func fineTuning() throws {
        #expect(try train("base", "--steps", "2").status == 0)
        let tuned = try train("tuned", "--base", path("base"), "--steps", "1", "--learning-rate", "1e-30", "--weight-decay", "0")
        #expect(tuned.status == 0, "\(tuned.errors)")
        #expect(try weights("tuned") == weights("base/last"))
        #expect(
            FileManager.default.contentsEqual(atPath: path("tuned/source.spm"), andPath: path("base/source.spm")))
    }

    @Test("refuses what cannot be learned from")
    func badInput() throws {
        func refused(_ run: CommandRun, _ words: String...) {
            #expect(run.status != 0)
            for word in words { #expect(run.errors.contains(word), "\(word): \(run.errors)") }
        }
        refused(try CommandRun("train", "translate", "--data", path("nowhere.tsv"), "--output", path("m")), "nowhere.tsv")
        refused(try CommandRun("train", "translate", "--output", path("m")), "--data")
        refused(try train("m", "--from", "en"), "--to")
        refused(try train("m", "--learning-rate", "-1"), "learning rate")
        #expect(!FileManager.default.fileExists(atPath: path("m")))
        refused(try train("m", "--longest", "2"), "pairs to learn from", "longer pairs")
        try "one\ntwo\n".write(toFile: path("lone.tsv"), atomically: true, encoding: .utf8)
        refused(try CommandRun("train", "translate", "--data", path("lone.tsv"), "--output", path("n")), "one column")
        try "a\tb\n\tnothing\nc\td\n".write(toFile: path("holes.tsv"), atomically: true, encoding: .utf8)
        let holes = try CommandRun(
            ["train", "translate", "--data", path("holes.tsv"), "--validation-data", data, "--base"]
                + [Self.starter, "--output", path("holes"), "--steps", "1", "--measured", "1"])
        #expect(holes.status == 0 && holes.errors.contains("1 pairs lack a text"), "\(holes.errors)")
    }

    private static let starter = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Samples/StarterModels/marian-en-fr").path
}
