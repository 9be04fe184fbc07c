import AttentionEngine

/// A part of a JSON file, with where it stands, so that what is wrong with it can be named.
struct JSONNode: Sendable {
    indirect enum Value: Sendable {
        case null
        case bool(Bool)
        case number(Double)
        case text([UInt8])
        case array([Value])
        case object([(key: [UInt8], value: Value)])
    }

    let value: Value
    /// The file.
    let file: String
    /// The keys from the top of the file: `pre_tokenizer.pattern`.
    let path: String

    /// What messages call the part.
    var place: String { "\(file), key `\(path)`" }

    var isNull: Bool { if case .null = value { true } else { false } }

    func failure(found: String, needed: String) -> InputError {
        InputError(place, found: found, needed: needed, remedy: "Check the file against the one that was published")
    }

    /// A member of an object; null where it is missing.
    subscript(key: String) -> JSONNode {
        var member = Value.null
        if case .object(let members) = value, let found = members.last(where: { $0.key.elementsEqual(key.utf8) }) {
            member = found.value
        }
        return JSONNode(value: member, file: file, path: path.isEmpty ? key : "\(path).\(key)")
    }

    /// The members of an object by name.
    func members() throws(InputError) -> [(key: [UInt8], node: JSONNode)] {
        guard case .object(let members) = value else { throw failure(found: description, needed: "an object") }
        return members.map {
            ($0.key, JSONNode(value: $0.value, file: file, path: "\(path).\(String(decoding: $0.key, as: UTF8.self))"))
        }
    }

    /// The elements of an array.
    func elements() throws(InputError) -> [JSONNode] {
        guard case .array(let values) = value else { throw failure(found: description, needed: "a list") }
        return values.enumerated().map { JSONNode(value: $1, file: file, path: "\(path)[\($0)]") }
    }

    func text() throws(InputError) -> [UInt8] {
        guard case .text(let text) = value else { throw failure(found: description, needed: "a text") }
        return text
    }

    func text(or fallback: String) throws(InputError) -> [UInt8] { isNull ? Array(fallback.utf8) : try text() }

    func bool(or fallback: Bool) throws(InputError) -> Bool {
        if isNull { return fallback }
        guard case .bool(let bool) = value else { throw failure(found: description, needed: "true or false") }
        return bool
    }

    func number() throws(InputError) -> Double {
        guard case .number(let number) = value, number.isFinite else { throw failure(found: description, needed: "a number") }
        return number
    }

    /// A whole number from 0 to `limit`.
    func count(atMost limit: Int) throws(InputError) -> Int {
        guard let count = Int(exactly: try number()), 0...limit ~= count else {
            throw failure(found: description, needed: "a whole number from 0 to \(limit)")
        }
        return count
    }

    /// One letter.
    func letter() throws(InputError) -> UInt32 {
        let scalars = try text().scalars
        guard scalars.count == 1 else { throw failure(found: description, needed: "one letter") }
        return scalars[0]
    }

    private var description: String {
        switch value {
        case .null: "nothing"
        case .bool(let bool): "\(bool)"
        case .number(let number): Int(exactly: number).map(String.init) ?? "\(number)"
        case .text(let text): "“\(String(decoding: text.prefix(60), as: UTF8.self))”"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

extension JSONScanner {
    /// One value of any kind.
    mutating func value(depth: Int = 0) throws(InputError) -> JSONNode.Value {
        if depth > 100 { throw failure("more than 100 levels of nesting") }
        switch peek() {
        case UInt8(ascii: "{"):
            var members: [(key: [UInt8], value: JSONNode.Value)] = []
            try object { (scanner, key) throws(InputError) in
                members.append((Array(scanner.bytes[key]), try scanner.value(depth: depth + 1)))
            }
            return .object(members)
        case UInt8(ascii: "["):
            var values: [JSONNode.Value] = []
            try array { (scanner) throws(InputError) in values.append(try scanner.value(depth: depth + 1)) }
            return .array(values)
        case UInt8(ascii: "\""):
            let range = try string()
            return .text(Array(bytes[range]))
        case UInt8(ascii: "t"):
            try literal("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try literal("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try literal("null")
            return .null
        default: return .number(try decimal())
        }
    }

    /// A number.
    mutating func decimal() throws(InputError) -> Double {
        let range = try number()
        guard let number = Double(text(range)) else { throw failure("a number expected") }
        return number
    }
}
