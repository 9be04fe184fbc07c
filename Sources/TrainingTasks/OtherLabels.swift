import AttentionEngine
public import PluginKit

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A published model, made to tell other labels apart.
public enum OtherLabels {
    /// Writes what a checkpoint's folder holds besides weights, with other labels in its `config.json`.
    ///
    /// - Parameters:
    ///   - base: the checkpoint.
    ///   - labels: the new ones.
    ///   - folder: one that is there.
    /// - Throws: `InputError` if a file cannot be read or written.
    public static func write(_ base: Checkpoint, labels: [String], to folder: String) throws {
        let path = base.path(of: "config.json")
        let bytes = try RegularFile(path).bytes(atMost: 1 << 26)
        guard case .object(var configuration)? = try? JSONDecoder().decode(Value.self, from: Data(bytes)) else {
            throw InputError(path, found: "no JSON object", needed: "a model's configuration", remedy: "Fetch the file again")
        }
        configuration["id2label"] = .object(
            Dictionary(uniqueKeysWithValues: labels.enumerated().map { ("\($0)", .text($1)) }))
        configuration["label2id"] = .object(Dictionary(labels.enumerated().map { ($1, .integer($0)) }) { first, _ in first })
        for key in ["num_labels", "num_classes", "label_names", "problem_type"] { configuration[key] = nil }
        configuration["architectures"] = classifier(configuration["architectures"])
        try JSONOutput.write(Value.object(configuration), to: "\(folder)/config.json")
        if base.hasFile("preprocessor_config.json") {
            let preprocessor = try RegularFile(base.path(of: "preprocessor_config.json")).bytes(atMost: 1 << 26)
            do {
                try Data(preprocessor).write(to: URL(filePath: "\(folder)/preprocessor_config.json"), options: .atomic)
            } catch {
                throw InputError(
                    folder, found: "a folder that cannot be written to", needed: "room", remedy: "Free space, or name another")
            }
        }
    }

    /// `ViTModel`, which has no classifier, becomes `ViTForImageClassification`.
    private static func classifier(_ architectures: Value?) -> Value? {
        guard case .array(let names)? = architectures, case .text(let name)? = names.first, name.hasSuffix("Model") else {
            return architectures
        }
        return .array([.text("\(name.dropLast(5))ForImageClassification")])
    }

    /// Any JSON.
    private enum Value: Codable {
        case null, boolean(Bool), integer(Int), number(Double), text(String), array([Value]), object([String: Value])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let value = try? container.decode(Bool.self) {
                self = .boolean(value)
            } else if let value = try? container.decode(Int.self) {
                self = .integer(value)
            } else if let value = try? container.decode(Double.self) {
                self = .number(value)
            } else if let value = try? container.decode(String.self) {
                self = .text(value)
            } else if let value = try? container.decode([Value].self) {
                self = .array(value)
            } else {
                self = .object(try container.decode([String: Value].self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .null: try container.encodeNil()
            case .boolean(let value): try container.encode(value)
            case .integer(let value): try container.encode(value)
            case .number(let value): try container.encode(value)
            case .text(let value): try container.encode(value)
            case .array(let value): try container.encode(value)
            case .object(let value): try container.encode(value)
            }
        }
    }
}
