import AttentionEngine
import PluginKit

/// Files with a label each, for a classifier to learn from.
public struct LabelledFiles: Sendable {
    /// One file.
    public struct Item: Sendable, Hashable {
        /// Where it is.
        public var path: String
        /// Its label, as a place in `labels`.
        public var label: Int

        /// Creates an item.
        public init(path: String, label: Int) { (self.path, self.label) = (path, label) }
    }

    /// The labels in alphabetical order.
    public let labels: [String]
    /// The files: in the order of the table, or by label and name.
    public let items: [Item]

    /// Reads a folder that holds a folder of files for each label, or a table (`.csv`, `.tsv`) of `file` and `label`, whose paths
    /// start from the table's folder.
    ///
    /// - Parameters:
    ///   - path: the folder or table.
    ///   - types: the extensions of files to take, in lower case; a folder's other files are passed over.
    /// - Throws: `InputError` for a label without files, files without a label, a single label, no data.
    public init(_ path: String, types: Set<String>) throws {
        guard let kind = Paths.kind(of: path) else { throw RegularFile.missing(path) }
        let named = kind == .folder ? try Self.folder(path, types) : try Self.table(path)
        let labels = Set(named.map(\.label)).sorted()
        guard labels.count > 1 else {
            throw InputError(
                path, found: labels.isEmpty ? "no examples" : "one label only, “\(labels[0])”", needed: "two labels or more",
                remedy: "Put each label's files into a folder of its name, or list files and labels in a table")
        }
        let places = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
        self.labels = labels
        items = named.map { Item(path: $0.path, label: places[$0.label] ?? 0) }
    }

    private static func folder(_ path: String, _ types: Set<String>) throws -> [(path: String, label: String)] {
        let names = Paths.contents(path).filter { !$0.hasPrefix(".") }
        let folders = names.filter { Paths.kind(of: "\(path)/\($0)") == .folder }
        let unlabelled = names.filter { !folders.contains($0) && types.contains(InputFile(path: $0).fileType) }
        if let first = unlabelled.first {
            throw InputError(
                path, found: "\(unlabelled.count) files without a label (“\(first)” for one)",
                needed: "each in its label's folder",
                remedy: "Move them into folders named as the labels")
        }
        var found: [(path: String, label: String)] = []
        for label in folders {
            let entries = InputFiles.expand(["\(path)/\(label)"], fileTypes: types)
            guard entries.allSatisfy({ (try? $0.file.get()) != nil }) else {
                throw InputError(
                    "\(path)/\(label)", found: "a label without files",
                    needed: "files of the kinds \(types.sorted().joined(separator: ", "))", remedy: "Put some there, or remove it"
                )
            }
            found += entries.map { ($0.name, label) }
        }
        return found
    }

    private static func table(_ path: String) throws -> [(path: String, label: String)] {
        let table = try TextTable(path, columns: 2)
        var found: [(path: String, label: String)] = []
        for index in 0..<table.count {
            let row = try table.row(index)
            if index == 0, row[0].lowercased() == "file", row[1].lowercased() == "label" { continue }
            let place = "\(path), line \(table.line(of: index))"
            guard !row[1].isEmpty, !row[0].isEmpty else {
                throw InputError(
                    place, found: row[0].isEmpty ? "a label without a file" : "a file without a label", needed: "both",
                    remedy: "Complete the line, or remove it")
            }
            let file = table.place(of: row[0])
            guard Paths.kind(of: file) != nil else {
                throw InputError(
                    place, found: "the file “\(row[0])”, which is not there", needed: "one that is", remedy: "Check the path")
            }
            found.append((file, row[1]))
        }
        return found
    }
}
