/// Two products with an activation between them, for each position alone, gated or not.
struct FeedForward: Sendable {
    private let activation: Activation
    private let input: Linear
    private let gate: Linear?
    private let output: Linear

    init(
        _ configuration: TransformerConfiguration, _ weights: Weights, names: TransformerNames.Layer,
        layout: PackedMatrix.Layout
    ) throws {
        let width = configuration.width, feedForward = configuration.feedForward
        activation = feedForward.activation
        func linear(_ inputWidth: Int, _ outputWidth: Int, _ name: String) throws -> Linear {
            try Linear(inputWidth, outputWidth, weights[name], hasBias: feedForward.hasBias, layout: layout)
        }
        input = try linear(width, feedForward.innerWidth, names.feedForwardInput)
        gate = feedForward.isGated ? try linear(width, feedForward.innerWidth, names.feedForwardGate) : nil
        output = try linear(feedForward.innerWidth, width, names.feedForwardOutput)
    }

    /// `[…, width]` to `[…, width]`, with `residual` added.
    func callAsFunction(_ x: Tensor, residual: Tensor?) -> Tensor {
        if let gate {
            return output(gate(x, activation: activation).multiplied(by: input(x)), residual: residual)
        }
        return output(input(x, activation: activation), residual: residual)
    }
}
