import Foundation
import Testing

/// `apus transcribe` with a model that hears what stands in files of text; see Tests/SpeechTestTool.
@Suite("apus transcribe")
struct TranscribeTests {
    let files: TemporaryFolder
    let model: TemporaryFolder
    let executable: URL

    init() throws {
        executable = try CommandRun.executable(named: "SpeechTestTool")
        model = try TemporaryFolder()
        try model.write("config.json", Data(#"{"model_type": "talk", "languages": ["en", "fr"]}"#.utf8))
        files = try TemporaryFolder()
        try files.write("a.talk", Data("talk 9\nlanguage fr\n0 4 Bonjour à tous\n4.5 8.25 Au revoir".utf8))
        try files.write("b.talk", Data("talk 3\n0 2 Good morning".utf8))
        try files.write("below/a.speech", Data("talk 3\n1 2 Another".utf8))
        try files.write("notes.txt", Data("no talk".utf8))
    }

    private func transcribe(_ arguments: String..., input: String = "") throws -> CommandRun {
        try CommandRun(
            ["transcribe", "--model", model.url.path] + arguments, executable: executable, input: Data(input.utf8))
    }

    private func contents(_ path: String) throws -> String { try String(contentsOf: URL(filePath: path), encoding: .utf8) }

    @Test("Prints the text, a line a segment, and says on standard error what language it is")
    func plain() throws {
        let run = try transcribe(files.path("a.talk"))
        #expect(run.status == 0)
        #expect(run.lines == ["Bonjour à tous", "Au revoir"])
        #expect(run.errors == "Detected language: French\n")
        let quiet = try transcribe(files.path("a.talk"), "--quiet")
        #expect(quiet.output == run.output && quiet.errors.isEmpty)
        #expect(try transcribe(files.path("a.talk"), "--language", "French").errors.isEmpty)
    }

    @Test("--verbose shows the times as openai/whisper does")
    func verbose() throws {
        #expect(
            try transcribe(files.path("a.talk"), "--verbose").lines == [
                "[00:00.000 --> 00:04.000]  Bonjour à tous", "[00:04.500 --> 00:08.250]  Au revoir",
            ])
    }

    @Test("Several recordings stand below their names, a folder for those in it")
    func several() throws {
        let run = try transcribe(files.url.path)
        #expect(run.status == 0)
        #expect(
            run.lines == [
                files.path("a.talk"), "Bonjour à tous", "Au revoir", "", files.path("b.talk"), "Good morning", "",
                files.path("below/a.speech"), "Another",
            ])
        #expect(run.errors == "\(files.path("a.talk")): detected language: French\n")
    }

    @Test("- is standard input")
    func standardInput() throws {
        #expect(try transcribe("-", input: "talk 2\n0 1 Hi").lines == ["Hi"])
        let json = try transcribe("-", "--json", input: "talk 2\n0 1 Hi")
        #expect(try json.objects.first?["input"] as? String == "-")
        #expect(try transcribe("-", input: "talk 2").output.isEmpty)
    }

