import AudioPlugin
import Foundation
import PluginKitTesting
import Testing

@Suite("The audio plugin does what a plugin promises")
struct ConformanceTests {
    @Test("it registers itself, and a second one is refused")
    func registration() throws { try Conformance.checkRegistration(of: AudioPlugin.self) }

    @Test("the reader survives broken files", arguments: ["u8.wav", "part.aiff", "part.caf"])
    func reader(name: String) throws { try Conformance.checkReader(AudioReader(), on: [AudioFixtures.file(name)]) }

    @Test("the model runs on its own examples and refuses other inputs, and damaged ones are refused")
    func model() throws {
        let folder = AudioFixtures.folder.appending(path: "../speech/tiny").standardized.path
        try Conformance.checkModel(in: folder, plugins: [AudioPlugin.self])
        try Conformance.checkDamagedCheckpoints(of: folder, plugins: [AudioPlugin.self])
    }
}
