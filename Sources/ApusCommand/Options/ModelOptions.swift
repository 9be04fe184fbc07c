import ArgumentParser
import AttentionEngine
import PluginKit

/// Which model answers.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A folder in the Hugging Face layout, the id of a model in the hub cache, or a starter model's name.",
            valueName: "model"))
    var model: String?

    /// Opens the model for its tokenizer alone.
    ///
    /// - Throws: `InputError` if there is none.
    func tokenizerCheckpoint(for task: String) throws -> Checkpoint {
        try model.map { try Checkpoint(tokenizerOf: $0) } ?? checkpoint(for: task)
    }

    /// Opens the model, or the starter model of a task, to be loaded as the engine's options say.
    ///
    /// - Throws: `InputError` if there is none.
    func checkpoint(for task: String, _ engine: EngineOptions) throws -> Checkpoint {
        var checkpoint = try checkpoint(for: task)
        checkpoint.precision = engine.precision.precision(for: checkpoint)
        return checkpoint
    }

    private func checkpoint(for task: String) throws -> Checkpoint {
        if let model { return try Checkpoint(model) }
        return try Self.starters(for: task, try Session.registry)[0]
    }

    /// The starter models of a task that are installed; not empty.
    ///
    /// - Throws: `InputError` if none is, or one cannot be used.
    static func starters(for task: String, _ registry: Registry) throws -> [Checkpoint] {
        let folders = StarterModels.folders(), names = registry.starterModels(for: task)
        let found = names.compactMap { name in folders.first { $0.name == name } }
        guard !found.isEmpty else {
            let names = names.joined(separator: " or ")
            throw InputError(
                "--model", found: names.isEmpty ? "none given" : "none given, and the starter model \(names) is not installed",
                needed: "a model that can \(task)",
                remedy:
                    "See `\(Program.name) models` for those on this machine, or name the folder of starter models in APUS_MODELS")
        }
        return try found.map { try Checkpoint(folder: $0.folder, name: $0.name) }
    }
}
