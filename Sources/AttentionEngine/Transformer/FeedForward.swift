/// Two products with an activation between them, for each position alone, gated or not.
struct FeedForward: Sendable {
    private let activation: Activation
    private let input: Linear
    private let gate: Linear?
    private let output: Linear

    init(_ configuration: TransformerConfiguration, _ weights: Weights, names: TransformerNames.Layer) throws {
        let width = configuration.width, feedForward = configuration.feedForward
        activation = feedForward.activation
        input = try Linear(width, feedForward.innerWidth, weights[names.feedForwardInput], hasBias: feedForward.hasBias)
        gate =
            feedForward.isGated
            ? try Linear(width, feedForward.innerWidth, weights[names.feedForwardGate], hasBias: feedForward.hasBias)
            : nil
        output = try Linear(feedForward.innerWidth, width, weights[names.feedForwardOutput], hasBias: feedForward.hasBias)
    }

    /// `[…, width]` to `[…, width]`, with `residual` added.
    func callAsFunction(_ x: Tensor, residual: Tensor?) -> Tensor {
        if let gate {
            return output(gate(x, activation: activation).multiplied(by: input(x)), residual: residual)
        }
        return output(input(x, activation: activation), residual: residual)
    }
}
