#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How far long work is, in the last line of the terminal behind standard error; nothing elsewhere, or for short work.
struct ProgressBar {
    private let total: Int
    private let isEnabled: Bool
    private let start = ContinuousClock.now
    private var isVisible = false

    /// - Parameters:
    ///   - total: how many things there are to do.
    ///   - isQuiet: whether the user asked for silence.
    init(total: Int, isQuiet: Bool) {
        self.total = total
        isEnabled = !isQuiet && StandardError.isTerminal && !Terminal.isDumb
        if isEnabled { Interruption.eraseLine() }
    }

    /// Shows that `done` are done, if the work turns out long.
    mutating func show(_ done: Int) {
        let elapsed = ContinuousClock.now - start
        guard isEnabled, done < total, total > 16 || elapsed > .seconds(1) else { return }
        StandardError.write("\r\(line(done, elapsed))\u{1B}[K")
        isVisible = true
    }

    /// Clears the line, for results or messages to be printed in its place.
    mutating func erase() {
        guard isVisible else { return }
        StandardError.write("\r\u{1B}[K")
        isVisible = false
    }

    private func line(_ done: Int, _ elapsed: Duration) -> String {
        let digits = "\(total)".count
        var numbers = "\(Quantity.padded("\(done)", to: digits))/\(total)"
        if done > 0 {
            let left = elapsed * (Double(total - done) / Double(done))
            numbers += "  \(Quantity.rate(done, in: elapsed))  \(Quantity.wait(left)) left"
        }
        let room = Terminal.width - 1
        // The bar keeps its width, however long the rate and the time left are to write.
        let width = min(40, room - 2 * digits - 30)
        guard width >= 5 else { return String(numbers.prefix(room)) }
        let filled = width * done / total
        return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled) + "] " + numbers
    }
}

/// What Ctrl-C does while a bar may stand in the line.
private enum Interruption {
    /// Clears the line before the signal ends the program.
    static func eraseLine() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                // Only what a signal handler may call.
                let erase: StaticString = "\r\u{1B}[K"
                _ = write(STDERR_FILENO, erase.utf8Start, erase.utf8CodeUnitCount)
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }
}
