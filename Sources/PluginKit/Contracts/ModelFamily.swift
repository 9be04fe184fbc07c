public import AttentionEngine

/// How a published architecture is made of the engine's parts.
///
/// A family decodes `config.json`, builds the one `Transformer` from it, and maps the backbone's slots to the
/// checkpoint's tensor names. What it can do for a user it says by conforming to task protocols (`Classifying`, …).
public protocol ModelFamily: Sendable {
    /// What `apus inspect` calls the family, as its papers and users write it: `ViT`.
    static var name: String { get }

    /// The values of `Checkpoint.modelType` that the family serves.
    static var modelTypes: Set<String> { get }

    /// Loads the model.
    ///
    /// - Throws: `InputError` naming the file, key or tensor that is missing or does not fit.
    init(_ checkpoint: Checkpoint) throws

    /// What `apus inspect` prints, read from the configuration alone.
    ///
    /// - Throws: `InputError` if the configuration cannot be used.
    static func summary(of checkpoint: Checkpoint) throws -> ModelSummary

    /// Runs the model on tensors under the reference's argument names and answers under the reference's output
    /// names; other inputs are ignored. `NamedTensors.numbers` checks them.
    ///
    /// - Throws: `InputError` naming the input that is missing or has the wrong shape.
    func forward(_ inputs: NamedTensors, detail: ForwardDetail) throws -> NamedTensors

    /// How the parameters of a new model are drawn, for training from scratch; and those that it has and other models of the family
    /// may lack, a head for its task for example.
    ///
    /// - Parameter checkpoint: a folder with `config.json` and no weights.
    /// - Throws: `InputError` if the configuration cannot be used.
    static func initialization(of checkpoint: Checkpoint) throws -> ParameterInitialization

    /// Inputs of the usual size that `forward` accepts, for measuring speed: small pseudo-random numbers.
    func exampleInputs(batchSize: Int) -> NamedTensors
}

extension ModelFamily {
    /// The type's name without `Family` at its end.
    public static var name: String {
        let name = String(describing: Self.self)
        return name.hasSuffix("Family") && name != "Family" ? String(name.dropLast(6)) : name
    }

    /// The tasks whose protocols the family conforms to, and no sizes.
    public static func summary(of checkpoint: Checkpoint) throws -> ModelSummary {
        ModelSummary(tasks: TaskKind.commands(of: Self.self))
    }

    /// Refuses all inputs: a family that answers tensors has its own.
    public func forward(_ inputs: NamedTensors, detail: ForwardDetail) throws -> NamedTensors {
        throw InputError(
            "forward", found: "a \(Self.name) model, which takes no tensors", needed: "one that does",
            remedy: "Use the command of its task, or write the family's `forward`")
    }

    /// Normal with a deviation of 0.02, cut off at twice that.
    public static func initialization(of checkpoint: Checkpoint) throws -> ParameterInitialization { .init() }

    /// None.
    public func exampleInputs(batchSize: Int) -> NamedTensors { [:] }
}

/// How much of what a model computes is asked for.
public enum ForwardDetail: Sendable, Hashable {
    /// What the model's task needs and no more: `logits`, or the states where there is no head.
    case answer
    /// That and `last_hidden_state`.
    case states
    /// That and `hidden.0` (before the first layer), `hidden.1`, … (after each).
    case layers
}

/// What can be said of a model without reading its weights.
public struct ModelSummary: Sendable, Hashable {
    /// One thing said of a model: `patch size`, `16 × 16`.
    public struct Fact: Sendable, Hashable {
        /// What it is about.
        public var name: String
        /// The number or words, ready to print.
        public var value: String

        /// Creates a fact.
        public init(_ name: String, _ value: some CustomStringConvertible) {
            self.name = name
            self.value = value.description
        }
    }

    /// The commands this checkpoint answers: `classify`.
    public var tasks: [String]
    /// Width, layers, heads and the like.
    public var sizes: [Fact]
    /// What happens to an input before the model sees it, a step each.
    public var preprocessing: [String]

    /// Creates a summary.
    public init(tasks: [String], sizes: [Fact] = [], preprocessing: [String] = []) {
        self.tasks = tasks
        self.sizes = sizes
        self.preprocessing = preprocessing
    }
}
