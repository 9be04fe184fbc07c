#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a terminal is told besides text.
enum Terminal {
    /// The text in bold letters, where standard output is a terminal that shows them.
    static func bold(_ text: String) -> String { hasStyles ? "\u{1B}[1m\(text)\u{1B}[0m" : text }

    /// See <https://no-color.org>.
    private static let hasStyles = StandardOutput.isTerminal && getenv("NO_COLOR") == nil && !isDumb

    /// Whether the terminal says that it understands no commands.
    static let isDumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? true

    /// The columns of the terminal behind standard error.
    static var width: Int {
        var size = winsize()
        return ioctl(STDERR_FILENO, .init(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }
}
