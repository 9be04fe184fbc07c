import Foundation
import Testing

@Suite("apus train classify")
struct TrainClassifyTests {
    private let folder: TemporaryFolder
    private var data: String { folder.url.appending(path: "photos").path }
    private static let samples = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Samples/photos")
    private static let labels = [
        "fruit": ["apple", "banana", "lemon", "melon", "pear"], "vegetable": ["carrots", "leek", "tomato"],
    ]
    private static let small = [
        "--image-size", "16", "--patch-size", "8", "--batch-size", "3", "--validation-share", "0.3", "--learning-rate", "0.002",
        "--threads", "1", "--seed", "4",
    ]

    init() throws {
        folder = try TemporaryFolder()
        for (label, names) in Self.labels {
            let place = folder.url.appending(path: "photos/\(label)")
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            for name in names {
                try FileManager.default.copyItem(
                    at: Self.samples.appending(path: "\(name).jpg"), to: place.appending(path: "\(name).jpg"))
            }
        }
    }

    private var photo: String { Self.samples.appending(path: "apple.jpg").path }

    private func path(_ name: String) -> String { folder.url.appending(path: name).path }

    private func train(_ output: String, _ more: String...) throws -> CommandRun {
        try CommandRun(["train", "classify", "--data", data, "--output", path(output)] + Self.small + more)
    }

