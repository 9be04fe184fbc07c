/// Brings each position's vector to a common scale.
public struct Normalization: Sendable {
    /// The kinds there are.
    public enum Kind: Sendable, Hashable {
        /// Mean 0 and variance 1, then weight and bias (Ba et al., 2016, arXiv:1607.06450).
        case layerNorm
        /// Mean square 1, then weight (Zhang and Sennrich, 2019, arXiv:1910.07467).
        case rmsNorm
    }

    /// What a configuration says of its norms.
    public struct Configuration: Sendable, Hashable {
        /// Which kind.
        public var kind: Kind
        /// What is added to the variance or mean square.
        public var epsilon: Float
        /// Whether a layer norm has a bias.
        public var hasBias: Bool

        /// Creates a configuration.
        public init(_ kind: Kind = .layerNorm, epsilon: Float, hasBias: Bool = true) {
            self.kind = kind
            self.epsilon = epsilon
            self.hasBias = hasBias
        }
    }

    private let configuration: Configuration
    private let weight: Tensor
    private let bias: Tensor?

    /// Loads `weight` and, where there is one, `bias`, each `[width]`; old checkpoints call them `gamma` and `beta`.
    ///
    /// - Throws: `InputError` naming the tensor that is missing or has another shape.
    public init(_ width: Int, _ configuration: Configuration, _ weights: Weights) throws {
        self.configuration = configuration
        let isOld = weights.shape(of: "weight") == nil && weights.shape(of: "gamma") != nil
        weight = try weights.get(isOld ? "gamma" : "weight", [width])
        let hasBias = configuration.kind == .layerNorm && configuration.hasBias
        bias = hasBias ? try weights.get(isOld ? "beta" : "bias", [width]) : nil
    }

    /// The norm of each row of `[…, width]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        switch configuration.kind {
        case .layerNorm: x.layerNormalized(weight: weight, bias: bias, epsilon: configuration.epsilon)
        case .rmsNorm: x.rmsNormalized(weight: weight, epsilon: configuration.epsilon)
        }
    }
}
