import Testing

@testable import AttentionEngine

@Suite("Gradients of operations against differences")
struct OperationGradientTests {
    @Test func addingAndMultiplying() {
        let a = random([3, 5, 7], seed: 1)
        expectGradients(of: [a, random([3, 5, 7], seed: 2)]) { $0[0].adding($0[1]) }
        expectGradients(of: [a, random([5, 7], seed: 2)]) { $0[0].adding($0[1]) }
        expectGradients(of: [a, random([7], seed: 2)]) { $0[0].adding($0[1]) }
        expectGradients(of: [a, random([3, 5, 7], seed: 2)]) { $0[0].multiplied(by: $0[1]) }
        expectGradients(of: [a, random([7], seed: 2)]) { $0[0].multiplied(by: $0[1]) }
        expectGradients(of: [a]) { $0[0].scaled(by: -1.7) }
        // One tensor in several places.
        expectGradients(of: [a]) { $0[0].multiplied(by: $0[0]).adding($0[0]) }
    }

    @Test(arguments: Activation.allCases)
    func activations(_ activation: Activation) {
        // Away from the corner of relu.
        let x = Tensor(random([3, 37], seed: 3, scale: 3).floats.map { abs($0) < 0.05 ? 0.3 : $0 }, shape: [3, 37])
        expectGradients(of: [x], tolerance: 5e-3) { $0[0].activated(activation) }
    }

    @Test func softmaxAndNorms() {
        let x = random([4, 19], seed: 4, scale: 2)
        expectGradients(of: [x]) { $0[0].softmax() }
        for width in [1, 19, 33] {
            let x = random([71, width], seed: 4, scale: 2)
            let (weight, bias) = (random([width], seed: 5), random([width], seed: 6))
            expectGradients(of: [x, weight, bias]) {
                $0[0].layerNormalized(weight: $0[1], bias: $0[2], epsilon: 1e-2)
            }
            expectGradients(of: [x, weight]) { $0[0].layerNormalized(weight: $0[1], bias: nil, epsilon: 1e-2) }
            expectGradients(of: [x, weight]) { $0[0].rmsNormalized(weight: $0[1], epsilon: 1e-2) }
        }
    }

    @Test func shaping() {
        let x = random([3, 5, 7], seed: 7)
        expectGradients(of: [x]) { $0[0].reshaped(to: [5, 21]).multiplied(by: $0[0].reshaped(to: [5, 21])) }
        expectGradients(of: [x]) { $0[0].permuted([2, 0, 1]) }
        expectGradients(of: [x]) { $0[0].permuted([1, 0, 2]) }
        for axis in 0..<3 {
            expectGradients(of: [x]) { $0[0].sliced(1..<3, along: axis) }
            expectGradients(of: [x, random([3, 5, 7], seed: 8)]) { .concatenated([$0[0], $0[1], $0[0]], along: axis) }
            expectGradients(of: [x]) { $0[0].mean(along: axis) }
        }
        expectGradients(of: [x]) { $0[0].position(2) }
        expectGradients(of: [x]) { $0[0].repeated(4) }
        expectGradients(of: [x, random([3, 5, 7], seed: 9)]) { .mean(of: $0) }
    }

    @Test func positionsLeftOut() {
        let x = random([3, 9, 5], seed: 7)
        let kept = { (operands: [Tensor]) in
            let tape = GradientTape.current ?? GradientTape()
            // The same are drawn every time.
            tape.generator = SeededGenerator(state: 3)
            return operands[0].positionsDropped(0.5, from: 2, tape)
        }
        expectGradients(of: [x]) { kept($0) }
        let result = kept([x])
        // The first two stay, and 0.5 · 7 of the others in their order, drawn for each example anew.
        #expect(result.shape == [3, 6, 5])
        var drawn: Set<[Int]> = []
        for example in 0..<3 {
            let rows = (0..<6).map { Array(result.floats[(example * 6 + $0) * 5..<(example * 6 + $0 + 1) * 5]) }
            let all = (0..<9).map { Array(x.floats[(example * 9 + $0) * 5..<(example * 9 + $0 + 1) * 5]) }
            let places = rows.compactMap { all.firstIndex(of: $0) }
            #expect(places.count == 6 && Array(places[..<2]) == [0, 1] && places == places.sorted())
            drawn.insert(places)
        }
        #expect(drawn.count > 1)
        #expect(x.positionsDropped(0, from: 2, GradientTape()).shape == [3, 9, 5])
        #expect(x.positionsDropped(0.99, from: 0, GradientTape()).shape == [3, 1, 5])
        #expect(x.positionsDropped(0.5, from: 9, GradientTape()).shape == [3, 9, 5])
    }

