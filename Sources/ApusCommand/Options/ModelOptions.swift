import Apus
import ArgumentParser

/// Which model answers.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A folder in the Hugging Face layout, the id of a model in the hub cache, or a starter model's name.",
            valueName: "model"))
    var model: String?

    /// Opens the model, or the starter model of a task.
    ///
    /// - Throws: `InputError` if there is none.
    func checkpoint(for task: String) throws -> Checkpoint {
        guard let name = model ?? Apus.starterModel(for: task) else {
            throw InputError(
                "--model", found: "nothing", needed: "a model, because no starter model can \(task)",
                remedy: "See `apus models` for those on this machine")
        }
        return try Checkpoint(name)
    }
}
