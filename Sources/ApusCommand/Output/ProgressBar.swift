#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How far long work is, in the last line of the terminal behind standard error; nothing elsewhere, or for short work.
struct ProgressBar {
    /// What is counted.
    enum Unit {
        case items, seconds
    }

    private let total: Int
    private let unit: Unit
    private let isEnabled: Bool
    private let start = ContinuousClock.now
    private var isVisible = false

    /// - Parameters:
    ///   - total: how many things there are to do.
    ///   - isQuiet: whether the user asked for silence.
    init(total: Int, of unit: Unit = .items, isQuiet: Bool) {
        self.total = total
        self.unit = unit
        isEnabled = !isQuiet && StandardError.isTerminal && !Terminal.isDumb
        if isEnabled { Interruption.eraseLine() }
    }

    /// A bar for work on sound or moving pictures.
    ///
    /// - Parameter seconds: how long what is worked on lasts.
    init(seconds: Double, isQuiet: Bool) { self.init(total: Self.whole(seconds), of: .seconds, isQuiet: isQuiet) }

    /// Shows that `done` are done, if the work turns out long.
    mutating func show(_ done: Int) {
        let elapsed = ContinuousClock.now - start
        guard isEnabled, done < total, unit == .items && total > 16 || elapsed > .seconds(1) else { return }
        StandardError.write("\r\(line(done, elapsed))\u{1B}[K")
        isVisible = true
    }

    /// Shows up to where the work is done, in seconds.
    mutating func show(seconds: Double) { show(Self.whole(seconds)) }

    private static func whole(_ seconds: Double) -> Int { seconds > 0 ? Int(min(seconds, 1e9)) : 0 }

    /// Clears the line, for results or messages to be printed in its place.
    mutating func erase() {
        guard isVisible else { return }
        StandardError.write("\r\u{1B}[K")
        isVisible = false
    }

    /// The bar and the numbers after so much time.
    func line(_ done: Int, _ elapsed: Duration) -> String {
        let digits = shown(total).count
        var numbers = Quantity.padded(shown(done), to: digits) + (unit == .items ? "/" : " / ") + shown(total)
        if done > 0 {
            let left = elapsed * (Double(total - done) / Double(done))
            numbers += "  \(rate(done, elapsed))  \(Quantity.wait(left)) left"
        }
        let room = Terminal.width - 1
        // The bar keeps its width, however long the rate and the time left are to write.
        let width = min(40, room - 2 * digits - 32)
        guard width >= 5 else { return String(numbers.prefix(room)) }
        let filled = width * done / total
        return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled) + "] " + numbers
    }

    private func shown(_ count: Int) -> String { unit == .items ? "\(count)" : Quantity.clock(count) }

    /// How fast it goes: so many in a second, or so many times as fast as the sound would be heard.
    private func rate(_ done: Int, _ elapsed: Duration) -> String {
        let rate = Quantity.rate(done, in: elapsed)
        return unit == .items ? rate : "\(rate.dropLast(2))x"
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
