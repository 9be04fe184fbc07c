import Foundation
import Testing

@Suite("apus train transcribe")
struct TrainTranscribeTests {
    private let folder: TemporaryFolder
    private static let samples = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Samples")
    private static let said = [
        ("command.flac", "ENTER TWO NINE EIGHT ONE", "mjwl"), ("michael.flac", "M I C H A E L", "mmxg"),
        ("pittsburgh.wav", "P I T T S B U R G H", "miry"), ("zip-code.flac", "ONE FIVE TWO TWO SEVEN", "fvap"),
        ("date-of-birth.flac", "TEN TWENTY SEVEN SIXTY TWO", "fvap"),
    ]
    private static let small = [
        "--window", "5", "--vocab-size", "290", "--lowercase", "--batch-size", "2", "--threads", "1", "--seed", "1",
        "--validation-share", "0.3",
    ]

    init() throws {
        folder = try TemporaryFolder()
        let lines = Self.said.map { "\(Self.samples.path)/clips/\($0.0)\t\($0.1)\t\($0.2)\n" }
        try lines.joined().write(toFile: path("clips.tsv"), atomically: true, encoding: .utf8)
    }

    private func path(_ name: String) -> String { folder.url.appending(path: name).path }

    private func train(_ output: String, _ more: String...) throws -> CommandRun {
        try CommandRun(["train", "transcribe", "--data", path("clips.tsv"), "--output", path(output)] + Self.small + more)
    }

    private func weights(_ model: String) throws -> Data {
        try Data(contentsOf: URL(filePath: path("\(model)/model.safetensors")))
    }

    @Test("makes a model that transcribes, without what only training has, and resumes to the same weights")
    func training() throws {
        let options = ["--steps", "4", "--joining", "0.5", "--token-noise", "0.1", "--noise", "0.5"]
        let whole = try CommandRun(
            ["train", "transcribe", "--data", path("clips.tsv"), "--output", path("whole")] + Self.small + options)
        #expect(whole.status == 0, "\(whole.errors)")
        #expect(whole.errors.contains("wer") && whole.errors.contains("cer"), "\(whole.errors)")
        #expect(!(String(decoding: try weights("whole").prefix(1 << 16), as: UTF8.self).contains("spelling")))
        let answer = try CommandRun(
            "transcribe", "--model", path("whole/last"), "--quiet", "\(Self.samples.path)/clips/michael.flac")
        #expect(answer.status == 0, "\(answer.errors)")

        try CommandRun.interrupted(
            ["train", "transcribe", "--data", path("clips.tsv"), "--output", path("killed"), "--quiet", "--save-every", "1"]
                + Self.small + options,
            by: SIGKILL, log: path("killed/training-log.jsonl"), bytes: 120)
        let resumed = try CommandRun("train", "transcribe", "--resume", "--output", path("killed"))
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(try weights("killed/last") == weights("whole/last"))
    }

    @Test("learns on from a model; a table may name its columns")
    func fineTuning() throws {
        let lines = Self.said.map { "x,\($0.2),\(Self.samples.path)/clips/\($0.0),\($0.1)\n" }
        try ("split,client_id,path,sentence\n" + lines.joined()).write(
            toFile: path("named.csv"), atomically: true, encoding: .utf8)
        let base = "\(Self.samples.path)/StarterModels/whisper-an4"
        let run = try CommandRun(
            "train", "transcribe", "--base", base, "--data", path("named.csv"), "--output", path("tuned"), "--steps", "1",
            "--batch-size", "2", "--validation-share", "0.3", "--seed", "1", "--spelling", "0", "--lowercase", "--freeze",
            "model.encoder.*")
        #expect(run.status == 0, "\(run.errors)")
        let answer = try CommandRun(
            "transcribe", "--model", path("tuned"), "--quiet", "\(Self.samples.path)/clips/michael.flac")
        #expect(answer.status == 0 && answer.output.contains("m"), "\(answer.errors)")
        // The same table serves to measure by.
        let measured = try CommandRun("evaluate", "transcribe", "--data", path("named.csv"), "--worst", "0", "--json")
        #expect(try measured.objects.first?["count"] as? Int == Self.said.count, "\(measured.errors)")
    }

