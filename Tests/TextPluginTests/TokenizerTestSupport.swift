import Foundation
import PluginKit
import Testing

@testable import TextPlugin

/// What the reference makes of one text.
struct ExpectedTokens: Decodable {
    let text: String
    let pair: String?
    let ids: [Int]
    let types: [Int]?
    let plain: [Int]
    /// The text of `ids` without special tokens, and with them.
    let decoded: String
    let all: String
}

enum TokenizerFixtures {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/tokenizers")

    static func tokenizer(_ name: String) throws -> any Tokenizer {
        try TokenizerFiles().tokenizer(for: Checkpoint(folder: folder.appendingPathComponent(name).path))
    }

    /// How many texts of a case there are, and what is wrong with the first that differ.
    static func compare(_ folder: URL) throws -> (count: Int, differences: [String]) {
        let tokenizer = try TokenizerFiles().tokenizer(for: Checkpoint(folder: folder.path))
        let cases = try JSONDecoder().decode(
            [ExpectedTokens].self, from: Data(contentsOf: folder.appendingPathComponent("expected.json")))
        var differences: [String] = []
        func check<Value: Equatable>(_ what: String, _ text: String, _ found: Value, _ expected: Value) {
            if found == expected { return }
            differences.append("\(what) of \(text.debugDescription):\n  found    \(found)\n  expected \(expected)")
        }
        for row in cases {
            let encoded = try tokenizer.encode(row.text, pair: row.pair, addSpecialTokens: true)
            check("ids", row.text, encoded.ids, row.ids)
            if let types = row.types { check("types", row.text, encoded.typeIDs, types) }
            check("plain ids", row.text, try tokenizer.encode(row.text, pair: row.pair, addSpecialTokens: false).ids, row.plain)
            let decoded = tokenizer.decode(row.ids, skipSpecialTokens: true, cleanUpSpaces: false)
            check("text", row.text, Array(decoded.utf8), Array(row.decoded.utf8))
            let all = tokenizer.decode(row.ids, skipSpecialTokens: false, cleanUpSpaces: false)
            check("text with marks", row.text, Array(all.utf8), Array(row.all.utf8))
        }
        return (cases.count, differences)
    }
}
