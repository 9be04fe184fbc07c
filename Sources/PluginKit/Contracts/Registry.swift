import AttentionEngine

/// What is registered: which family serves a `model_type`, and which reader a file type.
///
/// ```swift
/// let registry = try Registry(plugins: [ImagePlugin.self, SensorPlugin.self])
/// let model = try registry.load(Checkpoint("my-model"), as: (any ImageClassifying).self)
/// ```
public struct Registry: Sendable {
    /// The names of the plugins, in the order of their registration.
    public private(set) var plugins: [String] = []
    private var families: [String: Entry<any ModelFamily.Type>] = [:]
    private var readers: [String: Entry<any Reader>] = [:]
    private var tokenizerLoader: Entry<any TokenizerLoading>?
    /// Who registers just now; empty for the program itself.
    private var registering = ""

    private struct Entry<Value: Sendable>: Sendable {
        var value: Value
        var plugin: String
    }

    /// Creates a registry and lets each plugin register what it has.
    ///
    /// - Throws: `InputError` where two plugins have one name, or claim one `model_type` or file type.
    public init(plugins: [any Plugin.Type] = []) throws {
        for plugin in plugins { try add(plugin) }
    }

    /// Adds one more plugin.
    ///
    /// - Throws: `InputError` where a name is taken.
    public mutating func add(_ plugin: any Plugin.Type) throws {
        guard !plugins.contains(plugin.name) else { throw Self.taken("plugin", plugin.name, by: plugin.name) }
        plugins.append(plugin.name)
        registering = plugin.name
        defer { registering = "" }
        try plugin.register(in: &self)
    }

    /// Registers a family under each of its model types.
    ///
    /// - Throws: `InputError` where one is taken.
    public mutating func register(_ family: any ModelFamily.Type) throws {
        for type in family.modelTypes.sorted() {
            if let other = families[type] { throw Self.taken("model type", type, by: other.plugin) }
            families[type] = Entry(value: family, plugin: registering)
        }
    }

    /// Registers a reader under each of its file types.
    ///
    /// - Throws: `InputError` where one is taken.
    public mutating func register<R: Reader>(_ reader: R) throws {
        for type in R.fileTypes.sorted() {
            if let other = readers[type] { throw Self.taken("file type", type, by: other.plugin) }
            readers[type] = Entry(value: reader, plugin: registering)
        }
    }

    /// Registers what makes tokenizers.
    ///
    /// - Throws: `InputError` where another plugin does so.
    public mutating func register(_ loader: any TokenizerLoading) throws {
        if let other = tokenizerLoader { throw Self.taken("maker of tokenizers", "\(type(of: loader))", by: other.plugin) }
        tokenizerLoader = Entry(value: loader, plugin: registering)
    }

    private static func taken(_ kind: String, _ name: String, by owner: String) -> InputError {
        InputError(
            "plugins",
            found: "the \(kind) “\(name)” twice, already registered by \(owner.isEmpty ? "the program" : "plugin \(owner)")",
            needed: "each name once",
            remedy: "Leave one of the two out")
    }
}

// MARK: - Families

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
        throw InputError(
            checkpoint.path(of: "config.json"), found: "the model type “\(type)”",
            needed: "one that a plugin serves: " + modelTypes.joined(separator: ", "),
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
    /// - Throws: `InputError` if no family serves the checkpoint, the family does not do the task, or the weights do not fit.
    public func load<Task>(_ checkpoint: Checkpoint, as task: Task.Type) throws -> Task {
        guard let model = try load(checkpoint) as? Task else {
            let family = try family(for: checkpoint)
            let tasks = try family.summary(of: checkpoint).tasks
            throw InputError(
                checkpoint.name, found: "a \(family.name) model", needed: "one that can do \(Self.name(of: task))",
                remedy: tasks.isEmpty ? "Use another model" : "This one can \(tasks.joined(separator: ", "))")
        }
        return model
    }

    /// `any Classifying` as `Classifying`.
    private static func name(of task: Any.Type) -> String {
        String(describing: task).split(separator: " ").last.map(String.init) ?? "that"
    }
}

// MARK: - Tokenizers

extension Registry {
    /// The tokenizer of a checkpoint.
    ///
    /// - Throws: `InputError` if no plugin makes tokenizers, or naming the file and key that cannot be used.
    public func tokenizer(for checkpoint: Checkpoint) throws -> any Tokenizer {
        try checkpoint.with(tokenizerLoader?.value).tokenizer
    }
}

// MARK: - Readers

extension Registry {
    /// Every reader, each once, in the order of their kinds.
    public var allReaders: [any Reader] { Self.distinct(readers) }

    /// The readers that a plugin registered, each once, in the order of their kinds.
    public func readers(of plugin: String) -> [any Reader] { Self.distinct(readers.filter { $0.value.plugin == plugin }) }

    private static func distinct(_ readers: [String: Entry<any Reader>]) -> [any Reader] {
        func kind(_ reader: any Reader) -> String { type(of: reader).kind }
        var seen: Set<String> = []
        return readers.sorted { $0.key < $1.key }.map(\.value.value)
            .filter { seen.insert(String(describing: type(of: $0))).inserted }
            .sorted { kind($0) < kind($1) }
    }

    /// The file types whose readers make values of one type.
    public func fileTypes<Value>(of value: Value.Type) -> Set<String> {
        Set(readers.filter { $0.value.value is any Reader<Value> }.keys)
    }

    /// Reads a file with the reader for its type, or, where the type says nothing, with each that makes such values
    /// until one can.
    ///
    /// - Throws: `InputError` where no reader makes such values or none can read the file.
    public func read<Value: Sendable>(
        _ file: InputFile, as value: Value.Type, limits: ReadingLimits = ReadingLimits()
    ) throws -> Value {
        if let reader = readers[file.fileType]?.value as? any Reader<Value> {
            return try reader.read(file, limits: limits)
        }
        var failure: (any Error)?
        for case let reader as any Reader<Value> in allReaders {
            do { return try reader.read(file, limits: limits) } catch { failure = failure ?? error }
        }
        throw failure
            ?? InputError(
                file.name, found: "no reader for what the model takes, \(value)", needed: "a plugin that reads it",
                remedy: "Add that plugin")
    }
}
