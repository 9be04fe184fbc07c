import AttentionEngine

/// How people see the name of an input.
enum InputName {
    /// The name in one line; `-` in words.
    static func shown(_ name: String) -> String { name == "-" ? "standard input" : name.printable }
}
