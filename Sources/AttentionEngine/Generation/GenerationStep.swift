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
