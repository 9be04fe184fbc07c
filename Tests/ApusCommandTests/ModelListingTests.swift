import Foundation
import Testing

@Suite("apus inspect, models and env")
struct ModelListingTests {
    let model: TinyModel

    init() throws { model = try TinyModel() }

    @Test("inspect says what a model is, in words and in JSON")
    func inspect() throws {
        let run = try CommandRun("inspect", "vit-grocery")
        #expect(run.status == 0)
        for line in [
            /family +ViT/, /tasks +classify/, /labels +34/, /parameters +2\.7 M in [0-9]+ tensors/, /preprocessing +resize to .*/,
        ] {
            #expect(run.lines.contains { $0.wholeMatch(of: line) != nil })
        }
        let object = try #require(try CommandRun("inspect", "--json", model.path).objects.first)
        #expect(object["family"] as? String == "ViT")
        #expect(object["model_type"] as? String == "vit")
        #expect(object["tasks"] as? [String] == ["classify"])
        #expect(object["parameters"] as? Int == 1_101)
        #expect((object["element_types"] as? [String: Int]) == ["fp32": 1_101])
        let sizes = try #require(object["sizes"] as? [String: Any])
        #expect(sizes["width"] as? Int == 8)
        #expect(sizes["patch size"] as? String == "4 × 4")
        #expect((object["preprocessing"] as? [String])?.isEmpty == false)
    }

    @Test("inspect refuses a header that is not one")
    func badHeader() throws {
        try model.folder.write("model.safetensors", Data("no safetensors".utf8))
        let run = try CommandRun("inspect", model.path)
        #expect(run.status == 1)
        #expect(run.output.isEmpty)
        #expect(run.errors.hasPrefix("apus: \(model.folder.path("model.safetensors")): "))
    }

    @Test("models lists the starter models and the hub cache, and why a model cannot be run")
    func models() throws {
        let cache = try TemporaryFolder()
        func add(_ id: String, _ configuration: String, weights: Bool) throws {
            let name = "models--" + id.replacingOccurrences(of: "/", with: "--")
            try cache.write("\(name)/refs/main", Data("c0ffee".utf8))
            try cache.write("\(name)/snapshots/c0ffee/config.json", Data(configuration.utf8))
            guard weights else { return }
            let data = try Data(contentsOf: model.folder.url.appending(path: "model.safetensors"))
            try cache.write("\(name)/snapshots/c0ffee/model.safetensors", data)
        }
        try add("someone/tiny", TinyModel.configuration, weights: true)
        try add("someone/pickled", TinyModel.configuration, weights: false)
        try add("someone/other", #"{"model_type": "nonesuch"}"#, weights: true)
        try add("someone/broken", "{", weights: true)
        let environment = ["HF_HUB_CACHE": cache.url.path]

        let run = try CommandRun("models", environment: environment)
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        for line in [
            /\ \ vit-grocery +ViT +classify/, /\ \ someone\/tiny +ViT +classify/,
            /\ \ someone\/pickled +ViT +cannot run: no model.safetensors/,
            /\ \ someone\/other +- +cannot run: no plugin serves the model type nonesuch/,
            /\ \ someone\/broken +- +cannot run: .+/,
        ] {
            #expect(run.lines.contains { $0.wholeMatch(of: line) != nil }, "\(run.output)")
        }

        let objects = try CommandRun("models", "--json", environment: environment).objects
        let runnable = objects.filter { $0["runnable"] as? Bool == true }.map { $0["name"] as? String }
        #expect(runnable.contains("vit-grocery") && runnable.contains("someone/tiny"))
        #expect(objects.filter { $0["source"] as? String == "hub" }.count == 4)

        let photo = try cache.writePhoto("photo.ppm", red: 9, green: 99, blue: 199)
        try cache.write(
            "models--someone--tiny/snapshots/c0ffee/preprocessor_config.json",
            Data(contentsOf: model.folder.url.appending(path: "preprocessor_config.json")))
        let classified = try CommandRun("classify", "--model", "someone/tiny", photo, environment: environment)
        #expect(classified.status == 0)
    }

    @Test("models says where it looked when there is nothing")
    func noModels() throws {
        let run = try CommandRun("models", environment: ["HF_HUB_CACHE": "/nonexistent/hub"])
        #expect(run.status == 0)
        #expect(run.output.contains("none in /nonexistent/hub"))
    }

    @Test("env names version, instruction sets, plugins and folders")
    func environment() throws {
        let run = try CommandRun("env", environment: ["APUS_ISA": "scalar"])
        #expect(run.status == 0)
        #expect(run.lines.contains { $0.hasPrefix("instruction set  scalar (of ") })
        #expect(run.output.contains("plugin image"))
        let object = try #require(try CommandRun("env", "--json").objects.first)
        #expect((object["instruction_sets"] as? [String])?.contains("scalar") == true)
        #expect(object["hub_cache"] as? String == "/nonexistent")
        let plugins = try #require(object["plugins"] as? [[String: Any]])
        #expect(plugins.map { $0["name"] as? String } == ["text", "image", "audio"])
    }
}
