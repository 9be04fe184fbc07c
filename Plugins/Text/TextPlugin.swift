public import PluginKit

/// Text: tokenizers from the files checkpoints come with, and the Transformers that read and write it.
public enum TextPlugin: Plugin {
    public static let name = "text"

    public static func register(in registry: inout Registry) throws {
        try registry.register(TokenizerFiles())
        try registry.register(BertFamily.self)
        try registry.register(GPT2Family.self)
        try registry.register(MarianFamily.self)
        try registry.register(T5Family.self)
        registry.register(starterModel: "marian-en-fr", for: "translate")
    }
}
