#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import AttentionEngine
public import PluginKit

extension Conformance {
    /// Checks that a checkpoint whose files say impossible things is refused with a sentence, or loads, but never traps.
    ///
    /// Every key at the top of `config.json` and `preprocessor_config.json` in turn gets numbers that cannot be, values of other
    /// types, or goes; then the weights are cut short, and each tensor goes.
    ///
    /// - Parameters:
    ///   - folder: of a sound checkpoint, a small one: it is loaded some hundred times.
    ///   - plugins: those that serve it.
    /// - Throws: `ConformanceFailure`, or an error if the folder cannot be copied.
    public static func checkDamagedCheckpoints(of folder: String, plugins: [any Plugin.Type]) throws {
        let registry = try Registry(plugins: plugins)
        let copy = FileManager.default.temporaryDirectory.appendingPathComponent("apus-conformance-\(UUID().uuidString)").path
        try FileManager.default.copyItem(atPath: folder, toPath: copy)
        defer { try? FileManager.default.removeItem(atPath: copy) }
        func load(_ what: String) throws {
            try expectAnswerOrRefusal("the checkpoint with \(what)") {
                let checkpoint = try Checkpoint(folder: copy)
                _ = try registry.family(for: checkpoint).summary(of: checkpoint)
                _ = try registry.load(checkpoint)
            }
        }
        try expectRefusal("a folder without config.json") { _ = try Checkpoint(folder: "\(copy)/absent") }

        for name in ["config.json", "preprocessor_config.json"] where FileManager.default.fileExists(atPath: "\(copy)/\(name)") {
            let whole = try Data(contentsOf: URL(fileURLWithPath: "\(copy)/\(name)"))
            let members = try JSONDecoder().decode([String: RawValue].self, from: whole)
            for key in members.keys.sorted() {
                for value in [nil] + RawValue.impossible {
                    var changed = members
                    changed[key] = value
                    try write(JSONEncoder().encode(changed), to: "\(copy)/\(name)")
                    try load("\(key) of \(name) \(value.map { "being \($0)" } ?? "missing")")
                }
            }
            try write(whole, to: "\(copy)/\(name)")
        }
        try checkDamagedWeights("\(copy)/model.safetensors", load)
    }

    private static func checkDamagedWeights(_ path: String, _ load: (String) throws -> Void) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for count in [0, 4, 8, 100, whole.count / 2, whole.count - 1] where count < whole.count {
            try write(whole.prefix(count), to: path)
            try load("only \(count) bytes of its weights")
        }
        try write(whole, to: path)
        // What is in memory is not read from the file that is being replaced.
        let tensors = try SafetensorsFile(path).tensors().mapValues { Tensor($0.floats, shape: $0.shape) }
        for name in tensors.keys.sorted() {
            try SafetensorsWriter.write(tensors.filter { $0.key != name }.map { ($0.key, $0.value) }, to: path)
            try load("no tensor \(name)")
        }
        try write(whole, to: path)
    }

    private static func write(_ data: some DataProtocol, to path: String) throws {
        try Data(data).write(to: URL(fileURLWithPath: path))
    }
}

/// Any JSON value; written for this alone, because a checker sees of the kit only what every author sees.
private enum RawValue: Codable, Sendable, CustomStringConvertible {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([RawValue])
    case object([String: RawValue])

    /// What no key should have.
    static let impossible: [RawValue] = [
        .null, .bool(true), .integer(0), .integer(-1), .integer(.max), .integer(.min), .number(1.5), .number(1e300),
        .number(-1e-300),
        .text(""), .text("many"), .list([]), .list([.integer(-1)]), .list([.integer(.max), .integer(.max), .integer(.max)]),
        .list([.text("a"), .text("a"), .text("a")]), .object([:]), .object(["0": .text("one"), "7": .text("seven")]),
    ]

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
            self = .text(value)
        } else if let value = try? container.decode([RawValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: RawValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .text(let value): "the text “\(value)”"
        case .list(let values): "\(values)"
        case .object(let members): "\(members)"
        }
    }
}
