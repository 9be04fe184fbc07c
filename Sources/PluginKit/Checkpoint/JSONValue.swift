import AttentionEngine

/// Any JSON value: to say what stood where something else was needed, and to change a part of a file.
package enum JSONValue: Codable, CustomStringConvertible {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    func member(_ key: any CodingKey) -> JSONValue? {
        switch self {
        case .array(let values): key.intValue.flatMap { values.indices.contains($0) ? values[$0] : nil }
        case .object(let members): members[key.stringValue]
        default: nil
        }
    }

    /// The numbers that are no `Int`, each with its key: ``key `vision.width` (1.5)``.
    func fractions(below key: String) -> [String] {
        switch self {
        case .number(let value): ["key \(Wording.name(key)) (\(value))"]
        case .array(let values): values.enumerated().flatMap { $1.fractions(below: "\(key)[\($0)]") }
        case .object(let members):
            members.sorted { $0.key < $1.key }.flatMap { $1.fractions(below: key.isEmpty ? $0 : "\(key).\($0)") }
        default: []
        }
    }

    package var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): "the text \"\(value.prefix(60))\""
        case .array(let values): "a list of \(values.count)"
        case .object: "an object"
        }
    }
}
