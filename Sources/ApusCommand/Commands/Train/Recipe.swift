import AttentionEngine
import PluginKit

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A file that holds a command's options, a line each: `learning-rate: 0.001`.
///
/// It is YAML of one level: names as the command line has them, values in quotes or plain, `true` and `false` for flags, lists as
/// `[a, b]` or as lines that begin with a dash, comments after `#`.
struct Recipe {
    /// An option and its values.
    struct Entry: Equatable {
        enum Value: Equatable {
            case single(String?), flag(Bool), list([String])
        }
        var name: String
        var value: Value

        init(_ name: String, _ value: (some CustomStringConvertible)?) {
            (self.name, self.value) = (name, .single(value.map { "\($0)" }))
        }
        init(_ name: String, flag: Bool) { (self.name, value) = (name, .flag(flag)) }
        init(_ name: String, list: [String]) { (self.name, value) = (name, .list(list)) }
    }

    static let fileName = "recipe.yaml"

    /// Reads a recipe as arguments of the command whose options are `known`.
    ///
    /// - Throws: `InputError` that names the line: an unknown option (with the nearest known one), one a second time, a line that is no
    ///   option.
    static func arguments(_ path: String, known: [Entry]) throws -> [String] {
        let bytes = try RegularFile(path).bytes(atMost: 1 << 20)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw InputError(path, found: "bytes that are no text", needed: "text in UTF-8", remedy: "Write it anew")
        }
        let kinds = Dictionary(known.map { ($0.name, $0.value) }) { first, _ in first }
        var (arguments, seen): ([String], Set<String>) = ([], [])
        var listed: String?
        for (number, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = trimmed(withoutComment(raw)), place = "\(path), line \(number + 1)"
            if line.isEmpty || line == "---" { continue }
            if line.hasPrefix("- "), let name = listed {
                arguments += ["--\(name)", plain(trimmed(line.dropFirst(2)))]
                continue
            }
            guard let colon = line.firstIndex(of: ":") else {
                throw InputError(
                    place, found: "“\(line.prefix(40))”", needed: "an option, a colon and its value",
                    remedy: "Write it as `epochs: 30`")
            }
            let name = plain(trimmed(line[..<colon])), value = trimmed(line[line.index(after: colon)...])
            guard let kind = kinds[name] else {
                let nearest = kinds.keys.sorted().min { distance($0, name) < distance($1, name) } ?? ""
                throw InputError(
                    place, found: "the unknown option “\(name)”", needed: "one of this command's",
                    remedy: "Did you mean “\(nearest)”?")
            }
            guard seen.insert(name).inserted else {
                throw InputError(place, found: "“\(name)” a second time", needed: "it once", remedy: "Remove one")
            }
            listed = nil
            switch kind {
            case .flag:
                guard ["true", "false"].contains(value) else {
                    throw InputError(place, found: "“\(value)” for \(name)", needed: "true or false", remedy: "Change it")
                }
                if value == "true" { arguments.append("--\(name)") }
            case .list:
                if value.isEmpty { listed = name }
                if value.hasPrefix("["), value.hasSuffix("]") {
                    for part in value.dropFirst().dropLast().split(separator: ",") {
                        arguments += ["--\(name)", plain(trimmed(part))]
                    }
                } else if !value.isEmpty {
                    arguments += ["--\(name)", plain(value)]
                }
            case .single:
                // Nothing, or null, leaves the option to its default.
                if !value.isEmpty, value != "null", value != "~" { arguments += ["--\(name)=\(plain(value))"] }
            }
        }
        return arguments
    }

    /// Writes a recipe from which the same command follows.
    static func write(_ entries: [Entry], of command: String, to path: String) throws {
        var text = "# `\(Program.name) \(command) --recipe` with this file learns so again.\n"
        for entry in entries {
            switch entry.value {
            case .single(let value): if let value { text += "\(entry.name): \(quoted(value))\n" }
            case .flag(let value): text += "\(entry.name): \(value)\n"
            case .list(let values):
                if !values.isEmpty { text += "\(entry.name):\n" + values.map { "  - \(quoted($0))\n" }.joined() }
            }
        }
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw InputError(
                path, found: "a file that cannot be written", needed: "room for it",
                remedy: "Free space, or name another folder")
        }
    }

    private static func quoted(_ value: String) -> String {
        let isPlain =
            value.allSatisfy { $0.isLetter || $0.isNumber || "._/-+".contains($0) } && !value.isEmpty && !value.hasPrefix("-")
        return isPlain ? value : "\"" + value.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "\""
    }

    private static func plain(_ value: some StringProtocol) -> String {
        guard value.count >= 2, let first = value.first, first == value.last, first == "\"" || first == "'" else {
            return String(value)
        }
        var (result, isEscaped) = ("", false)
        for character in value.dropFirst().dropLast() {
            if first == "\"", character == "\\", !isEscaped {
                isEscaped = true
            } else {
                result.append(character)
                isEscaped = false
            }
        }
        return result
    }

    private static func withoutComment(_ line: Substring) -> Substring {
        var (quote, before): (Character?, Character) = (nil, " ")
        for index in line.indices {
            let character = line[index]
            if quote == nil, character == "#", before.isWhitespace { return line[..<index] }
            if character == "\"" || character == "'" {
                if quote == nil { quote = character } else if quote == character { quote = nil }
            }
            before = character
        }
        return line
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        var rest = String(text)[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }

    /// How many letters differ (Levenshtein).
    static func distance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a), Array(b))
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let changed = min(row[j] + 1, row[j + 1] + 1, diagonal + (x == y ? 0 : 1))
                (diagonal, row[j + 1]) = (row[j + 1], changed)
            }
        }
        return row[b.count]
    }
}
