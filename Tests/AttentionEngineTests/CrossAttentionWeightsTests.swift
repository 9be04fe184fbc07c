import Testing

@testable import AttentionEngine

@Suite("What cross-attention looks at")
struct CrossAttentionWeightsTests {
    @Test("the weights make up what the layer gathers, and listening changes nothing")
    func weights() throws {
        let fixture = try DecoderFixture("whisper")
        let states = try fixture.tensor("encoder_states")
        var own = fixture.decoder.memory(of: states)
        own.reorder([1])
        let embeddings = try fixture.embedding([[3, 7, 5, 11]])
        let heads = [CrossAttentionHead(layer: 1, head: 2), .init(layer: 0, head: 0), .init(layer: 9, head: 0)]
        var heard: Tensor?
        let weights = try fixture.decoder.crossAttentionWeights(embeddings, memory: own, heads: heads, states: &heard)
        #expect(weights.count == 2)
        for matrix in weights {
            #expect(matrix.shape == [4, states.shape[1]])
            for row in 0..<4 {
                let sum = matrix.sliced(row..<row + 1, along: 0).floats.reduce(0, +)
                #expect(abs(sum - 1) < 1e-5)
            }
        }
        let plain = try fixture.decoder.decode(embeddings, memory: own)
        #expect(try #require(heard).floats == plain.floats)

        let few = try fixture.decoder.crossAttentionWeights(
            embeddings, memory: own, heads: heads, memoryPositions: 2, states: &heard)
        // Among fewer positions the proportions stay.
        let all = weights[0].floats, some = few[0].floats, width = states.shape[1]
        #expect(few[0].shape == [4, 2])
        for row in 0..<4 {
            #expect(abs(some[row * 2] / some[row * 2 + 1] - all[row * width] / all[row * width + 1]) < 1e-3)
        }
    }
}
