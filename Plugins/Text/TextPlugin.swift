public import PluginKit

/// Text: tokenizers from the files checkpoints come with.
public enum TextPlugin: Plugin {
    public static let name = "text"

    public static func register(in registry: inout Registry) throws {
        try registry.register(TokenizerFiles())
    }
}
