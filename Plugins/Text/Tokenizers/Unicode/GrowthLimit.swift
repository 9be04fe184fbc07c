import AttentionEngine

/// How much longer the steps of a tokenizer may make a text. Published ones at most double it, or put eleven bytes for one where
/// Arabic ligatures are taken apart; a hostile file could ask for a thousand doublings.
enum GrowthLimit {
    /// The most bytes that one match is replaced by, or that are put before a text.
    static let replacement = 64
    /// The most bytes of a text to look for.
    static let pattern = 1024

    /// Whether a text of `count` bytes is too much for one that was `original` long.
    static func isExceeded(_ count: Int, from original: Int) -> Bool { (count - 4096) / 32 > original }

    static var error: InputError {
        InputError(
            "tokenizer.json", found: "steps that make a text more than 32 times longer", needed: "steps that do not",
            remedy: "Check the file against the one that was published")
    }
}
