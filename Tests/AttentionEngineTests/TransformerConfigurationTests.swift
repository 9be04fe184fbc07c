import Testing

@testable import AttentionEngine

@Suite("Configurations of a Transformer")
struct TransformerConfigurationTests {
    private let sound = TransformerConfiguration(
        width: 24, layerCount: 2, attention: AttentionConfiguration(headCount: 6, width: 24),
        feedForward: FeedForwardConfiguration(innerWidth: 40, activation: .gelu), norm: .init(epsilon: 1e-5))

    @Test("numbers that can be are taken")
    func accepted() throws {
        var configuration = sound
        try configuration.validate()
        configuration.layerCount = 0
        for positions: TransformerConfiguration.Positions in [
            .none, .learned(count: 1), .learned(count: 5, offset: 5), .learned(count: 5, offset: -5), .sinusoidal(.halves),
            .relative(buckets: 32, maximumDistance: 128), .rotary(base: 10_000, width: 4),
        ] {
            configuration.positions = positions
            try configuration.validate()
        }
    }

    @Test("numbers that cannot be, or do not fit together, are refused with a sentence")
    func refused() {
        func expectRefusal(_ what: String, _ change: (inout TransformerConfiguration) -> Void) {
            var configuration = sound
            change(&configuration)
            let error = #expect(throws: InputError.self, "\(what)") { try configuration.validate() }
            #expect(error?.needed.isEmpty == false && error?.remedy.isEmpty == false)
            // Nor may a stack be made of it, whatever the weights.
            #expect(throws: InputError.self) {
                try Transformer(
                    configuration, Weights(TensorDictionary([:])),
                    names: TransformerNames(
                        layers: "",
                        layer: .init(
                            attentionNorm: "", input: .fused(""), attentionOutput: "", feedForwardNorm: "",
                            feedForwardInput: "", feedForwardOutput: "")))
            }
        }
        for number in [0, -1, Int.min, Int.max, 1 << 40] {
            expectRefusal("width \(number)") { $0.width = number }
            expectRefusal("heads \(number)") { $0.attention.headCount = number }
            expectRefusal("key heads \(number)") { $0.attention.keyValueHeadCount = number }
            expectRefusal("head width \(number)") { $0.attention.headWidth = number }
            expectRefusal("inner width \(number)") { $0.feedForward.innerWidth = number }
            expectRefusal("positions \(number)") { $0.positions = .learned(count: number) }
            expectRefusal("buckets \(number)") { $0.positions = .relative(buckets: number, maximumDistance: 128) }
            expectRefusal("distance \(number)") { $0.positions = .relative(buckets: 32, maximumDistance: number) }
            expectRefusal("rotary width \(number)") { $0.positions = .rotary(base: 10_000, width: number) }
        }
        for number in [-1, Int.min, Int.max, 1 << 40] {
            expectRefusal("layers \(number)") { $0.layerCount = number }
            expectRefusal("offset \(number)") { $0.positions = .learned(count: 3, offset: number == -1 ? -4 : number) }
        }
        expectRefusal("heads that do not divide") { $0.attention.keyValueHeadCount = 4 }
        expectRefusal("more key heads than heads") { $0.attention.keyValueHeadCount = 12 }
        expectRefusal("odd rotary width") { $0.positions = .rotary(base: 10_000, width: 3) }
        expectRefusal("a distance within the exact buckets") { $0.positions = .relative(buckets: 32, maximumDistance: 16) }
        for number in [-1, Float.nan, .infinity] {
            expectRefusal("epsilon \(number)") { $0.norm.epsilon = number }
            expectRefusal("rotary base \(number)") { $0.positions = .rotary(base: number, width: 4) }
        }
        expectRefusal("rotary base 0") { $0.positions = .rotary(base: 0, width: 4) }
        for number in [Float.nan, .infinity] { expectRefusal("scale \(number)") { $0.attention.scale = number } }
    }

    @Test("a configuration of heads that share a width never divides by zero")
    func headWidths() {
        #expect(AttentionConfiguration(headCount: 4, width: 64).headWidth == 16)
        #expect(AttentionConfiguration(headCount: 0, width: 64).headCount == 0)
        #expect(AttentionConfiguration(headCount: 1, keyValueHeadCount: 1, headWidth: 0).scale.isFinite)
    }
}
