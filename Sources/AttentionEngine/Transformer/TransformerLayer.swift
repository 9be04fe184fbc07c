/// Self-attention, cross-attention where there is another stack to attend to, and a feed-forward network, each added to
/// what it was given.
struct TransformerLayer: Sendable {
    private let placement: TransformerConfiguration.NormPlacement
    private let attentionNorm: Normalization
    private let attention: MultiHeadAttention
    private let attentionScale: Tensor?
    private let crossAttentionNorm: Normalization?
    let crossAttention: CrossAttention?
    private let feedForwardNorm: Normalization
    private let feedForward: FeedForward
    private let feedForwardScale: Tensor?
    /// Where in the stack it stands, from 0 to 1.
    private let depth: Float

    init(
        _ configuration: TransformerConfiguration, _ weights: Weights, names: TransformerNames.Layer,
        layout: PackedMatrix.Layout, depth: Float = 0
    ) throws {
        self.depth = depth
        let width = configuration.width
        placement = configuration.normPlacement
        attentionNorm = try Normalization(width, configuration.norm, weights[names.attentionNorm])
        attention = try MultiHeadAttention(configuration, weights, names: names, layout: layout)
        if let attention = configuration.crossAttention {
            crossAttentionNorm = try Normalization(width, configuration.norm, weights[names.crossAttentionNorm])
            crossAttention = try CrossAttention(
                attention, width: width, memoryWidth: configuration.memoryWidth ?? width, weights, names: names, layout: layout)
        } else {
            crossAttentionNorm = nil
            crossAttention = nil
        }
        feedForwardNorm = try Normalization(width, configuration.norm, weights[names.feedForwardNorm])
        feedForward = try FeedForward(configuration, weights, names: names, layout: layout)
        attentionScale = configuration.hasLayerScale ? try weights.get(names.attentionScale, [width]) : nil
        feedForwardScale = configuration.hasLayerScale ? try weights.get(names.feedForwardScale, [width]) : nil
    }

    /// - Parameters:
    ///   - x: `[batch, positions, width]`.
    ///   - wanted: the positions whose states are wanted.
    ///   - past: the keys and values of this layer; those of `x` are added to them.
    ///   - memory: what cross-attention looks at.
    /// - Returns: `[batch, wanted, width]`.
    func callAsFunction(
        _ x: Tensor, wanted: Range<Int>, mask: Tensor?, bias: Tensor?, past: KeyValueCache.Layer? = nil,
        memory: CrossMemory.Layer? = nil
    ) -> Tensor {
        let kept = wanted.count == x.shape[1] ? x : x.sliced(wanted, along: 1)
        let isPreNorm = placement == .before
        var states = Profile.measure(.selfAttention) {
            let states = branch(kept, scale: attentionScale) { residual in
                attention(
                    isPreNorm ? attentionNorm(x) : x, wanted: wanted, mask: mask, bias: bias, past: past, residual: residual)
            }
            return isPreNorm ? states : attentionNorm(states)
        }
        if let crossAttention, let crossAttentionNorm, let memory {
            states = Profile.measure(.crossAttention) {
                let result = branch(states, scale: nil) { residual in
                    crossAttention(isPreNorm ? crossAttentionNorm(states) : states, memory: memory, residual: residual)
                }
                return isPreNorm ? result : crossAttentionNorm(result)
            }
        }
        return Profile.measure(.feedForward) {
            let result = branch(states, scale: feedForwardScale) { residual in
                feedForward(isPreNorm ? feedForwardNorm(states) : states, residual: residual)
            }
            return isPreNorm ? result : feedForwardNorm(result)
        }
    }

    /// `x` plus what `body` computes, multiplied by `scale` where there is one; without it the last product adds `x` itself.
    private func branch(_ x: Tensor, scale: Tensor?, _ body: (_ residual: Tensor?) -> Tensor) -> Tensor {
        if let tape = GradientTape.current, !tape.regularization.sparesBranches {
            let result = body(nil), scaled = scale.map { result.multiplied(by: $0) } ?? result
            return x.adding(
                scaled.dropped(tape.regularization.dropout, tape)
                    .examplesDropped(tape.regularization.stochasticDepth * depth, tape))
        }
        guard let scale else { return body(x) }
        return x.adding(body(nil).multiplied(by: scale))
    }
}
