#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import AttentionEngine

/// A JSON file that is decoded with errors a user can act on.
struct JSONFile {
    let path: String

    /// Larger ones are refused; the largest tokenizers published take a third of it.
    static let maximumByteCount = 64 << 20

    init(_ path: String) { self.path = path }

    /// - Throws: `InputError` naming file and key, what stands there and what was needed.
    func decode<C: Decodable>(_ type: C.Type) throws -> C {
        let data = Data(Self.quotingPythonNumbers(try RegularFile(path).bytes(atMost: Self.maximumByteCount)))
        do {
            return try Self.decoder.decode(type, from: data)
        } catch {
            throw explanation(error, data)
        }
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        return decoder
    }

    /// The text with the `NaN`, `Infinity` and `-Infinity` that Python writes, and JSON lacks, in quotation marks, as the
    /// decoder takes them. (Its JSON5 mode, which knows them, traps on text that is not UTF-8.)
    private static func quotingPythonNumbers(_ bytes: [UInt8]) -> [UInt8] {
        let quote = UInt8(ascii: "\"")
        let words = ["NaN", "-Infinity", "Infinity"].map { Array($0.utf8) }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var isInString = false
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if !isInString, byte == words[0][0] || byte == words[1][0] || byte == words[2][0],
                let word = words.first(where: bytes[index...].starts)
            {
                result += [quote] + word + [quote]
                index += word.count
                continue
            }
            if byte == quote { isInString.toggle() }
            result.append(byte)
            index += 1
            if isInString, byte == UInt8(ascii: "\\"), index < bytes.count {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }

    private func explanation(_ error: any Error, _ data: Data) -> InputError {
        let remedy = "Check the file against the one that was published"
        switch error {
        case let error as InputError: return error
        case DecodingError.keyNotFound(let key, let context):
            return InputError(place(context.codingPath + [key]), found: "no such key", needed: "a value", remedy: remedy)
        case DecodingError.typeMismatch(let type, let context), DecodingError.valueNotFound(let type, let context):
            return InputError(
                place(context.codingPath), found: found(at: context.codingPath, data), needed: needed(type), remedy: remedy)
        case DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty:
            // The decoder says the same of a number with a fraction, or too large, in the place of an integer.
            let numbers = value(of: data)?.fractions(below: "") ?? []
            if numbers.isEmpty {
                return InputError(path, found: "text that is not valid JSON", needed: "a JSON file", remedy: "Download it again")
            }
            return InputError(
                path, found: "\(numbers.prefix(5).joined(separator: " or ")), which does not fit", needed: "a whole number there",
                remedy: remedy)
        case DecodingError.dataCorrupted(let context):
            return InputError(
                place(context.codingPath), found: found(at: context.codingPath, data),
                needed: "a value that fits (\(context.debugDescription))", remedy: remedy)
        default: return InputError(path, found: "contents that cannot be read", needed: "a JSON file", remedy: remedy)
        }
    }

    /// The file, and the key as `vision.sizes[3]`.
    private func place(_ codingPath: [any CodingKey]) -> String {
        var key = ""
        for part in codingPath {
            if let index = part.intValue, part.stringValue.hasPrefix("Index ") {
                key += "[\(index)]"
            } else {
                key += (key.isEmpty ? "" : ".") + part.stringValue
            }
        }
        return key.isEmpty ? path : "\(path), key \(Wording.name(key))"
    }

    private func needed(_ type: Any.Type) -> String {
        switch type {
        case is any BinaryInteger.Type: "a whole number"
        case is any BinaryFloatingPoint.Type: "a number"
        case is Bool.Type: "true or false"
        case is String.Type: "a text"
        case is [Any].Type: "a list"
        case is [String: Any].Type: "an object"
        default: "a value of another kind"
        }
    }

    /// The whole file as a value; `nil` if that is not JSON, or too long to be worth the time.
    private func value(of data: Data) -> JSONValue? {
        guard data.count <= 1 << 20 else { return nil }
        return try? Self.decoder.decode(JSONValue.self, from: data)
    }

    private func found(at codingPath: [any CodingKey], _ data: Data) -> String {
        guard var value = value(of: data) else { return "a value of another kind" }
        for part in codingPath {
            guard let inner = value.member(part) else { return "nothing" }
            value = inner
        }
        return value.description
    }
}

/// Any JSON value, to say what stood where something else was needed.
private enum JSONValue: Decodable, CustomStringConvertible {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
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

    var description: String {
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
