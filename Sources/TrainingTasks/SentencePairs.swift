import AttentionEngine
import PluginKit
public import Training

/// Sentences and their translations, in tables of which only the places of the lines are kept in memory.
public struct SentencePairs: Sendable {
    /// The pairs to learn from, and those held out.
    public let split: DataSplit
    private let tables: [TextTable]
    /// The first pair of each table.
    private let starts: [Int]

    /// Opens tables whose first two columns are a sentence and its translation.
    ///
    /// - Parameters:
    ///   - path: what to learn from.
    ///   - validation: what to measure by; without it, a share of `path`, in which no sentence occurs that is learned from.
    ///   - share: how large that share is.
    ///   - seed: what decides which they are.
    /// - Throws: `InputError` naming file and line.
    public init(_ path: String, validation: String? = nil, share: Double, seed: UInt64) throws {
        tables = try [path, validation].compactMap(\.self).map { try TextTable($0, columns: 2...1_024) }
        starts = tables.count == 1 ? [0] : [0, tables[0].count]
        if validation != nil {
            split = DataSplit(first: tables[0].count, then: tables[1].count)
        } else {
            let table = tables[0]
            split = try DataSplit(groups: (0..<table.count).map { try table.row($0)[0] }, fraction: share, seed: seed)
        }
    }

    /// How many pairs there are in all.
    public var count: Int { split.training.count + split.heldOut.count }

    /// A sentence and its translation, read from the file.
    ///
    /// - Throws: `InputError` if the file has changed.
    public func pair(_ index: Int) throws -> (source: String, target: String) {
        let (table, row) = place(of: index)
        let columns = try table.row(row)
        return (columns[0], columns[1])
    }

    /// The file and line of a pair.
    public func name(of index: Int) -> String {
        let (table, row) = place(of: index)
        return "\(table.path), line \(table.line(of: row))"
    }

    private func place(of index: Int) -> (table: TextTable, row: Int) {
        let table = starts.lastIndex { $0 <= index } ?? 0
        return (tables[table], index - starts[table])
    }
}
