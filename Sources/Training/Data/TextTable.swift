import AttentionEngine

/// A table in a text file, a row a line, of which only the places of the rows are kept in memory.
///
/// In `.csv` files columns are parted by commas and may stand in quotes (RFC 4180); in others they are parted by tabs.
public struct TextTable: Sendable {
    /// The file, for messages.
    public let path: String
    /// How many columns each row has.
    public private(set) var columnCount: Int
    private let isCSV: Bool
    /// Where each row stands in the file, and its line.
    private var rows: [(range: Range<UInt64>, line: Int)] = []
    private static let rowLimit = 1 << 24

    /// Reads through a file; empty lines are passed over.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - columns: how many columns the first row may have; the others must have as many.
    /// - Throws: `InputError` naming the file and line: a missing or empty file, text that is not UTF-8, a row of another width.
    public init(_ path: String, columns: ClosedRange<Int>) throws {
        self.path = path
        columnCount = 0
        isCSV = path.lowercased().hasSuffix(".csv")
        let file = try RegularFile(path)
        var (pending, offset, line, rowLine, isQuoted): ([UInt8], UInt64, Int, Int, Bool) = ([], 0, 1, 1, false)
        func finish() throws {
            let length = UInt64(pending.count)
            let fields = try fields(of: pending, line: rowLine)
            if fields.count > 1 || !(fields.first ?? "").isEmpty {
                guard columnCount == 0 ? columns.contains(fields.count) : fields.count == columnCount else {
                    let few = columns.count == 1 ? "\(columns.lowerBound)" : "\(columns.lowerBound) or more"
                    throw InputError(
                        "\(path), line \(rowLine)", found: fields.count == 1 ? "one column" : "\(fields.count) columns",
                        needed: columnCount > 0 ? "the \(columnCount) of the first line" : few,
                        remedy: "Part columns by \(isCSV ? "commas" : "tabs")")
                }
                columnCount = fields.count
                rows.append((offset..<offset + length, rowLine))
            }
            offset += length
            pending.removeAll(keepingCapacity: true)
        }
        var place = 0
        while case let part = try file.bytes(from: place, count: 1 << 18), !part.isEmpty {
            place += part.count
            for byte in part {
                pending.append(byte)
                if isCSV && byte == UInt8(ascii: "\"") { isQuoted.toggle() }
                if byte == UInt8(ascii: "\n") {
                    line += 1
                    if !isQuoted {
                        try finish()
                        rowLine = line
                    }
                }
            }
            guard pending.count < Self.rowLimit else {
                throw InputError(
                    "\(path), line \(rowLine)", found: "a row of more than \(Self.rowLimit) bytes", needed: "a shorter one",
                    remedy: isCSV ? "Look for a quotation mark that is not closed" : "Check that it is the file you meant")
            }
        }
        try finish()
        guard !rows.isEmpty else {
            throw InputError(
                path, found: "no rows", needed: "a row for each example", remedy: "Check that it is the file you meant")
        }
    }

    /// The same, of so many columns.
    public init(_ path: String, columns: Int) throws { try self.init(path, columns: columns...columns) }

    /// How many rows there are.
    public var count: Int { rows.count }

    /// The line of the file that a row begins in, from 1.
    public func line(of row: Int) -> Int { rows[row].line }

    /// The columns of a row, read from the file.
    ///
    /// - Throws: `InputError` if the file has changed.
    public func row(_ index: Int) throws -> [String] {
        let range = rows[index].range
        let bytes = try RegularFile(path).bytes(from: Int(range.lowerBound), count: range.count)
        let fields = try fields(of: bytes, line: rows[index].line)
        guard fields.count == columnCount else {
            throw InputError(
                "\(path), line \(rows[index].line)", found: "another row than before", needed: "a file that stays as it is",
                remedy: "Start again")
        }
        return fields
    }

    /// Where a file stands that a row names: paths start from the table's folder.
    public func place(of file: String) -> String {
        file.hasPrefix("/") ? file : (path.lastIndex(of: "/").map { String(path[...$0]) } ?? "") + file
    }

    private func fields(of row: [UInt8], line: Int) throws(InputError) -> [String] {
        guard let text = String(validating: row, as: UTF8.self), !row.contains(0) else {
            throw InputError(
                "\(path), line \(line)", found: "bytes that are no text", needed: "text in UTF-8",
                remedy: "Convert it, with iconv for example")
        }
        var fields: [String] = [""]
        var scalars = text.unicodeScalars[...]
        while scalars.last == "\n" || scalars.last == "\r" { scalars.removeLast() }
        // A mark of the byte order at the start of the file is none of the text.
        if line == 1, scalars.first == "\u{FEFF}" { scalars.removeFirst() }
        if !isCSV {
            return scalars.split(separator: "\t", omittingEmptySubsequences: false).map { String($0) }
        }
        var (isQuoted, isClosing) = (false, false)
        for scalar in scalars {
            if isClosing {
                isClosing = false
                if scalar == "\"" {
                    fields[fields.count - 1].unicodeScalars.append(scalar)
                    continue
                }
                isQuoted = false
            }
            switch scalar {
            case "\"" where isQuoted: isClosing = true
            case "\"": isQuoted = true
            case "," where !isQuoted: fields.append("")
            default: fields[fields.count - 1].unicodeScalars.append(scalar)
            }
        }
        return fields
    }
}
