import ArgumentParser

/// What numbers a flag takes.
enum Bounds {
    /// - Throws: `ValidationError`, which says how the command is used, if `value` is out of `range`.
    static func check(_ value: Int, in range: ClosedRange<Int>, of flag: String) throws {
        guard !range.contains(value) else { return }
        let bounds = range.upperBound == .max ? "or more" : "to \(range.upperBound)"
        throw ValidationError("\(flag) was \(value); it takes a number, \(range.lowerBound) \(bounds).")
    }

    /// The same for numbers with a fraction, of which NaN is in no range.
    static func check<Value: BinaryFloatingPoint>(_ value: Value, in range: ClosedRange<Value>, of flag: String) throws {
        guard !range.contains(value) else { return }
        throw ValidationError("\(flag) was \(value); it takes a number, \(range.lowerBound) to \(range.upperBound).")
    }

    /// The same for one number, or `none`.
    static func check(_ value: NumberOrNone, in range: ClosedRange<Float>, of flag: String) throws {
        try value.value.map { try check($0, in: range, of: flag) }
    }
}