    @Test("Subtitles and tables go to standard output, of one recording")
    func documents() throws {
        let srt = try transcribe(files.path("b.talk"), "--format", "srt")
        #expect(srt.output == "1\n00:00:00,000 --> 00:00:02,000\nGood morning\n\n")
        let words = try transcribe(
            files.path("b.talk"), "--output-format", "vtt", "--word-timestamps", "--highlight-words", "--max-words-per-line", "1")
        #expect(
            words.output
                == "WEBVTT\n\n00:00.000 --> 00:01.000\n<u>Good</u>\n\n00:01.000 --> 00:02.000\n<u>morning</u>\n\n")
        #expect(try transcribe(files.path("b.talk"), "-f", "tsv").lines == ["start\tend\ttext", "0\t2000\tGood morning"])
        let several = try transcribe(files.path("b.talk"), files.path("a.talk"), "--format", "srt")
        #expect(several.status == 64 && several.output.isEmpty && several.errors.contains("--output-dir"))
    }

    @Test("--json prints openai/whisper's object in a line, the input first", arguments: [["--json"], ["--format", "json"]])
    func json(flags: [String]) throws {
        let run = try CommandRun(
            ["transcribe", "--model", model.url.path, "--word-timestamps", files.path("a.talk"), files.path("b.talk")] + flags,
            executable: executable)
        #expect(run.status == 0 && run.lines.count == 2)
        #expect(
            run.lines[0].hasPrefix(#"{"input": "\#(files.path("a.talk"))", "text": " Bonjour à tous Au revoir", "segments": ["#))
        let object = try #require(try run.objects.first)
        #expect(object["language"] as? String == "fr")
        let segment = try #require((object["segments"] as? [[String: Any]])?.last)
        #expect(segment["id"] as? Int == 1 && segment["start"] as? Double == 4.5 && segment["tokens"] as? [Int] == [1, 2])
        let word = try #require((segment["words"] as? [[String: Any]])?.first)
        #expect(word["word"] as? String == " Au" && word["probability"] as? Double == 0.5)
    }

    @Test("Files are written to a folder that is made, and none takes another's name")
    func folder() throws {
        let folder = files.path("new/folder")
        let run = try transcribe(files.url.path, "--output-dir", folder, "--quiet")
        #expect(run.status == 0 && run.output.isEmpty && run.errors.isEmpty)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(
            names == ["a", "a-2", "b"].flatMap { stem in ["json", "srt", "tsv", "txt", "vtt"].map { "\(stem).\($0)" } }.sorted())
        #expect(try contents("\(folder)/a.txt") == "Bonjour à tous\nAu revoir\n")
        #expect(try contents("\(folder)/a-2.txt") == "Another\n")
        #expect(try contents("\(folder)/b.json").hasPrefix(#"{"text": " Good morning", "segments": [{"id": 0, "seek": 0, "#))

        let again = try transcribe(files.path("b.talk"), "-o", folder, "-f", "srt", "--verbose")
        #expect(again.output == "[00:00.000 --> 00:02.000]  Good morning\n")
        #expect(again.errors == "\(files.path("b.talk")): \(folder)/b.srt\n")
        let json = try transcribe(files.path("b.talk"), "-o", folder, "-f", "all", "--json")
        #expect(try json.objects.count == 1 && json.errors.hasSuffix("\(folder)/b.{txt,vtt,srt,tsv,json}\n"))
    }

    @Test("A folder or a file that cannot be written is named")
    func unwritable() throws {
        let run = try transcribe(files.path("b.talk"), "--output-dir", files.path("notes.txt"))
        #expect(run.status == 1 && run.errors.contains("--output-dir \(files.path("notes.txt"))"))
        try FileManager.default.createDirectory(atPath: files.path("out/a.srt"), withIntermediateDirectories: true)
        let some = try transcribe(
            files.path("a.talk"), files.path("b.talk"), "--output-dir", files.path("out"), "--format", "srt", "--quiet")
        #expect(some.status == 1 && some.errors.contains("a.srt: cannot be written"))
        #expect(try contents(files.path("out/b.srt")).contains("Good morning"))
    }

    @Test(
        "A recording that fails is named with its reason, and the others are done",
        arguments: ["missing.talk", "notes.txt", "noise.talk", "nan.talk", "long.talk"])
    func failures(name: String) throws {
        try files.write("noise.talk", Data("talk 2\n0 1 Before\nfail".utf8))
        try files.write("nan.talk", Data("talk 2\nnan".utf8))
        try files.write("long.talk", Data("talk 61\n0 1 Long".utf8))
        let good = files.path("b.talk")
        let run = try transcribe(good, files.path(name), good, "--max-seconds", "60")
        #expect(run.status == 1)
        #expect(run.lines.count { $0 == "Good morning" } == 2)
        #expect(run.errors.hasPrefix("SpeechTestTool: \(files.path(name)): "))
        #expect(run.errors.count { $0 == "\n" } == 1)
        let objects = try transcribe(good, files.path(name), good, "--max-seconds", "60", "--json").objects
        #expect(objects.count == 3 && objects[1]["input"] as? String == files.path(name) && objects[1]["error"] is String)
    }

    @Test("What is wrong with the model is said once")
    func modelAtFault() throws {
        let path = try files.write("fault.talk", Data("talk 2\nfault".utf8))
        let run = try transcribe(path, path, files.path("b.talk"))
        #expect(
            run.status == 1 && run.errors.hasPrefix("SpeechTestTool: \(model.url.path)") && run.errors.count { $0 == "\n" } == 1)
        let photos = try CommandRun(["transcribe", "--model", "vit-grocery", path], executable: executable)
        #expect(photos.status == 1 && photos.errors.contains("This one can classify"))
    }

    @Test("Languages the model does not know are refused, and so are flags that make no sense")
    func complaints() throws {
        for language in ["de", "xx"] {
            let run = try transcribe(files.path("b.talk"), "--language", language)
            #expect(
                run.status == 1 && run.errors.hasPrefix("SpeechTestTool: --language: \(language)")
                    && run.errors.contains("en, fr"))
        }
        try model.write("config.json", Data(#"{"model_type": "talk", "languages": []}"#.utf8))
        #expect(try transcribe(files.path("b.talk"), "--language", "en").status == 0)
        #expect(try transcribe(files.path("b.talk"), "--language", "xx").status == 1)
        for flags in [["--language", "Frensh"], ["--beam", "0"], ["--highlight-words"], ["--format", "all"]] {
            let run = try CommandRun(["transcribe", files.path("b.talk")] + flags, executable: executable)
            #expect(run.status == 64 && run.output.isEmpty && run.errors.contains(flags[0]))
        }
        #expect(try CommandRun(["transcribe"], executable: executable).status == 64)
    }

    @Test("A reader that leaves ends the program without a word, and a full disk is an error")
    func closedPipe() throws {
        let path = try files.write("many.talk", Data("talk 9\n0 1 Much is said\nagain 200000".utf8))
        func shell(_ script: String) throws -> (status: Int32, errors: String) {
            let process = Process()
            let errors = Pipe()
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = ["-c", script, executable.path, model.url.path, path]
            process.standardError = errors
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            let text = try errors.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return (process.terminationStatus, String(decoding: text, as: UTF8.self))
        }
        #expect(try shell(#""$0" transcribe --model "$1" "$2" "$2" | head -1"#).errors.isEmpty)
        if FileManager.default.fileExists(atPath: "/dev/full") {
            let full = try shell(#""$0" transcribe --model "$1" "$2" "$2" > /dev/full"#)
            #expect(full.status == 1 && full.errors.hasPrefix("SpeechTestTool: standard output: "))
            #expect(full.errors.count { $0 == "\n" } == 1)
        }
    }

    @Test("bench measures encoding and writing apart")
    func bench() throws {
        let arguments = ["bench", "transcribe", "--model", model.url.path, "--runs", "2", "--warm-up", "0", "--batch-size", "3"]
        let run = try CommandRun(arguments + ["--output-tokens", "5"], executable: executable)
        #expect(run.status == 0)
        #expect(run.lines.contains { $0.hasPrefix("median encoding") } && run.lines.contains { $0.hasPrefix("median writing") })
        let object = try #require(try CommandRun(arguments + ["--json"], executable: executable).objects.first)
        #expect(object["task"] as? String == "transcribe" && object["batch_size"] as? Int == 3)
        for part in ["encoding", "writing"] {
            let timing = try #require(object[part] as? [String: Any])
            #expect(timing["runs"] as? Int == 2 && timing["median_milliseconds_per_item"] is Double)
        }
        #expect(try CommandRun(arguments + ["--output-tokens", "449"], executable: executable).errors.contains("448"))
        let photos = try CommandRun(["bench", "transcribe", "--model", "vit-grocery"], executable: executable)
        #expect(photos.status == 1 && photos.errors.contains("transcribe"))
    }

    @Test("inspect lists the task")
    func inspect() throws {
        try model.write("model.safetensors", Data([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)))
        let run = try CommandRun(["inspect", model.url.path], executable: executable)
        #expect(run.lines.contains { $0.wholeMatch(of: /tasks +transcribe/) != nil }, "\(run.errors)")
    }
}
