/// What was written for one window, and how good it looks.
struct DecodedWindow: Sendable {
    /// Without the end.
    var ids: [Int]
    var text: String
    /// What scores were divided by; 0 where the likeliest was taken.
    var temperature: Float
    /// The mean of the logarithms of the ids' probabilities, the end's included.
    var averageLogProbability: Float
    /// How likely it is that nobody speaks.
    var noSpeechProbability: Float
    /// How many times smaller the text gets by compression.
    var compressionRatio: Float
}
