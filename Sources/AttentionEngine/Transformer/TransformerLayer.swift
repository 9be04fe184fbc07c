/// Attention and a feed-forward network, each added to what it was given.
struct TransformerLayer: Sendable {
    private let placement: TransformerConfiguration.NormPlacement
    private let attentionNorm: Normalization
    private let attention: MultiHeadAttention
    private let attentionScale: Tensor?
    private let feedForwardNorm: Normalization
    private let feedForward: FeedForward
    private let feedForwardScale: Tensor?

    init(_ configuration: TransformerConfiguration, _ weights: Weights, names: TransformerNames.Layer) throws {
        let width = configuration.width
        placement = configuration.normPlacement
        attentionNorm = try Normalization(width, configuration.norm, weights[names.attentionNorm])
        attention = try MultiHeadAttention(configuration, weights, names: names)
        feedForwardNorm = try Normalization(width, configuration.norm, weights[names.feedForwardNorm])
        feedForward = try FeedForward(configuration, weights, names: names)
        attentionScale = configuration.hasLayerScale ? try weights.get(names.attentionScale, [width]) : nil
        feedForwardScale = configuration.hasLayerScale ? try weights.get(names.feedForwardScale, [width]) : nil
    }

    /// - Parameters:
    ///   - x: `[batch, positions, width]`.
    ///   - queries: how many positions, from the first, are wanted.
    /// - Returns: `[batch, queries, width]`.
    func callAsFunction(_ x: Tensor, queries: Int, mask: Tensor?, bias: Tensor?) -> Tensor {
        let kept = queries == x.shape[1] ? x : x.sliced(0..<queries, along: 1)
        let isPreNorm = placement == .before
        var states = Self.branch(kept, scale: attentionScale) { residual in
            attention(
                isPreNorm ? attentionNorm(x) : x, queries: queries, mask: mask, bias: bias, residual: residual)
        }
        if !isPreNorm { states = attentionNorm(states) }
        let between = states
        states = Self.branch(between, scale: feedForwardScale) { residual in
            feedForward(isPreNorm ? feedForwardNorm(between) : between, residual: residual)
        }
        return isPreNorm ? states : feedForwardNorm(states)
    }

    /// `x` plus what `body` computes, multiplied by `scale` where there is one; without it the last product adds `x` itself.
    private static func branch(_ x: Tensor, scale: Tensor?, _ body: (_ residual: Tensor?) -> Tensor) -> Tensor {
        guard let scale else { return body(x) }
        return x.adding(body(nil).multiplied(by: scale))
    }
}
