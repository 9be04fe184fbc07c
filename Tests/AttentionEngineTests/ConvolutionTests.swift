import Testing

@testable import AttentionEngine

@Suite("A convolution along a sequence")
struct ConvolutionTests {
    @Test("the sums that its definition asks for", arguments: [(1, 1, 0), (3, 1, 1), (3, 2, 1), (4, 3, 0), (5, 2, 4)])
    func definition(kernelSize: Int, stride: Int, padding: Int) throws {
        var random = Seeded(state: 3)
        let (inputs, outputs) = (5, 37)
        for length in [kernelSize, 7, 20, 61] {
            let weight = random.floats(outputs * inputs * kernelSize), bias = random.floats(outputs)
            let x = random.floats(2 * length * inputs)
            let weights = Weights(
                TensorDictionary([
                    "weight": Tensor(weight, shape: [outputs, inputs, kernelSize]), "bias": Tensor(bias, shape: [outputs]),
                ]))
            let layer = try Convolution1D(inputs, outputs, kernelSize: kernelSize, stride: stride, padding: padding, weights)
            let count = (length + 2 * padding - kernelSize) / stride + 1
            let found = layer(Tensor(x, shape: [2, length, inputs]), activation: .relu)
            #expect(layer.resultCount(length) == count && found.shape == [2, count, outputs])

            var expected: [Float] = []
            for batch in 0..<2 {
                for result in 0..<count {
                    for output in 0..<outputs {
                        var sum = Double(bias[output])
                        for offset in 0..<kernelSize {
                            let position = result * stride + offset - padding
                            guard (0..<length).contains(position) else { continue }
                            for input in 0..<inputs {
                                sum +=
                                    Double(x[(batch * length + position) * inputs + input])
                                    * Double(weight[(output * inputs + input) * kernelSize + offset])
                            }
                        }
                        expected.append(Float(max(0, sum)))
                    }
                }
            }
            #expect(largestDifference(found.floats, expected) < 2e-6)
        }
    }

    @Test("a sequence too short for a single window has no results")
    func short() throws {
        let weights = Weights(TensorDictionary(["weight": Tensor(repeating: 1, shape: [2, 1, 4])]))
        let layer = try Convolution1D(1, 2, kernelSize: 4, weights, hasBias: false)
        #expect(layer(Tensor(repeating: 1, shape: [1, 3, 1])).shape == [1, 0, 2])
    }

    @Test("weights of another shape are named")
    func shape() {
        let weights = Weights(TensorDictionary(["weight": Tensor(repeating: 1, shape: [2, 3, 4])]))
        #expect(throws: InputError.self) { try Convolution1D(1, 2, kernelSize: 4, weights, hasBias: false) }
    }
}
