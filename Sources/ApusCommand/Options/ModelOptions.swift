import Apus
import ArgumentParser

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
        let name = Apus.starterModel(for: task)
        guard let starter = StarterModels.folders().first(where: { $0.name == name }) else {
            throw InputError(
                "--model", found: name.map { "none given, and the starter model \($0) is not installed" } ?? "none given",
                needed: "a model that can \(task)",
                remedy: "See `apus models` for those on this machine, or name the folder of starter models in APUS_MODELS")
        }
        return try Checkpoint(folder: starter.folder, name: starter.name)
    }
}
