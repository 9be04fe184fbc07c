/// Moments of a recording, as files of transcripts write them.
enum Timestamp {
    /// Whole milliseconds, halves to the even one; what is no moment of a recording becomes the nearest that is.
    static func milliseconds(_ seconds: Double) -> Int {
        let milliseconds = (seconds * 1000).rounded(.toNearestOrEven)
        return milliseconds > 0 ? Int(min(milliseconds, 1e15)) : 0
    }

    /// `01:02:03.004`; hours that are zero are left out unless asked for.
    static func text(milliseconds: Int, showsHours: Bool = false, decimalMark: Character = ".") -> String {
        func padded(_ number: Int, _ width: Int) -> String { Quantity.padded("\(number)", to: width, with: "0") }
        let seconds = milliseconds / 1000
        let hours = showsHours || seconds >= 3600 ? "\(padded(seconds / 3600, 2)):" : ""
        let rest = "\(padded(seconds % 3600 / 60, 2)):\(padded(seconds % 60, 2))"
        return "\(hours)\(rest)\(decimalMark)\(padded(milliseconds % 1000, 3))"
    }

    /// `01:02.003`, of seconds.
    static func text(_ seconds: Double) -> String { text(milliseconds: milliseconds(seconds)) }
}
