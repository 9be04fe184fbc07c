import AttentionEngine
public import PluginKit

/// A published model, made to tell other labels apart.
public enum OtherLabels {
    /// Writes a checkpoint's `config.json` with other labels, and its `preprocessor_config.json` as it is.
    ///
    /// - Parameters:
    ///   - base: the checkpoint.
    ///   - labels: the new ones.
    ///   - folder: one that is there.
    /// - Throws: `InputError` if a file cannot be read or written.
    public static func write(_ base: Checkpoint, labels: [String], to folder: String) throws {
        var configuration = try base.configuration(as: [String: JSONValue].self)
        configuration["id2label"] = .object(
            Dictionary(uniqueKeysWithValues: labels.enumerated().map { ("\($0)", .string($1)) }))
        configuration["label2id"] = .object(Dictionary(labels.enumerated().map { ($1, .integer($0)) }) { first, _ in first })
        for key in ["num_labels", "num_classes", "label_names", "problem_type"] { configuration[key] = nil }
        configuration["architectures"] = classifier(configuration["architectures"])
        try JSONOutput.write(JSONValue.object(configuration), to: "\(folder)/config.json")
        if base.hasFile("preprocessor_config.json") {
            let preprocessor = try RegularFile(base.path(of: "preprocessor_config.json")).bytes(atMost: 1 << 26)
            try OutputFolder.write(preprocessor, to: "\(folder)/preprocessor_config.json")
        }
    }

    /// `ViTModel`, which has no classifier, becomes `ViTForImageClassification`.
    private static func classifier(_ architectures: JSONValue?) -> JSONValue? {
        guard case .array(let names)? = architectures, case .string(let name)? = names.first, name.hasSuffix("Model") else {
            return architectures
        }
        return .array([.string("\(name.dropLast(5))ForImageClassification")])
    }
}
