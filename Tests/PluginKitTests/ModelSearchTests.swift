import AttentionEngine
import Foundation
import Testing

@testable import PluginKit

@Suite("Finding models")
struct ModelSearchTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("the hub cache is where Hugging Face's tools would look")
    func cacheLocation() {
        func location(_ variables: [String: String]) -> String { HubCache.location { variables[$0] } }
        #expect(location(["HF_HUB_CACHE": "/a", "HF_HOME": "/b"]) == "/a")
        #expect(location(["HF_HOME": "/b", "XDG_CACHE_HOME": "/c"]) == "/b/hub")
        #expect(location(["XDG_CACHE_HOME": "/c", "HOME": "/d"]) == "/c/huggingface/hub")
        #expect(location(["HOME": "/d"]) == "/d/.cache/huggingface/hub")
    }

    @Test("ids lead to the revision asked for, to main, or else to the newest snapshot")
    func snapshots() throws {
        let model = "models--google--vit-base"
        try folder.write("{}", to: "\(model)/snapshots/aaaa1111/config.json")
        try folder.write("{}", to: "\(model)/snapshots/bbbb2222/config.json")
        try folder.write("{}", to: "models--gpt2/snapshots/cccc/config.json")
        try folder.write("{}", to: "models--empty--one/snapshots/dddd/tokenizer.json")
        let old = "\(folder.path)/\(model)/snapshots/bbbb2222"
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: old)
        func found(_ id: String) -> String? {
            HubCache.folder(of: id, in: folder.path).map { String($0.split(separator: "/").last!) }
        }

        #expect(found("google/vit-base") == "aaaa1111")
        try folder.write("bbbb2222\n", to: "\(model)/refs/main")
        try folder.write("aaaa1111", to: "\(model)/refs/pr/1")
        #expect(found("google/vit-base") == "bbbb2222")
        #expect(found("google/vit-base@pr/1") == "aaaa1111")
        #expect(found("google/vit-base@bbbb2222") == "bbbb2222")
        #expect(found("google/vit-base@aaaa") == "aaaa1111")
        #expect(found("google/vit-base@v9") == nil)
        #expect(found("gpt2") == "cccc")
        #expect(found("empty/one") == nil)
        let models = HubCache.models(in: folder.path)
        #expect(models.map(\.id) == ["google/vit-base", "gpt2"])
        #expect(models[0].folder == old)
        #expect(HubCache.models(in: "\(folder.path)/absent").isEmpty)
    }

    @Test(
        "no id or revision leads out of the cache",
        arguments: ["../x", "a/../b", "a/b/c", "", "a b", "/a", "a/", "a--b", "x@../../..", "x@", "x@/etc"])
    func escapes(_ id: String) throws {
        try folder.write("{}", to: "models--x/snapshots/config.json")
        try folder.write("{}", to: "config.json")
        #expect(HubCache.folder(of: id, in: "\(folder.path)/hub") == nil)
        #expect(HubCache.folder(of: id, in: folder.path) == nil)
    }

    @Test("a ref that points elsewhere is not followed")
    func hostileRef() throws {
        try folder.write("{}", to: "config.json")
        try folder.write("../../..", to: "models--x/refs/main")
        try folder.write("", to: "models--y/refs/main")
        #expect(HubCache.folder(of: "x", in: folder.path) == nil)
        #expect(HubCache.folder(of: "y", in: folder.path) == nil)
    }

    @Test("starter models are found in every place, the first of a name counting")
    func starters() throws {
        try folder.write("{}", to: "own/vit/config.json")
        try folder.write("{}", to: "share/apus/models/vit/config.json")
        try folder.write("{}", to: "share/apus/models/bert/config.json")
        try folder.write("no model", to: "share/apus/models/README.md")
        let places = StarterModels.places(
            environment: { ["APUS_MODELS": "\(folder.path)/own"][$0] }, executables: ["\(folder.path)/bin/apus"])
        let models = StarterModels.folders(in: places)
        #expect(models.map(\.name) == ["vit", "bert"])
        #expect(models.map(\.folder) == ["\(folder.path)/own/vit", "\(folder.path)/share/apus/models/bert"])
        #expect(StarterModels.folders(in: ["\(folder.path)/absent"]).isEmpty)
    }

    @Test("the build's resources are found beside the executable and above a test bundle")
    func resources() throws {
        #if os(macOS)
            let bundle = "apus_StarterModels.bundle/Contents/Resources"
        #else
            let bundle = "apus_StarterModels.resources"
        #endif
        try folder.write("{}", to: "release/\(bundle)/vit/config.json")
        for executable in ["release/apus", "release/Tests.xctest/Contents/MacOS/Tests"] {
            let places = StarterModels.places(environment: { _ in nil }, executables: ["\(folder.path)/\(executable)"])
            #expect(StarterModels.folders(in: places).map(\.name) == ["vit"])
        }
    }

    @Test("an unknown model is answered with where it was looked for and how to get it")
    func unknown() {
        let error = #expect(throws: InputError.self) { try Checkpoint("nobody/no-such-model") }
        let text = error?.description ?? ""
        #expect(text.contains("model `nobody/no-such-model`: neither a folder, nor a starter model, nor in the hub cache (/"))
        #expect(text.contains("`hf download nobody/no-such-model`"))
        #expect(
            (#expect(throws: InputError.self) { try Checkpoint("no such model") })?.description.contains("hf download") == false)
        #expect((#expect(throws: InputError.self) { try Checkpoint("./absent") })?.found == "no such folder")
        #expect(throws: InputError.self) { try Checkpoint("") }
    }
}
