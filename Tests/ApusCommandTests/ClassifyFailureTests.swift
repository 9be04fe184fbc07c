import Foundation
import Testing

@Suite("apus classify, when something is wrong")
struct ClassifyFailureTests {
    let files: TemporaryFolder
    let photo: String
    let model: TinyModel

    init() throws {
        model = try TinyModel()
        files = try TemporaryFolder()
        photo = try files.writePhoto("photo.ppm", red: 200, green: 30, blue: 30)
        try files.write("text.png", Data("This is no picture.\n".utf8))
        try files.write("empty.jpg", Data())
        try files.write("cut.ppm", Photo.pixmap(red: 1, green: 2, blue: 3).dropLast(100))
        try files.write("bomb.ppm", Data("P6\n100000 100000\n255\nabc".utf8))
        try FileManager.default.createDirectory(atPath: files.path("nothing"), withIntermediateDirectories: true)
    }

    @Test(
        "An input that cannot be used is named with its reason, the others are done, and the exit status is 1",
        arguments: ["missing.png", "text.png", "empty.jpg", "cut.ppm", "bomb.ppm", "nothing"])
    func badInput(name: String) throws {
        let run = try CommandRun("classify", "--model", model.path, photo, files.path(name), photo)
        #expect(run.status == 1)
        #expect(run.lines.count == 12)
        #expect(run.errors.hasPrefix("apus: \(files.path(name)): "))
        #expect(run.errors.filter { $0 == "\n" }.count == 1)

        let json = try CommandRun("classify", "--json", "--model", model.path, photo, files.path(name), photo)
        #expect(json.status == 1)
        let objects = try json.objects
        #expect(objects.count == 3)
        #expect(objects[1]["input"] as? String == files.path(name))
        #expect((objects[1]["error"] as? String)?.hasPrefix(files.path(name)) == true)
    }

    @Test("Without --model and without the starter model, the command says what to do")
    func noStarterModel() throws {
        let lone = files.path("apus")
        try FileManager.default.copyItem(at: CommandRun.executable, to: URL(fileURLWithPath: lone))
        let run = try CommandRun(["classify", photo], executable: URL(fileURLWithPath: lone))
        #expect(run.status == 1)
        #expect(run.errors.hasPrefix("apus: --model: none given, and the starter model vit-grocery is not installed"))
    }

    @Test("Every failure is named, in order, among photos that are done")
    func allFailures() throws {
        let run = try CommandRun("classify", "--model", model.path, "--batch-size", "2", files.url.path, "missing.jpg")
        #expect(run.status == 1)
        #expect(run.lines.count == 6)
        let named = run.errors.split(separator: "\n").map { String($0.dropFirst(6).prefix { $0 != ":" }) }
        #expect(named == ["bomb.ppm", "cut.ppm", "empty.jpg", "text.png"].map(files.path) + ["missing.jpg"])
    }

    @Test("A link in a folder that leads nowhere is named")
    func danglingLink() throws {
        let folder = try TemporaryFolder()
        try folder.writePhoto("a.ppm", red: 1, green: 2, blue: 3)
        try FileManager.default.createSymbolicLink(atPath: folder.path("b.ppm"), withDestinationPath: folder.path("gone"))
        let run = try CommandRun("classify", "--model", model.path, folder.url.path)
        #expect(run.status == 1)
        #expect(run.lines.count == 6)
        #expect(run.errors.hasPrefix("apus: \(folder.path("b.ppm")): no such file"))
    }

    @Test("--max-pixels sets the cap on pixels")
    func pixelCap() throws {
        let run = try CommandRun("classify", "--model", model.path, "--max-pixels", "1599", photo)
        #expect(run.status == 1)
        #expect(run.errors.contains("1599"))
        #expect(try CommandRun("classify", "--model", model.path, "--max-elements", "1600", photo).status == 0)
    }

    @Test(
        "Flags that make no sense end with status 64 and a sentence that says what is taken",
        arguments: [
            ("--threads", "0"), ("--threads", "257"), ("--threads", "many"), ("--batch-size", "0"), ("--batch-size", "1025"),
            ("--top", "0"), ("--top", "-1"), ("--max-pixels", "0"), ("--threads", "99999999999999999999"),
        ])
    func badFlags(flag: String, value: String) throws {
        let run = try CommandRun("classify", "\(flag)=\(value)", photo)
        #expect(run.status == 64)
        #expect(run.errors.contains(flag))
        #expect(run.errors.contains(value))
        #expect(run.output.isEmpty)
    }

    @Test("No input, and a command that there is not, end with status 64")
    func usage() throws {
        #expect(try CommandRun("classify").status == 64)
        #expect(try CommandRun("clasify", photo).status == 64)
    }

    @Test("A model that there is not is said to be missing, with what to do")
    func unknownModel() throws {
        let run = try CommandRun("classify", "--model", "vit-grocer", photo)
        #expect(run.status == 1)
        #expect(run.output.isEmpty)
        #expect(run.errors.hasPrefix("apus: model `vit-grocer`"))
        #expect(run.errors.contains("Did you mean `vit-grocery`?"))
    }

