import AttentionEngine

/// How people see the name of an input.
enum InputName {
    /// The name in one line; `-` in words.
    static func shown(_ name: String) -> String { name == "-" ? "standard input" : name.printable }

    /// The beginning of a name that is a long text.
    static func shortened(_ name: String) -> String { name.utf8.count > 400 ? "\(name.prefix(80))…" : name }
}
