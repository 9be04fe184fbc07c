/// The task of naming what a text is about, or how it is meant.
public protocol TextClassifying: Classifying where Input == String {}

/// The task of giving texts vectors that lie near one another where the meanings do.
public protocol TextEmbedding: ModelFamily {
    /// One vector for each text, pooled and normalized as the checkpoint asks. Texts beyond the model's length are cut there.
    ///
    /// - Throws: `InputError` if the checkpoint's tokenizer or pooling cannot be used.
    func embed(_ texts: [String]) throws -> [[Float]]
}

/// A token that may stand where a text has a mask.
public struct MaskPrediction: Sendable, Hashable {
    /// Which of the text's masks, counted from 0.
    public var mask: Int
    /// The token as text.
    public var token: String
    /// The token's id.
    public var id: Int
    /// From 0 to 1; over the vocabulary they add up to 1.
    public var probability: Float
    /// The text with the token in the mask's place.
    public var sequence: String

    /// Creates a prediction.
    public init(mask: Int, token: String, id: Int, probability: Float, sequence: String) {
        self.mask = mask
        self.token = token
        self.id = id
        self.probability = probability
        self.sequence = sequence
    }
}

/// The task of filling in the blanks of a text.
public protocol MaskFilling: ModelFamily {
    /// How the blank is written: `[MASK]`.
    var maskToken: String { get }

    /// The likeliest tokens for each mask in the text, mask after mask, the likeliest first.
    ///
    /// - Throws: `InputError` if the text has no mask or is too long, or the checkpoint has no such head.
    func fillMasks(in text: String, top: Int) throws -> [MaskPrediction]
}
