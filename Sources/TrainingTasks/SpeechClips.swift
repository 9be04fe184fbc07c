import AttentionEngine
import PluginKit
public import Training

/// Recordings and what is said in them, from tables.
public struct SpeechClips: Sendable {
    /// One recording.
    public struct Item: Sendable, Hashable {
        /// Where it is.
        public var path: String
        /// What is said.
        public var text: String
        /// Who says it, where the table tells.
        public var speaker: String?

        /// Creates an item.
        public init(path: String, text: String, speaker: String? = nil) {
            (self.path, self.text, self.speaker) = (path, text, speaker)
        }
    }

    /// All recordings.
    public let items: [Item]
    /// Those to learn from, and those held out.
    public let split: DataSplit

    /// Reads tables as `items(of:)` does.
    ///
    /// - Parameters:
    ///   - path: what to learn from.
    ///   - validation: what to measure by; without it, a share of the speakers of `path`, or of the recordings where it names none.
    ///   - share: how large that share is.
    ///   - seed: what decides which they are.
    /// - Throws: as `items(of:)`, and `InputError` naming a recording that is not there.
    public init(_ path: String, validation: String? = nil, share: Double, seed: UInt64) throws {
        let own = try Self.items(of: path)
        try Self.check(own)
        guard let validation else {
            items = own
            let speakers = own.compactMap(\.speaker)
            split =
                speakers.count == own.count && Set(speakers).count > 1
                ? try DataSplit(groups: speakers, fraction: share, seed: seed)
                : try DataSplit(count: own.count, fraction: share, seed: seed)
            return
        }
        let others = try Self.items(of: validation)
        try Self.check(others)
        items = own + others
        split = DataSplit(first: own.count, then: others.count)
    }

    private static let names = [["file", "path", "audio"], ["text", "sentence", "transcript"], ["speaker", "client_id"]]

    /// Reads a table (`.tsv`, `.csv`) of file, text and, if there is a third column, speaker; or of other columns, where the first line
    /// names `file` (or `path`), `text` (or `sentence`) and `speaker` (or `client_id`). Paths start from the table's folder.
    ///
    /// - Throws: `InputError` naming file and line that lacks a file or a text.
    public static func items(of path: String) throws -> [Item] {
        let table = try TextTable(path, columns: 2...1_024)
        let first = try table.row(0).map { $0.lowercased() }
        let named = names.map { names in first.firstIndex { names.contains($0) } }
        let hasNames = named[0] != nil && named[1] != nil
        let columns = hasNames ? named : [0, 1, table.columnCount > 2 ? 2 : nil]
        var items: [Item] = []
        for index in (hasNames ? 1 : 0)..<table.count {
            let row = try table.row(index), place = "\(path), line \(table.line(of: index))"
            let file = row[columns[0] ?? 0], text = row[columns[1] ?? 1]
            guard !file.isEmpty, !text.allSatisfy(\.isWhitespace) else {
                throw InputError(
                    place, found: file.isEmpty ? "a text without a file" : "a file without a text", needed: "both",
                    remedy: "Complete the line, or remove it")
            }
            items.append(
                Item(path: table.place(of: file), text: text, speaker: columns[2].map { row[$0] }))
        }
        guard !items.isEmpty else {
            throw InputError(
                path, found: "no recordings", needed: "a line for each", remedy: "Check that it is the file you meant")
        }
        return items
    }

    private static func check(_ items: [Item]) throws {
        if let lost = items.first(where: { Paths.kind(of: $0.path) == nil }) { throw RegularFile.missing(lost.path) }
    }
}
