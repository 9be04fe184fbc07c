import ArgumentParser

/// A number, or `none` where a limit is to be lifted.
struct NumberOrNone: ExpressibleByArgument {
    let value: Float?

    init(_ value: Float?) { self.value = value }

    init?(argument: String) {
        guard argument.lowercased() != "none" else {
            value = nil
            return
        }
        guard let number = Float(argument), number.isFinite else { return nil }
        value = number
    }

    var defaultValueDescription: String { value.map { "\($0)" } ?? "none" }
}

/// `true` or `false`, with capitals or without.
struct TrueOrFalse: ExpressibleByArgument {
    let value: Bool

    init?(argument: String) {
        switch argument.lowercased() {
        case "true": value = true
        case "false": value = false
        default: return nil
        }
    }

    static let allValueStrings = ["true", "false"]
}
