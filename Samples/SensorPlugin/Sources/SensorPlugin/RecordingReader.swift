import AttentionEngine
import PluginKit

/// What sensors measured over time: a column of numbers for each channel.
public struct Recording: Sendable, Hashable {
    /// The columns' names, in the file's order.
    public var channels: [String]
    /// The numbers, row by row: as many in a row as there are channels.
    public var values: [Double]

    /// Creates a recording.
    public init(channels: [String], values: [Double]) {
        self.channels = channels
        self.values = values
    }

    /// How many times all channels were measured.
    public var count: Int { values.count / max(1, channels.count) }
}

/// Reads CSV files whose first line names the columns and whose other lines are numbers, parted by commas, semicolons or tabs.
public struct RecordingReader: Reader {
    public static let kind = "sensor"
    public static let fileTypes: Set = ["csv", "tsv"]

    /// Creates a reader.
    public init() {}

    /// Reads one file of at most ten million numbers, or as many as `limits` allow.
    ///
    /// - Throws: `InputError` naming the line that is not as the first, or what is no number, or if there are too many.
    public func read(_ file: InputFile, limits: ReadingLimits) throws -> Recording {
        let limit = limits.maximumElements ?? 10_000_000
        func failure(_ found: String, needed: String, line: Int? = nil) -> InputError {
            InputError(
                line.map { "\(file.name), line \($0)" } ?? file.name, found: found, needed: needed,
                remedy: "Export the recording as CSV again, or mend the file")
        }
        let bytes = try file.bytes(atMost: 1 << 28)
        guard !bytes.isEmpty, !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw failure(bytes.isEmpty ? "an empty file" : "something that is no text", needed: "a CSV file")
        }
        // A line may end as Windows ends it; a file may begin with the mark that spreadsheets write.
        let lines = text.trimmingPrefix("\u{FEFF}").split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let separator = lines[0].first { ",;\t".contains($0) } ?? ","
        func fields(_ line: Substring) -> [String] {
            line.split(separator: separator, omittingEmptySubsequences: false).map { $0.filter { $0 != "\"" && $0 != " " } }
        }
        let channels = fields(lines[0])
        guard Set(channels).count == channels.count, channels.allSatisfy({ !$0.isEmpty && Double($0) == nil }) else {
            throw failure("no name of its own for each column", needed: "names such as time,x,y,z", line: 1)
        }
        var values: [Double] = []
        for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty {
            let fields = fields(line)
            guard fields.count == channels.count else {
                throw failure("\(fields.count) columns", needed: "\(channels.count), as in the first line", line: index + 1)
            }
            for (channel, field) in zip(channels, fields) {
                guard let value = Double(field), abs(value) <= 1e15 else {
                    throw failure("“\(field.prefix(20))” in column \(channel)", needed: "a number", line: index + 1)
                }
                values.append(value)
            }
            if values.count > limit { throw failure("more than \(limit) numbers", needed: "at most that") }
        }
        guard !values.isEmpty else { throw failure("no numbers", needed: "a line of them for each moment") }
        return Recording(channels: channels, values: values)
    }
}