    @Test("makes a model that classifies, with its log, recipe and last state")
    func training() throws {
        let run = try train("model", "--epochs", "2", "--mixup", "0.2", "--cutmix", "1", "--erasing", "0.5", "--save-as", "bf16")
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors.contains("accuracy"))
        let model = path("model")
        for name in [
            "config.json", "preprocessor_config.json", "model.safetensors", "recipe.yaml", "training-log.jsonl",
            "training-curves.png", "last",
        ] {
            #expect(FileManager.default.fileExists(atPath: "\(model)/\(name)"), "\(name)")
        }
        for model in [model, "\(model)/last"] {
            let answer = try CommandRun("classify", "--model", model, "--json", photo)
            #expect(answer.status == 0, "\(answer.errors)")
            #expect((try answer.objects[0]["predictions"] as? [Any])?.count == 2)
        }
        // The recipe makes the same model again, and the command line comes before it.
        let again = try CommandRun(
            "train", "classify", "--recipe", "\(model)/recipe.yaml", "--output", path("again"), "--quiet")
        #expect(again.status == 0 && again.errors.isEmpty, "\(again.errors)")
        #expect(try weights("again/last") == weights("model/last"))
        let longer = try CommandRun(
            "train", "classify", "--recipe", "\(model)/recipe.yaml", "--output", path("longer"), "--epochs", "1")
        #expect(longer.errors.contains("epoch 1") && !longer.errors.contains("epoch 2"), "\(longer.errors)")
    }

    private func weights(_ model: String) throws -> Data {
        try Data(contentsOf: URL(filePath: path("\(model)/model.safetensors")))
    }

    @Test("goes on to the same weights after it was killed, and after Ctrl-C")
    func resuming() throws {
        #expect(try train("whole", "--steps", "40", "--save-every", "1").status == 0)
        for (name, signal) in [("killed", SIGKILL), ("interrupted", SIGINT)] {
            try CommandRun.interrupted(
                ["train", "classify", "--data", data, "--output", path(name), "--quiet"] + Self.small
                    + ["--steps", "40", "--save-every", "1"],
                by: signal, log: path("\(name)/training-log.jsonl"), bytes: 600)
            let resumed = try CommandRun("train", "classify", "--resume", "--output", path(name))
            #expect(resumed.status == 0, "\(resumed.errors)")
            #expect(try weights("\(name)/last") == weights("whole/last"), "\(name)")
            #expect(try weights(name) == weights("whole"), "\(name)")
        }
    }

    @Test("adapts a model by small matrices, which peft reads too, and resumes")
    func adapters() throws {
        #expect(try train("base", "--epochs", "1").status == 0)
        let options = [
            "--base", path("base"), "--lora", "4", "--keep-adapters", "--average", "0.9", "--steps", "12", "--rand-augment", "9",
            "--save-every", "1",
        ]
        let whole = try CommandRun(["train", "classify", "--data", data, "--output", path("whole")] + Self.small + options)
        #expect(whole.status == 0 && whole.errors.contains("are trained"), "\(whole.errors)")
        for file in ["whole/adapter/adapter_model.safetensors", "whole/last/adapter/adapter_config.json"] {
            #expect(FileManager.default.fileExists(atPath: path(file)), "\(file)")
        }
        #expect(try weights("whole/last") != weights("base/last"))
        let answer = try CommandRun("classify", "--model", path("whole"), "--json", photo)
        #expect(answer.status == 0, "\(answer.errors)")
        try CommandRun.interrupted(
            ["train", "classify", "--data", data, "--output", path("killed"), "--quiet"] + Self.small + options,
            by: SIGKILL, log: path("killed/training-log.jsonl"), bytes: 600)
        #expect(try CommandRun("train", "classify", "--resume", "--output", path("killed")).status == 0)
        #expect(try weights("killed/last") == weights("whole/last"))

        let alone = try train("alone", "--lora", "4")
        #expect(alone.status != 0 && alone.errors.contains("--base"), "\(alone.errors)")
        let none = try train("none", "--keep-adapters")
        #expect(none.status != 0 && none.errors.contains("--lora"), "\(none.errors)")
        let strong = try train("strong", "--rand-augment", "31")
        #expect(strong.status != 0 && strong.errors.contains("--rand-augment"), "\(strong.errors)")
    }

    @Test("learns on from a model for other labels, with a part of it frozen")
    func fineTuning() throws {
        #expect(try train("base", "--epochs", "1").status == 0)
        let names = folder.url.appending(path: "three/third")
        try FileManager.default.createDirectory(at: names.deletingLastPathComponent(), withIntermediateDirectories: true)
        for (label, source) in [("a", "fruit"), ("b", "vegetable"), ("c", "fruit")] {
            try FileManager.default.copyItem(
                at: folder.url.appending(path: "photos/\(source)"), to: folder.url.appending(path: "three/\(label)"))
        }
        let run = try CommandRun(
            "train", "classify", "--base", path("base"), "--data", path("three"), "--output", path("tuned"), "--epochs", "1",
            "--freeze", "vit.*", "--batch-size", "4", "--validation-share", "0.3")
        #expect(run.status == 0, "\(run.errors)")
        let answer = try CommandRun(
            "classify", "--model", path("tuned"), "--json", photo)
        #expect((try answer.objects[0]["predictions"] as? [Any])?.count == 3, "\(answer.errors)")
        // With the labels that the base has, its head stays, and nothing is changed by a step that is next to none.
        let same = try train("same", "--base", path("base"), "--steps", "1", "--learning-rate", "1e-30", "--weight-decay", "0")
        #expect(same.status == 0, "\(same.errors)")
        #expect(try weights("same") == weights("base/last"))
        let wrong = try CommandRun(
            "train", "classify", "--base", path("base"), "--data", path("three"), "--output", path("wrong"), "--freeze", "bert.*",
            "--validation-share", "0.3")
        #expect(wrong.status == 1 && wrong.errors.contains("bert.*"), "\(wrong.errors)")
    }

    @Test("names photos that cannot be read, and learns from the others")
    func brokenFiles() throws {
        let broken = folder.url.appending(path: "photos/fruit/broken.jpg")
        try Data("no photo".utf8).write(to: broken)
        let run = try train("model", "--epochs", "1")
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors.contains("broken.jpg") && run.errors.contains("1 photos could not be used"), "\(run.errors)")
    }

    @Test("refuses what cannot be learned from")
    func badInput() throws {
        func refused(_ run: CommandRun, _ words: String...) {
            #expect(run.status != 0)
            for word in words { #expect(run.errors.contains(word), "\(word): \(run.errors)") }
        }
        refused(try CommandRun("train", "classify", "--data", path("nowhere"), "--output", path("m")), "nowhere")
        refused(try CommandRun("train", "classify", "--data", data), "--output")
        refused(try CommandRun("train", "classify", "--output", path("m")), "--data")
        refused(try CommandRun("train", "classify", "--resume", "--output", path("m")), "recipe.yaml")
        refused(try train("m", "--patch-size", "5"), "patches of 5")
        refused(try train("m", "--learning-rate", "0"), "learning rate")
        refused(try train("m", "--mixup", "-1"), "--mixup")
        try FileManager.default.createDirectory(atPath: path("photos/empty"), withIntermediateDirectories: true)
        refused(try train("m"), "empty", "without files")
        try FileManager.default.removeItem(atPath: path("photos/empty"))
        #expect(try train("model", "--epochs", "1").status == 0)
        refused(try train("model"), "--resume")
        refused(
            try CommandRun("train", "classify", "--resume", "--output", path("model"), "--epochs", "9"), "epochs is 1, not 9")
        refused(
            try CommandRun("train", "classify", "--resume", "--output", path("model"), "--from-scratch", "tiny"),
            "from-scratch is mini, not tiny")
        refused(
            try CommandRun("train", "classify", "--resume", "--recipe", "x", "--output", path("model")), "--recipe")
        // A label more: the run and its model stay as they were.
        let added = folder.url.appending(path: "photos/berry")
        try FileManager.default.copyItem(at: folder.url.appending(path: "photos/fruit"), to: added)
        refused(try CommandRun("train", "classify", "--resume", "--output", path("model")), "other labels")
        try FileManager.default.removeItem(at: added)
        let whole = try CommandRun("train", "classify", "--resume", "--output", path("model"), "--threads", "2")
        #expect(whole.status == 0, "\(whole.errors)")
        #expect(try CommandRun("classify", "--model", path("model"), photo).status == 0)
        try "epoch: 3".write(toFile: path("recipe.yaml"), atomically: true, encoding: .utf8)
        refused(
            try CommandRun("train", "classify", "--recipe", path("recipe.yaml"), "--output", path("n")), "line 1", "epochs")
        try FileManager.default.removeItem(atPath: path("photos/vegetable"))
        refused(try train("o"), "one label only")
    }
}