    @Test func products() {
        for (rows, depth, columns) in [(1, 1, 1), (3, 5, 7), (29, 33, 17), (67, 130, 35)] {
            let x = random([rows, depth], seed: 10), bias = random([columns], seed: 12)
            let residual = random([rows, columns], seed: 13)
            for layout in [PackedMatrix.Layout.outputByInput, .inputByOutput] {
                let shape = layout == .outputByInput ? [columns, depth] : [depth, columns]
                expectGradients(of: [x, random(shape, seed: 11), bias, residual], "\(rows) \(depth) \(columns)") {
                    TrainedMatrix([$0[1]], layout: layout, precision: .float32).product(
                        $0[0], bias: $0[2], activation: .identity, residual: $0[3])
                }
                expectGradients(of: [x, random(shape, seed: 11), random(shape, seed: 14), residual]) {
                    TrainedMatrix([$0[1], $0[2]], layout: layout, precision: .float32).product(
                        $0[0], bias: nil, activation: .tanh,
                        residual: .concatenated([$0[3], $0[3]], along: 1))
                }
            }
        }
    }

    @Test func productsDeeperThanABlock() {
        let x = random([1_600, 9], seed: 10), weight = random([11, 9], seed: 11)
        expectGradients(of: [x, weight], checks: 9) {
            TrainedMatrix([$0[1]], precision: .float32).product($0[0], bias: nil, activation: .identity, residual: nil)
        }
    }

    @Test func productsInBrains() {
        let x = random([37, 50], seed: 10), weight = random([21, 50], seed: 11)
        expectGradients(of: [x, weight], step: 0.25, tolerance: 5e-2) {
            TrainedMatrix([$0[1]], precision: .bfloat16).product($0[0], bias: nil, activation: .identity, residual: nil)
        }
    }

    @Test func convolutions() {
        for (kernel, stride, padding) in [(3, 1, 1), (3, 2, 1), (2, 3, 0)] {
            let weights = [random([6, 5, kernel], seed: 15), random([6], seed: 16)]
            expectGradients(of: [random([2, 11, 5], seed: 14)] + weights) { operands in
                let layer = try! Convolution1D(
                    5, 6, kernelSize: kernel, stride: stride, padding: padding,
                    Weights(TensorDictionary(["weight": operands[1], "bias": operands[2]])))
                return layer(operands[0], activation: .gelu)
            }
        }
    }

    @Test func embeddingsAndPositions() throws {
        expectGradients(of: [random([9, 5], seed: 17)]) { operands in
            let embedding = try! TokenEmbedding(9, 5, Weights(TensorDictionary(["weight": operands[0]])))
            return try! embedding([[1, 8, 1], [0, 1, 3]])
        }
        for isCausal in [false, true] {
            expectGradients(of: [random([8, 3], seed: 18)]) { operands in
                let bias = try! RelativePositionBias(
                    heads: 3, buckets: 8, maximumDistance: 9, isCausal: isCausal,
                    Weights(TensorDictionary(["bias.weight": operands[0]])), name: "bias")
                return bias(queries: 5, keys: 7)
            }
        }
        expectGradients(of: [random([2, 5, 24], seed: 19)]) {
            RotaryEmbedding(base: 100, width: 6)($0[0], columns: [0, 8], first: 3)
        }
    }

    @Test func crossEntropy() {
        for smoothing in [Float(0), 0.1] {
            expectGradients(of: [random([5, 13], seed: 20, scale: 3)]) {
                $0[0].crossEntropy([3, -100, 0, 12, 5], smoothing: smoothing)
            }
        }
    }

    @Test func gradientsAddUp() {
        let tape = GradientTape()
        let x = tape.watch(random([4, 3], seed: 21))
        for _ in 0..<2 { tape.backward(from: tape.record { x.scaled(by: 2) }, gradient: Tensor(repeating: 1, shape: [4, 3])) }
        #expect(tape.gradient(of: x)?.floats.allSatisfy { $0 == 4 } == true)
        // What is not recorded is not remembered.
        #expect(x.scaled(by: 2).node == nil)
    }
}
