public import AttentionEngine

extension Activation {
    /// The activation that `config.json` names as transformers and timm do: `gelu`, `gelu_new`, `quick_gelu`, ….
    ///
    /// - Parameters:
    ///   - key: the key it stands at, for the error.
    /// - Throws: `InputError` naming the key where the name is not known.
    public init(named name: String, key: String, of checkpoint: Checkpoint) throws {
        guard let known = Self.names[name.lowercased()] else {
            throw InputError(
                "\(checkpoint.path(of: "config.json")), key \(key)", found: "the activation “\(name)”",
                needed: "one of " + Self.names.keys.sorted().joined(separator: ", "), remedy: "Use a model with one of these")
        }
        self = known
    }

    private static let names: [String: Activation] = [
        "gelu": .gelu, "gelu_python": .gelu, "gelu_accurate": .geluTanh, "gelu_new": .geluTanh, "gelu_fast": .geluTanh,
        "gelu_tanh": .geluTanh, "gelu_pytorch_tanh": .geluTanh, "quick_gelu": .quickGELU, "quickgelu": .quickGELU, "relu": .relu,
        "silu": .silu, "swish": .silu, "tanh": .tanh, "sigmoid": .sigmoid, "linear": .identity,
    ]
}
