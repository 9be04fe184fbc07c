/// What decoding needs of a model: what may follow, for several sequences at once.
public protocol GenerationStep {
    /// The number of tokens there are.
    var vocabularySize: Int { get }

    /// The longest sequence the model has positions for.
    var positionLimit: Int { get }

    /// The scores, before softmax, of each token that may follow.
    ///
    /// - Parameters:
    ///   - tokens: what each row is continued by: first the prompts, all as long unless the model can fill them up; then a
    ///     token a row.
    ///   - rows: for each row the row of the step before that it continues; `0 ..< tokens.count` at first.
    /// - Returns: `[tokens.count, vocabularySize]`.
    mutating func callAsFunction(_ tokens: [[Int]], continuing rows: [Int]) throws -> Tensor
}

extension GenerationStep {
    /// As long as anyone likes.
    public var positionLimit: Int { .max }
}

/// What may follow each row.
enum GenerationScores: Sendable {
    /// `[rows, vocabulary]`.
    case exact(Tensor)
    case approximate(ApproximateScores)
}

/// A model that can tell faster which few tokens may be the likeliest.
protocol ApproximatingStep: GenerationStep {
    /// Whether the next step can be such.
    var canApproximate: Bool { get }

    /// As `callAsFunction`.
    mutating func approximate(_ tokens: [[Int]], continuing rows: [Int]) throws -> GenerationScores
}

extension GenerationStep {
    /// As `callAsFunction`, from approximate scores where the model has them and they are enough.
    mutating func scores(_ tokens: [[Int]], continuing rows: [Int], approximately: Bool) throws -> GenerationScores {
        guard approximately, var step = self as? any ApproximatingStep, step.canApproximate else {
            return .exact(try self(tokens, continuing: rows))
        }
        let scores = try step.approximate(tokens, continuing: rows)
        if let advanced = step as? Self { self = advanced }
        return scores
    }
}
