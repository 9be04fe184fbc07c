import Testing

@testable import AttentionEngine

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("Positions")
struct PositionTests {
    /// Element [position, channel] of `sinusoids`, by formula.
    private func check(
        _ layout: TransformerConfiguration.SinusoidLayout, width: Int, _ formula: (_ position: Double, _ channel: Int) -> Double
    ) {
        let table = PositionEncoding.sinusoids(count: 50, width: width, layout: layout).floats
        for position in 0..<50 {
            for channel in 0..<width {
                #expect(abs(Double(table[position * width + channel]) - formula(Double(position), channel)) < 1e-6)
            }
        }
    }

    @Test("interleaved: sin(p / 10000^(2i/d)), cos of the same, in turn", arguments: [2, 7, 26])
    func interleaved(width: Int) {
        check(.interleaved, width: width) { position, channel in
            let angle = position / pow(10_000, Double(channel / 2 * 2) / Double(width))
            return channel % 2 == 0 ? sin(angle) : cos(angle)
        }
    }

    @Test("halves: the same numbers, sines first", arguments: [2, 7, 26])
    func halves(width: Int) {
        let half = (width + 1) / 2
        check(.halves, width: width) { position, channel in
            let angle = position / pow(10_000, Double(channel % half * 2) / Double(width))
            return channel < half ? sin(angle) : cos(angle)
        }
    }

    @Test("halves to the end: the last frequency is 1/10000, and the reference computes the same")
    func halvesToEnd() throws {
        check(.halvesToEnd, width: 26) { position, channel in
            let angle = position * pow(10_000, -Double(channel % 13) / 12)
            return channel < 13 ? sin(angle) : cos(angle)
        }
        let stored = try #require(try SafetensorsFile(TransformerFixture.path("positions")).tensor(named: "sinusoids"))
        let computed = PositionEncoding.sinusoids(count: 50, width: 26, layout: .halvesToEnd)
        // The reference computes angles in single precision.
        #expect(largestDifference(computed.floats, stored.floats) < 1e-5)
        // Too narrow for a last frequency, but no crash.
        #expect(PositionEncoding.sinusoids(count: 2, width: 1, layout: .halvesToEnd).floats[0] == 0)
    }

    @Test(
        "each distance falls into the reference's bucket, seen both ways and backwards",
        arguments: [(32, 128), (8, 20), (17, 64), (4, 3)], [true, false])
    func buckets(sizes: (buckets: Int, maximum: Int), isCausal: Bool) throws {
        let name = "\(isCausal ? "causal" : "both").\(sizes.buckets).\(sizes.maximum)"
        let expected = try #require(try SafetensorsFile(TransformerFixture.path("positions")).tensor(named: name)).floats
        // A table whose entries are the buckets' numbers, and their negatives for a second head.
        let table = Tensor((0..<sizes.buckets).flatMap { [Float($0), -Float($0)] }, shape: [sizes.buckets, 2])
        let bias = try RelativePositionBias(
            heads: 2, buckets: sizes.buckets, maximumDistance: sizes.maximum, isCausal: isCausal,
            Weights(TensorDictionary(["bias.weight": table])), name: "bias")
        let all = bias(queries: 201, keys: 201)
        #expect(all.shape == [2, 201, 201])
        let elements = all.floats
        for query in 0..<201 {
            for key in 0..<201 {
                let bucket = expected[key - query + 200]
                #expect(elements[query * 201 + key] == bucket && elements[(201 + query) * 201 + key] == -bucket)
            }
        }
        // A last query alone, and the last few.
        #expect(bias(queries: 1, keys: 201).floats.prefix(201) == all.floats[200 * 201..<201 * 201])
        #expect(bias(queries: 3, keys: 201).floats.prefix(603) == all.floats[198 * 201..<201 * 201])
    }

    @Test("rotary turns each pair by its angle, keeps its length and leaves other channels")
    func rotary() {
        var random = Seeded(state: 1)
        // Two heads of width 8 of which 6 channels turn, and 3 channels beside them.
        let elements = random.floats(2 * 5 * 19)
        let x = Tensor(elements, shape: [2, 5, 19])
        let turned = RotaryEmbedding(base: 500, width: 6)(x, columns: [0, 8], first: 3).floats
        for row in 0..<10 {
            for channel in 0..<19 {
                let index = row * 19 + channel, inHead = channel % 8
                guard channel < 16, inHead < 6 else {
                    #expect(turned[index] == elements[index])
                    continue
                }
                let angle = Double(row % 5 + 3) * pow(500, -Double(inHead % 3) / 3)
                let other = Double(elements[inHead < 3 ? index + 3 : index - 3])
                let expected = Double(elements[index]) * cos(angle) + other * (inHead < 3 ? -sin(angle) : sin(angle))
                #expect(abs(Double(turned[index]) - expected) < 1e-5)
            }
        }
    }
}
