import AttentionEngine
public import PluginKit

/// Finds which files of a checkpoint make its tokenizer.
public struct TokenizerFiles: TokenizerLoading {
    /// Creates a loader.
    public init() {}

    public func tokenizer(for checkpoint: Checkpoint) throws -> any Tokenizer {
        func has(_ names: String...) -> Bool { names.allSatisfy(checkpoint.hasFile) }
        if has("source.spm", "target.spm", "vocab.json") { return try MarianTokenizer(checkpoint) }
        if has("tokenizer.json") {
            return try TokenizerFile.tokenizer(checkpoint.path(of: "tokenizer.json"), try TokenizerConfiguration(checkpoint))
        }
        if has("vocab.json", "merges.txt") { return try VocabularyFiles.bytePairs(checkpoint) }
        if has("vocab.txt") { return try VocabularyFiles.wordPieces(checkpoint) }
        if has("spiece.model") { return try VocabularyFiles.sentencePieces(checkpoint) }
        throw InputError(
            checkpoint.folder, found: "no tokenizer",
            needed:
                "tokenizer.json, or vocab.json and merges.txt, vocab.txt, spiece.model, or source.spm, target.spm and vocab.json",
            remedy: "Put the tokenizer's files beside config.json")
    }
}
