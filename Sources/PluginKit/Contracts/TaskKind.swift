/// A task as a registry knows it: the command that does it, and the protocol that a family conforms to where it can.
///
/// A plugin that adds a task protocol of its own registers it:
///
/// ```swift
/// try registry.register(TaskKind("classify", (any ImageClassifying).self) { $0 is any ImageClassifying.Type })
/// ```
public struct TaskKind: Sendable {
    /// The command that does the task: `classify`.
    public let command: String
    /// What the protocol is called.
    public let protocolName: String
    let type: ObjectIdentifier
    private let test: @Sendable (any ModelFamily.Type) -> Bool

    /// Creates a kind.
    ///
    /// - Parameters:
    ///   - command: the command that does the task.
    ///   - type: the protocol as a program asks for it: `(any ImageClassifying).self`.
    ///   - test: whether a family conforms; a protocol that is known only when the program runs cannot be asked for.
    public init<Task>(_ command: String, _ type: Task.Type, _ test: @escaping @Sendable (any ModelFamily.Type) -> Bool) {
        self.command = command
        self.type = ObjectIdentifier(type)
        self.test = test
        protocolName = Self.name(of: type)
    }

    /// Whether a family can do the task.
    public func isDone(by family: any ModelFamily.Type) -> Bool { test(family) }

    /// The tasks that every registry knows.
    public static let common = [
        TaskKind("classify", (any Classifying).self) { $0 is any Classifying.Type },
        TaskKind("classify-text", (any TextClassifying).self) { $0 is any TextClassifying.Type },
        TaskKind("transcribe", (any Transcribing).self) { $0 is any Transcribing.Type },
        TaskKind("translate", (any Translating).self) { $0 is any Translating.Type },
        TaskKind("generate", (any TextGenerating).self) { $0 is any TextGenerating.Type },
        TaskKind("embed", (any TextEmbedding).self) { $0 is any TextEmbedding.Type },
        TaskKind("fill-mask", (any MaskFilling).self) { $0 is any MaskFilling.Type },
    ]

    /// The commands of the common tasks that a family can do.
    static func commands(of family: any ModelFamily.Type) -> [String] {
        let commands = common.filter { $0.isDone(by: family) }.map(\.command)
        // Texts are no files, so what classifies them does not classify those.
        return commands.contains("classify-text") ? commands.filter { $0 != "classify" } : commands
    }

    /// `any Classifying` as `Classifying`.
    static func name(of task: Any.Type) -> String {
        String(describing: task).split(separator: " ").last.map(String.init) ?? "that"
    }
}
