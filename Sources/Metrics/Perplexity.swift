#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How surprised a language model is by a text: the exponential of the mean of −log p over its tokens.
public struct Perplexity: Sendable, Hashable, Codable {
    /// The sum of −log p, in nats.
    public private(set) var total = 0.0
    /// How many tokens there were.
    public private(set) var tokenCount = 0
    /// How many bytes of text they stand for.
    public private(set) var byteCount = 0

    /// Creates that of no text.
    public init() {}

    /// Adds tokens.
    ///
    /// - Parameters:
    ///   - nats: the sum of their −log p.
    ///   - tokens: how many they are.
    ///   - bytes: how many bytes of text they stand for.
    public mutating func add(nats: Double, tokens: Int, bytes: Int = 0) {
        total += nats
        tokenCount += tokens
        byteCount += bytes
    }

    /// Adds those of another.
    public mutating func merge(_ other: Perplexity) { add(nats: other.total, tokens: other.tokenCount, bytes: other.byteCount) }

    /// The perplexity; 1 where nothing surprises.
    public var value: Double { exp(total / Double(max(1, tokenCount))) }

    /// Bits that a byte of the text would take, compressed by the model: comparable between models with other tokens.
    public var bitsPerByte: Double { total / log(2) / Double(max(1, byteCount)) }
}
