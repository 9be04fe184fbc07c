import Foundation
import PluginKit
import Testing

@testable import TextPlugin

/// Comparisons too large for the repository: `APUS_TOKENIZER_CASES` names a folder of checkpoints, each with an expected.json as
/// Tests/Fixtures/tokenizers/make_expected.py writes it. `APUS_TOKENIZER_TEXT` names a text to measure speed on.
@Suite("Large tokenizer comparisons", .enabled(if: ProcessInfo.processInfo.environment["APUS_TOKENIZER_CASES"] != nil))
struct LargeComparison {
    private static let root = URL(fileURLWithPath: ProcessInfo.processInfo.environment["APUS_TOKENIZER_CASES"] ?? "/")

    private static var folders: [URL] {
        let contents = (try? FileManager.default.contentsOfDirectory(at: root, includingPropertiesForKeys: nil)) ?? []
        return contents.filter { FileManager.default.fileExists(atPath: $0.appendingPathComponent("expected.json").path) }
            .sorted { $0.path < $1.path }
    }

    @Test("ids and text equal the reference's for every text")
    func equalReference() throws {
        for folder in Self.folders {
            let (count, differences) = try TokenizerFixtures.compare(folder)
            print("\(folder.lastPathComponent): \(count) texts, \(differences.count) differences")
            for difference in differences.prefix(5) { print(difference) }
            #expect(differences.isEmpty)
        }
    }

    @Test("how fast files load and text is encoded")
    func speed() throws {
        guard let path = ProcessInfo.processInfo.environment["APUS_TOKENIZER_TEXT"] else { return }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let clock = ContinuousClock()
        for folder in Self.folders {
            let checkpoint = try Checkpoint(folder: folder.path)
            var tokenizer: (any Tokenizer)?
            let loading = try clock.measure { tokenizer = try TokenizerFiles().tokenizer(for: checkpoint) }
            guard let tokenizer else { continue }
            var best = Duration.seconds(1000)
            for _ in 0..<5 { best = min(best, try clock.measure { for line in lines { _ = try tokenizer.encode(line) } }) }
            let megabytes = Double(text.utf8.count) / 1e6 / (best / .seconds(1))
            print("\(folder.lastPathComponent): loads in \(loading), encodes \(megabytes) MB/s")
        }
    }
}
