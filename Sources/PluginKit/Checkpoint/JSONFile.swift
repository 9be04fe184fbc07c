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
