#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How the parameters of a new model are drawn.
///
/// Biases start as zeros and the weights of norms as ones; they are the parameters of one dimension. The others are drawn by the
/// rule, unless there are values for them.
public struct ParameterInitialization: Sendable {
    /// A distribution of weights.
    public enum Rule: Sendable, Hashable {
        /// Normal, cut off at two standard deviations, as vision Transformers and BERT have it.
        case truncatedNormal(deviation: Float)
        /// Normal.
        case normal(deviation: Float)
        /// Uniform with a bound of √(6 / (inputs + outputs)) (Glorot and Bengio, 2010).
        case xavier
        /// Zeros.
        case zeros
    }

    /// The rule of most weights.
    public var rule: Rule
    /// The rules of weights whose names end so; of several the longest ending counts.
    public var rules: [String: Rule]
    /// Values of parameters that are not drawn, by name.
    public var values: [String: Tensor]
    /// Parameters that a model need not have, and this one has, with their number of dimensions.
    public var optional: [String: Int]

    /// Creates a way of drawing parameters.
    public init(
        _ rule: Rule = .truncatedNormal(deviation: 0.02), rules: [String: Rule] = [:], values: [String: Tensor] = [:],
        optional: [String: Int] = [:]
    ) {
        self.rule = rule
        self.rules = rules
        self.values = values
        self.optional = optional
    }

    func parameter(_ name: String, shape: [Int], seed: UInt64) -> Tensor {
        if let value = values[name], value.shape == shape {
            return value.withFloatBuffer { buffer in Tensor(shape: shape) { _ = $0.update(fromContentsOf: buffer) } }
        }
        let ending = rules.keys.filter { name.hasSuffix($0) }.max { $0.count < $1.count }
        if shape.count <= 1, ending == nil {
            let isWeight = name.hasSuffix("weight") || name.hasSuffix("gamma") || name.hasSuffix("lambda1")
            return Tensor(repeating: isWeight ? 1 : 0, shape: shape)
        }
        // The seed, and the name by FNV-1a.
        let hash = name.utf8.reduce(seed ^ 0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        var generator = SeededGenerator(state: hash)
        let rule = ending.flatMap { rules[$0] } ?? rule
        let rest = shape.dropFirst().reduce(1, *)
        let bound = (6 / Float(max(1, rest + (shape.first ?? 1)))).squareRoot()
        return Tensor(shape: shape) { (elements: UnsafeMutableBufferPointer<Float>) in
            for index in elements.indices { elements[index] = rule.draw(&generator, bound: bound) }
        }
    }
}

extension ParameterInitialization.Rule {
    fileprivate func draw(_ generator: inout SeededGenerator, bound: Float) -> Float {
        func uniform() -> Double { (Double(generator.next() >> 11) + 0.5) * 0x1p-53 }
        func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()) }
        switch self {
        case .zeros: return 0
        case .xavier: return bound * Float(2 * uniform() - 1)
        case .normal(let deviation): return deviation * Float(normal())
        case .truncatedNormal(let deviation):
            while true {
                let value = normal()
                if abs(value) <= 2 { return deviation * Float(value) }
            }
        }
    }
}
