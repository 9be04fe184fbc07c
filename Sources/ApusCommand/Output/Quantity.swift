/// Numbers as people read them.
enum Quantity {
    /// `value` with that many decimals, rounded.
    static func fixed(_ value: Double, decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        let power = (0..<decimals).reduce(1.0) { power, _ in power * 10 }
        let scaled = (abs(value) * power).rounded()
        let sign = value < 0 && scaled > 0 ? "-" : ""
        let whole = Int(scaled / power)
        guard decimals > 0 else { return "\(sign)\(whole)" }
        return "\(sign)\(whole)." + padded("\(Int(scaled) - whole * Int(power))", to: decimals, with: "0")
    }

    /// A probability: `97.3%`, `<0.1%`.
    static func percentage(_ probability: Double) -> String {
        let percent = probability * 100
        return percent > 0 && percent < 0.05 ? "<0.1%" : "\(fixed(percent, decimals: 1))%"
    }

    /// Three digits or so: `85.8 M`.
    static func count(_ count: Int) -> String {
        let value = Double(count)
        return switch value {
        case 1e12...: "\(fixed(value / 1e12, decimals: 1)) T"
        case 1e9...: "\(fixed(value / 1e9, decimals: 1)) G"
        case 1e6...: "\(fixed(value / 1e6, decimals: 1)) M"
        case 1e3...: "\(fixed(value / 1e3, decimals: 1)) k"
        default: "\(count)"
        }
    }

    /// A size in memory or on disk, in powers of ten: `346.3 MB`.
    static func bytes(_ count: Int) -> String {
        let value = Double(count)
        return switch value {
        case 1e12...: "\(fixed(value / 1e12, decimals: 1)) TB"
        case 1e9...: "\(fixed(value / 1e9, decimals: 1)) GB"
        case 1e6...: "\(fixed(value / 1e6, decimals: 1)) MB"
        case 1e3...: "\(fixed(value / 1e3, decimals: 1)) kB"
        default: "\(count) bytes"
        }
    }

    /// Additions and multiplications in a second: `163.2 GFLOP/s`, or of integers alike.
    static func operations(_ rate: Double) -> String { "\(fixed(rate / 1e9, decimals: 1)) GFLOP/s" }

    /// Bytes in a second: `31.0 GB/s`.
    static func memoryRate(_ rate: Double) -> String { "\(fixed(rate / 1e9, decimals: 1)) GB/s" }

    /// How long: `0.87 ms`, `12.3 s`.
    static func duration(_ duration: Duration) -> String {
        let seconds = duration / .seconds(1)
        return switch seconds {
        case 100...: "\(fixed(seconds, decimals: 0)) s"
        case 1...: "\(fixed(seconds, decimals: 2)) s"
        case 0.1...: "\(fixed(seconds * 1e3, decimals: 0)) ms"
        default: "\(fixed(seconds * 1e3, decimals: 2)) ms"
        }
    }

    /// How long something will take, for a person who waits: `12 s`, `3 min 20 s`, `2 h 5 min`.
    static func wait(_ duration: Duration) -> String {
        let seconds = Int(min(duration / .seconds(1), 1e9).rounded())
        return switch seconds {
        case 3600...: "\(seconds / 3600) h \(seconds % 3600 / 60) min"
        case 60...: "\(seconds / 60) min \(seconds % 60) s"
        default: "\(seconds) s"
        }
    }

    /// A moment of a recording, of whole seconds: `1:23`, `1:02:03`.
    static func clock(_ seconds: Int) -> String {
        let rest = padded("\(seconds % 60)", to: 2, with: "0")
        let minutes = seconds / 60
        return minutes < 60 ? "\(minutes):\(rest)" : "\(minutes / 60):\(padded("\(minutes % 60)", to: 2, with: "0")):\(rest)"
    }

    /// Events in a second: `31.2/s`.
    static func rate(_ count: Int, in duration: Duration) -> String {
        let rate = Double(count) / max(duration / .seconds(1), 1e-9)
        return "\(fixed(rate, decimals: rate < 100 ? 1 : 0))/s"
    }

    static func padded(_ text: String, to width: Int, with filler: Character = " ") -> String {
        String(repeating: filler, count: max(0, width - text.count)) + text
    }
}
