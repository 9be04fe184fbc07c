import AttentionEngine

/// What is registered: which family serves a `model_type`, which reader a file type, and which starter model a task.
///
/// ```swift
/// let registry = try Registry(plugins: [ImagePlugin.self, SensorPlugin.self])
/// let model = try registry.load(Checkpoint("my-model"), as: (any ImageClassifying).self)
/// ```
public struct Registry: Sendable {
    /// The names of the plugins, in the order of their registration.
    public private(set) var plugins: [String] = []
    private(set) var families: [String: Entry<any ModelFamily.Type>] = [:]
    private(set) var readers: [String: Entry<any Reader>] = [:]
    private(set) var tasks: [ObjectIdentifier: Entry<TaskKind>] = [:]
    private(set) var tokenizerLoader: Entry<any TokenizerLoading>?
    private var starters: [(task: String, model: String)] = []
    /// Who registers just now; empty for the program itself.
    private var registering = ""

    struct Entry<Value: Sendable>: Sendable {
        var value: Value
        var plugin: String
    }

    /// Creates a registry and lets each plugin register what it has.
    ///
    /// - Throws: `InputError` where two plugins have one name, or claim one `model_type` or file type.
    public init(plugins: [any Plugin.Type] = []) throws {
        for task in TaskKind.common { tasks[task.type] = Entry(value: task, plugin: "") }
        for plugin in plugins { try add(plugin) }
    }

    /// Adds one more plugin.
    ///
    /// - Throws: `InputError` where a name is taken.
    public mutating func add(_ plugin: any Plugin.Type) throws {
        guard !plugins.contains(plugin.name) else {
            throw InputError(
                "plugins", found: "two plugins named “\(plugin.name)”", needed: "each name once",
                remedy: "Leave one of the two out, or rename yours")
        }
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
            if let other = families[type] { throw taken("model type", type, by: other.plugin) }
            families[type] = Entry(value: family, plugin: registering)
        }
    }

    /// Registers a reader under each of its file types.
    ///
    /// - Throws: `InputError` where one is taken.
    public mutating func register<R: Reader>(_ reader: R) throws {
        for type in R.fileTypes.sorted() {
            if let other = readers[type] { throw taken("file type", type, by: other.plugin) }
            readers[type] = Entry(value: reader, plugin: registering)
        }
    }

    /// Registers what makes tokenizers.
    ///
    /// - Throws: `InputError` where another plugin does so.
    public mutating func register(_ loader: any TokenizerLoading) throws {
        if let other = tokenizerLoader { throw taken("maker of tokenizers", "\(type(of: loader))", by: other.plugin) }
        tokenizerLoader = Entry(value: loader, plugin: registering)
    }

    /// Registers a task of the plugin's own, so that `load(_:as:)` knows before it reads weights whether a family does it.
    ///
    /// - Throws: `InputError` where another plugin does so.
    public mutating func register(_ task: TaskKind) throws {
        if let other = tasks[task.type] { throw taken("task", task.protocolName, by: other.plugin) }
        tasks[task.type] = Entry(value: task, plugin: registering)
    }

    /// Registers the model that answers where a command gets none.
    ///
    /// Several plugins may have one for the same task: which of them answers depends on the input.
    ///
    /// - Parameters:
    ///   - starterModel: the name of its folder among the starter models.
    ///   - task: the command: `classify`.
    public mutating func register(starterModel: String, for task: String) { starters.append((task, starterModel)) }

    /// The starter models for a task, in the order of their registration; they need not be installed.
    ///
    /// - Parameter task: the command: `classify`.
    public func starterModels(for task: String) -> [String] { starters.filter { $0.task == task }.map(\.model) }

    private func taken(_ kind: String, _ name: String, by owner: String) -> InputError {
        func spelled(_ plugin: String) -> String { plugin.isEmpty ? "the program" : "plugin \(plugin)" }
        let owners = owner == registering ? "twice by \(spelled(owner))" : "by \(spelled(owner)) and by \(spelled(registering))"
        return InputError(
            "plugins", found: "the \(kind) “\(name)” is registered \(owners)", needed: "each name once",
            remedy: "Leave one of the two out")
    }
}
