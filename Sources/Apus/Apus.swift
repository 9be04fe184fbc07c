@_exported public import AttentionEngine
@_exported public import AudioPlugin
@_exported public import ImagePlugin
@_exported public import PluginKit
@_exported public import TextPlugin

/// Apus with everything it comes with.
///
/// ```swift
/// import Apus
///
/// let model = try Apus.load("vit-grocery", as: (any ImageClassifying).self)
/// let photo = try Apus.registry.read(InputFile(path: "photo.jpg"), as: Image.self)
/// print(try model.classify([photo])[0][0].label)
/// ```
public enum Apus {
    /// The version of the framework and of the command.
    public static let version = "0.1.0"

    /// The plugins that are built in.
    public static let plugins: [any Plugin.Type] = [TextPlugin.self, ImagePlugin.self, AudioPlugin.self]

    /// The built-in plugins, registered.
    ///
    /// - Throws: never in practice: the built-in plugins do not clash.
    public static var registry: Registry {
        get throws { try Registry(plugins: plugins) }
    }

    /// Loads a model for a task.
    ///
    /// - Parameters:
    ///   - model: a folder, the name of a starter model, or the id of a model in the hub cache.
    ///   - task: what it is needed for: `(any ImageClassifying).self`.
    /// - Throws: `InputError` if there is no such model or it cannot do the task.
    public static func load<Task>(_ model: String, as task: Task.Type) throws -> Task {
        try registry.load(Checkpoint(model), as: task)
    }
}
