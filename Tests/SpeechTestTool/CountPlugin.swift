import AttentionEngine
import PluginKit

/// A second kind of files to classify, for tests of which starter model answers: texts, by how many letters they have.
enum CountPlugin: Plugin {
    static let name = "count"

    static func register(in registry: inout Registry) throws {
        try registry.register(CountReader())
        try registry.register(CountFamily.self)
        registry.register(starterModel: "counter", for: "classify")
    }
}

/// How many letters a file has.
struct LetterCount: Sendable {
    var count: Int
}

struct CountReader: Reader {
    static let kind = "letters"
    static let fileTypes: Set = ["letters"]

    func read(_ file: InputFile, limits: ReadingLimits) throws -> LetterCount {
        let bytes = try file.bytes()
        guard bytes.starts(with: "letters:".utf8) else {
            throw InputError(file.name, found: "no letters", needed: "some", remedy: "Write some")
        }
        return LetterCount(count: bytes.count - 8)
    }
}

struct CountFamily: Classifying {
    static let modelTypes: Set = ["count"]

    init(_ checkpoint: Checkpoint) throws {}

    func classify(_ inputs: [LetterCount]) throws -> [[Classification]] {
        inputs.map { [Classification(label: $0.count > 5 ? "many" : "few", index: 0, probability: 1)] }
    }
}
