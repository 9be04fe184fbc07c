import Apus
import Foundation
import PluginKitTesting
import QOIPlugin
import Testing

private let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

@Suite("QOI images")
struct QOIPluginTests {
    private static let names = ["smooth", "palette", "plain"]

    private func path(_ name: String) -> String { fixtures.appending(path: name).path }

    @Test("the reader registers beside the built-in plugins")
    func registration() throws { try Conformance.checkRegistration(of: QOIPlugin.self, besides: Apus.plugins) }

    @Test("every kind of chunk gives the pixels that were written", arguments: names)
    func pixels(name: String) throws {
        let registry = try Registry(plugins: Apus.plugins + [QOIPlugin.self])
        let found = try registry.read(InputFile(path: path("\(name).qoi")), as: Image.self)
        #expect(try found == registry.read(InputFile(path: path("\(name).ppm")), as: Image.self))
    }

    @Test("broken files are refused", arguments: names)
    func broken(name: String) throws { try Conformance.checkReader(QOIReader(), on: [path("\(name).qoi")]) }

    @Test("a header that claims too many pixels is refused before anything is unpacked")
    func claims() throws {
        var bytes = try InputFile(path: path("plain.qoi")).bytes()
        bytes.replaceSubrange(4..<12, with: repeatElement(0xFF, count: 8))
        let error = #expect(throws: InputError.self) {
            try QOIReader().read(InputFile(name: "a.qoi", bytes: bytes), limits: ReadingLimits())
        }
        #expect(error?.found.contains("4294967295 × 4294967295") == true)
        #expect(throws: InputError.self) {
            try QOIReader().read(InputFile(path: path("smooth.qoi")), limits: ReadingLimits(maximumElements: 526))
        }
    }
}