    @Test("spells by sounds, finds words in time, and learns from recordings put together of them")
    func splicing() throws {
        let words = Set(Self.said.flatMap { $0.1.split(separator: " ") })
        let dictionary = words.map { "\($0)  \($0.map { "S\($0)" }.joined(separator: " "))\n" }.sorted().joined()
        try dictionary.write(toFile: path("words.dict"), atomically: true, encoding: .utf8)
        let sounds = [
            "--pronunciations", path("words.dict"), "--mask-bands", "12", "--mask-seconds", "0.15", "--validation-data",
            path("clips.tsv"),
        ]
        let first = try CommandRun(
            ["train", "transcribe", "--data", path("clips.tsv"), "--output", path("first"), "--steps", "2"] + Self.small + sounds)
        #expect(first.status == 0, "\(first.errors)")

        let aligned = try CommandRun("align", "--model", path("first"), "--data", path("clips.tsv"), "--quiet")
        #expect(aligned.status == 0, "\(aligned.errors)")
        let rows = aligned.lines.map { $0.split(separator: "\t").map(String.init) }
        #expect(rows.first == ["file", "word", "start", "end"])
        #expect(rows.dropFirst().map { $0[1] } == Self.said.flatMap { $0.1.split(separator: " ").map(String.init) })
        for row in rows.dropFirst() { #expect((Double(row[2]) ?? 9) <= (Double(row[3]) ?? -1)) }
        try aligned.output.write(toFile: path("words.tsv"), atomically: true, encoding: .utf8)
        let object = try CommandRun("align", "--model", path("first"), "--data", path("clips.tsv"), "--json").objects.first
        #expect((object?["words"] as? [[String: Any]])?.count == 5)

        let options = sounds + ["--words", path("words.tsv"), "--splicing", "0.9", "--steps", "4"]
        let whole = try CommandRun(
            ["train", "transcribe", "--data", path("clips.tsv"), "--output", path("whole")] + Self.small + options)
        #expect(whole.status == 0, "\(whole.errors)")
        try CommandRun.interrupted(
            ["train", "transcribe", "--data", path("clips.tsv"), "--output", path("killed"), "--quiet", "--save-every", "1"]
                + Self.small + options,
            by: SIGKILL, log: path("killed/training-log.jsonl"), bytes: 120)
        #expect(try CommandRun("train", "transcribe", "--resume", "--output", path("killed")).status == 0)
        #expect(try weights("killed/last") == weights("whole/last"))
    }

    @Test("names words without sounds, tables that make no sense, and models that cannot align")
    func badSounds() throws {
        try "TWO  T UW\n".write(toFile: path("short.dict"), atomically: true, encoding: .utf8)
        let short = try train("m", "--pronunciations", path("short.dict"))
        #expect(
            short.status != 0 && short.errors.contains("short.dict") && short.errors.contains("more words"), "\(short.errors)")
        let lost = try train("n", "--words", path("nowhere.tsv"))
        #expect(lost.status != 0 && lost.errors.contains("nowhere.tsv"), "\(lost.errors)")
        try "a\tb\tc\td\n".write(toFile: path("odd.tsv"), atomically: true, encoding: .utf8)
        let odd = try train("o", "--words", path("odd.tsv"))
        #expect(odd.status != 0 && odd.errors.contains("line 1"), "\(odd.errors)")
        let other = try CommandRun(
            "align", "--model", "\(Self.samples.path)/StarterModels/whisper-an4", "--data", path("clips.tsv"))
        #expect(other.status != 0 && other.errors.contains("spelling.safetensors"), "\(other.errors)")
        let photos = try CommandRun(
            "align", "--model", "\(Self.samples.path)/StarterModels/vit-grocery", "--data", path("clips.tsv"))
        #expect(photos.status != 0 && photos.errors.contains("vit-grocery"), "\(photos.errors)")
    }

    @Test("refuses what cannot be learned from, and leaves out what is too long")
    func badInput() throws {
        func refused(_ run: CommandRun, _ words: String...) {
            #expect(run.status != 0)
            for word in words { #expect(run.errors.contains(word), "\(word): \(run.errors)") }
        }
        refused(try CommandRun("train", "transcribe", "--data", path("nowhere.tsv"), "--output", path("m")), "nowhere.tsv")
        refused(try CommandRun("train", "transcribe", "--output", path("m")), "--data")
        refused(try train("m", "--language", "English"), "--language")
        refused(try train("m", "--window", "31"), "--window")
        let clip = "\(Self.samples.path)/clips/michael.flac"
        try "\(clip)\tm\nnone.wav\tx\n".write(toFile: path("lost.tsv"), atomically: true, encoding: .utf8)
        refused(try CommandRun("train", "transcribe", "--data", path("lost.tsv"), "--output", path("m")), "none.wav")
        try "\(clip)\tm\n\(clip)\t\n".write(toFile: path("mute.tsv"), atomically: true, encoding: .utf8)
        refused(
            try CommandRun("train", "transcribe", "--data", path("mute.tsv"), "--output", path("m")), "line 2", "without a text")
        try "\(clip)\tm\n\(Self.samples.path)/clips/voicemail.ogg\tlong\n".write(
            toFile: path("long.tsv"), atomically: true, encoding: .utf8)
        let long = try CommandRun(
            ["train", "transcribe", "--data", path("long.tsv"), "--validation-data", path("clips.tsv"), "--output", path("long")]
                + Self.small + ["--epochs", "1"])
        #expect(long.status == 0 && long.errors.contains("voicemail.ogg"), "\(long.errors)")
        #expect(long.errors.contains("seconds") && long.errors.contains("1 recordings could not be used"), "\(long.errors)")
    }
}
