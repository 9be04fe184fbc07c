import AttentionEngine

extension Registry {
    /// Every `model_type` that a family serves, sorted.
    public var modelTypes: [String] { families.keys.sorted() }

    /// The families that a plugin registered, in the order of their names.
    public func families(of plugin: String) -> [any ModelFamily.Type] {
        Dictionary(grouping: families.values.filter { $0.plugin == plugin }) { ObjectIdentifier($0.value) }
            .values.map { $0[0].value }.sorted { $0.name < $1.name }
    }

    /// The family that serves a checkpoint.
    ///
    /// - Throws: `InputError` naming the families at hand where none does.
    public func family(for checkpoint: Checkpoint) throws -> any ModelFamily.Type {
        let type = checkpoint.modelType
        if let entry = families[type] { return entry.value }
        let atHand = plugins.flatMap(families(of:)).map { "\($0.name) (\($0.modelTypes.sorted().joined(separator: ", ")))" }
        throw InputError(
            checkpoint.path(of: "config.json"), found: "the model type “\(type)”, which no plugin serves",
            needed: atHand.isEmpty ? "a plugin with model families" : "one of these families: " + atHand.joined(separator: ", "),
            remedy: "Use such a model, or add a plugin for this one")
    }

    /// Loads a checkpoint, whatever it can do.
    ///
    /// - Throws: `InputError` if no family serves it, or the weights do not fit.
    public func load(_ checkpoint: Checkpoint) throws -> any ModelFamily {
        try family(for: checkpoint).init(checkpoint.with(tokenizerLoader?.value))
    }

    /// Loads a checkpoint for a task: `load(checkpoint, as: (any ImageClassifying).self)`.
    ///
    /// A task that is registered is checked before the weights are read, any other once they are.
    ///
    /// - Throws: `InputError` if no family serves the checkpoint, the family does not do the task, or the weights do not fit.
    public func load<Task>(_ checkpoint: Checkpoint, as task: Task.Type) throws -> Task {
        let family = try family(for: checkpoint)
        if let kind = tasks[ObjectIdentifier(task)]?.value, !kind.isDone(by: family) {
            throw try cannot(checkpoint, family, "can \(kind.command)")
        }
        guard let model = try load(checkpoint) as? Task else {
            throw try cannot(checkpoint, family, "can do \(TaskKind.name(of: task))")
        }
        return model
    }

    private func cannot(_ checkpoint: Checkpoint, _ family: any ModelFamily.Type, _ task: String) throws -> InputError {
        let tasks = try family.summary(of: checkpoint).tasks
        return InputError(
            checkpoint.name, found: "a \(family.name) model", needed: "one that \(task)",
            remedy: tasks.isEmpty ? "Use another model" : "This one can \(tasks.joined(separator: ", "))")
    }

    /// The tokenizer of a checkpoint.
    ///
    /// - Throws: `InputError` if no plugin makes tokenizers, or naming the file and key that cannot be used.
    public func tokenizer(for checkpoint: Checkpoint) throws -> any Tokenizer {
        try checkpoint.with(tokenizerLoader?.value).tokenizer
    }
}
