import Foundation
import ImagePlugin
import PluginKit
import PluginKitTesting
import Testing

@Suite("The image plugin does what a plugin promises")
struct ConformanceTests {
    @Test("it registers itself, and a second one is refused")
    func registration() throws { try Conformance.checkRegistration(of: ImagePlugin.self) }

    @Test(
        "the reader survives broken files", arguments: ["binary15.pgm", "text15.ppm", "one-pixel.png", "exif6.png", "exif1.jpg"])
    func reader(name: String) throws { try Conformance.checkReader(ImageReader(), on: [Fixtures.file(name)]) }

    @Test("the models run on their own examples and refuse other inputs", arguments: FamilyParityTests.cases)
    func models(name: String) throws {
        try Conformance.checkModel(in: visionFixtures.appending(path: name).path, plugins: [ImagePlugin.self])
    }

    @Test("the models answer as the reference does", arguments: FamilyParityTests.cases)
    func parity(name: String) throws {
        let folder = visionFixtures.appending(path: name).path
        let model = try Registry(plugins: [ImagePlugin.self]).load(Checkpoint(folder: folder))
        try Conformance.checkParity(of: model, with: "\(folder)/golden.safetensors", tolerance: 1e-5)
    }

    @Test("damaged checkpoints are refused", arguments: ["vit", "deit-teacher", "timm-registers"])
    func damage(name: String) throws {
        try Conformance.checkDamagedCheckpoints(of: visionFixtures.appending(path: name).path, plugins: [ImagePlugin.self])
    }
}
