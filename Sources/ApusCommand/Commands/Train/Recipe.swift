import AttentionEngine
import PluginKit

/// A file that holds a command's options, a line each: `learning-rate: 0.001`.
///
/// It is YAML of one level: names as the command line has them, values in quotes or plain, `true` and `false` for flags, lists as
/// `[a, b]` or as lines that begin with a dash, comments after `#`.
struct Recipe {
    /// An option and its values.
    struct Entry: Equatable {
        enum Value: Equatable, CustomStringConvertible {
            case single(String?), flag(Bool), list([String])

            var description: String {
                switch self {
                case .single(let value): value ?? "left out"
                case .flag(let value): "\(value)"
                case .list(let values): "[\(values.joined(separator: ", "))]"
                }
            }
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
        let text = try RegularFile(path).text(atMost: 1 << 20)
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
                let nearest = SimilarNames.nearest(1, to: name, among: kinds.keys).first ?? ""
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

    /// The first option that differs and changes what is learned: `epochs is 3, not 9`; `nil` where none does.
    static func change(from old: [Entry], to new: [Entry]) -> String? {
        for (before, now) in zip(old, new) where before != now && !["threads", "workers"].contains(now.name) {
            return "\(now.name) is \(before.value), not \(now.value)"
        }
        return nil
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
        try OutputFolder.write(text.utf8, to: path)
    }

    private static func quoted(_ value: String) -> String {
        let isPlain =
            value.allSatisfy { $0.isLetter || $0.isNumber || "._/-+".contains($0) } && !value.isEmpty && !value.hasPrefix("-")
        if isPlain { return value }
        let escapes: [Character: String] = ["\"": "\\\"", "\\": "\\\\", "\n": "\\n"]
        return "\"" + value.map { escapes[$0] ?? "\($0)" }.joined() + "\""
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
                result.append(isEscaped && character == "n" ? "\n" : character)
                isEscaped = false
            }
        }
        return result
    }

    /// A line up to a `#` that stands after a space and in no quotes. A quote begins a value; within a word it is an apostrophe.
    private static func withoutComment(_ line: Substring) -> Substring {
        var (quote, before, isEscaped): (Character?, Character, Bool) = (nil, " ", false)
        for index in line.indices {
            let character = line[index]
            if let open = quote {
                if character == open, !isEscaped { quote = nil }
                isEscaped = open == "\"" && character == "\\" && !isEscaped
            } else if character == "#", before.isWhitespace {
                return line[..<index]
            } else if character == "\"" || character == "'", before.isWhitespace || "[,".contains(before) {
                quote = character
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
}
