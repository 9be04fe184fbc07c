/// JSON whose keys keep their order, in one line.
///
/// `JSONEncoder` sorts keys or mixes them; files that others wrote before have an order that people are used to.
enum JSONText: CustomStringConvertible {
    case null
    case integer(Int)
    case number(Double)
    /// A number of fewer digits.
    case float(Float)
    case text(String)
    case array([JSONText])
    case object([(key: String, value: JSONText)])

    var description: String {
        var result = ""
        write(to: &result)
        return result
    }

    private func write(to result: inout String) {
        switch self {
        case .null: result += "null"
        case .integer(let value): result += "\(value)"
        // JSON has no word for what is no number.
        case .number(let value): result += value.isFinite ? "\(value)" : "null"
        case .float(let value): result += value.isFinite ? "\(value)" : "null"
        case .text(let text): Self.write(text, to: &result)
        case .array(let values):
            result += "["
            for (index, value) in values.enumerated() {
                if index > 0 { result += ", " }
                value.write(to: &result)
            }
            result += "]"
        case .object(let members):
            result += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { result += ", " }
                Self.write(member.key, to: &result)
                result += ": "
                member.value.write(to: &result)
            }
            result += "}"
        }
    }

    private static func write(_ text: String, to result: inout String) {
        result += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case ..."\u{1F}": result += "\\u" + Quantity.padded(String(scalar.value, radix: 16), to: 4, with: "0")
            default: result.unicodeScalars.append(scalar)
            }
        }
        result += "\""
    }
}
