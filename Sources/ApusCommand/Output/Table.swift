import AttentionEngine

/// Lines of text in columns.
struct Table {
    private var rows: [[String]] = []
    private let indentation: String

    /// - Parameter indentation: what every line starts with.
    init(indentation: String = "") { self.indentation = indentation }

    mutating func add(_ cells: String...) { rows.append(cells.map(\.printable)) }

    /// Adds several lines below one heading; none where there are no values.
    mutating func add(_ heading: String, each values: [String]) {
        for (index, value) in values.enumerated() { add(index == 0 ? heading : "", value) }
    }

    /// The lines; each column but the last is as wide as its widest cell.
    var lines: [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            var line = indentation
            for (column, cell) in row.enumerated() {
                line += cell
                if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - cell.count + 2) }
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