    @Test(
        "A folder that is no model of a known family is refused in one line",
        arguments: [
            nil, "", "{", "[]", "null", "{}", #"{"model_type": 5}"#, #"{"model_type": "nonesuch"}"#,
            TinyModel.configuration.replacingOccurrences(of: #""hidden_size": 8"#, with: #""hidden_size": -8"#),
            TinyModel.configuration.replacingOccurrences(of: #""hidden_size": 8"#, with: #""hidden_size": 9e18"#),
            TinyModel.configuration.replacingOccurrences(of: #""hidden_size": 8"#, with: #""hidden_size": "wide""#),
            TinyModel.configuration.replacingOccurrences(of: #""hidden_size": 8"#, with: #""hidden_size": 16"#),
            TinyModel.configuration.replacingOccurrences(of: #""patch_size": 4"#, with: #""patch_size": 0"#),
            TinyModel.configuration.replacingOccurrences(of: #", "4": "eel""#, with: ""),
        ])
    func badConfiguration(json: String?) throws {
        let model = try TinyModel(configuration: json)
        if json == nil { try FileManager.default.removeItem(atPath: model.folder.path("config.json")) }
        for arguments in [["classify", "--model", model.path, photo], ["bench", "classify", "--model", model.path]] {
            let run = try CommandRun(arguments)
            #expect(run.status == 1)
            #expect(run.output.isEmpty)
            #expect(run.errors.hasPrefix("apus: \(model.path)"))
            #expect(run.errors.filter { $0 == "\n" }.count == 1)
        }
    }

    @Test("Weights that are cut short, lie about their header or are missing are refused in one line", arguments: 0..<5)
    func badWeights(kind: Int) throws {
        let model = try TinyModel()
        let path = model.folder.path("model.safetensors")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        switch kind {
        case 0: bytes = bytes.dropLast(4)
        case 1: bytes.replaceSubrange(0..<8, with: [255, 255, 255, 255, 255, 255, 255, 127])
        case 2: bytes[8] = 0
        case 3: bytes = Data()
        default: try FileManager.default.moveItem(atPath: path, toPath: model.folder.path("pytorch_model.bin"))
        }
        if kind < 4 { try bytes.write(to: URL(fileURLWithPath: path)) }
        let run = try CommandRun("classify", "--model", model.path, photo)
        #expect(run.status == 1)
        #expect(run.output.isEmpty)
        #expect(run.errors.hasPrefix("apus: \(model.path)"))
        #expect(run.errors.filter { $0 == "\n" }.count == 1)
    }

    @Test("What is wrong with the model is said once, not for each photo")
    func modelAtFault() throws {
        let model = try TinyModel()
        try FileManager.default.removeItem(atPath: model.folder.path("preprocessor_config.json"))
        let run = try CommandRun("classify", "--model", model.path, photo, photo, photo)
        #expect(run.status == 1)
        #expect(run.errors.contains("preprocessor_config.json"))
        #expect(run.errors.filter { $0 == "\n" }.count == 1)
    }

    @Test("A weight that is no number is reported by its tensor when the model is loaded")
    func weightNotANumber() throws {
        for value in [Float.nan, .infinity] {
            let model = try TinyModel(classifierBias: value)
            let run = try CommandRun("classify", "--model", model.path, photo, photo)
            #expect(run.status == 1)
            #expect(run.output.isEmpty)
            #expect(run.errors.contains("model.safetensors, tensor `classifier.bias`: a weight that is infinite or not a number"))
            #expect(run.errors.filter { $0 == "\n" }.count == 1)
        }
    }

    @Test("Answers that are no numbers are failures, in text and in JSON")
    func notANumber() throws {
        // Each weight is a number, but not what they give together.
        let model = try TinyModel(classifierScale: 3e38)
        let run = try CommandRun("classify", "--json", "--model", model.path, photo)
        #expect(run.status == 1)
        #expect(try run.objects.first?["error"] is String)
        #expect(run.errors.contains("no number"))
    }

    @Test("An instruction set that is not to be had is refused before the work")
    func badInstructionSet() throws {
        let run = try CommandRun("classify", photo, environment: ["APUS_ISA": "nonesuch"])
        #expect(run.status == 1)
        #expect(run.output.isEmpty)
        #expect(run.errors.hasPrefix("apus: APUS_ISA: "))
    }

    @Test("A full disk is an error, and a reader that leaves ends the program without a word")
    func outputFails() throws {
        let executable = try CommandRun.executable.path
        func shell(_ script: String) throws -> (status: Int32, errors: String) {
            let process = Process()
            let errors = Pipe()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", script, executable, model.path, photo]
            process.standardError = errors
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            let text = try errors.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return (process.terminationStatus, String(decoding: text, as: UTF8.self))
        }
        let many = Array(repeating: #""$2""#, count: 3000).joined(separator: " ")
        #expect(try shell("\"$0\" classify --model \"$1\" \(many) | head -1").errors.isEmpty)
        if FileManager.default.fileExists(atPath: "/dev/full") {
            let full = try shell(#""$0" env > /dev/full"#)
            #expect(full.status == 1)
            #expect(full.errors.hasPrefix("apus: standard output: "))
        }
    }
}
