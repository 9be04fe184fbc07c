import AttentionEngine
import Foundation
import Testing
import Training

@Suite("Losses")
struct LossTests {
    private func random(_ count: Int, _ scale: Float = 1) -> [Float] {
        var generator = SeededGenerator(state: 4)
        return (0..<count).map { _ in scale * (Float(generator.next() >> 40) * 0x1p-23 - 1) }
    }

    /// Compares the gradient with central differences.
    private func expectGradient(_ numbers: [Float], _ shape: [Int], _ loss: (Tensor) throws -> Tensor) rethrows {
        let tape = GradientTape()
        let x = tape.watch(Tensor(numbers, shape: shape))
        tape.backward(from: try tape.record { try loss(x) })
        let gradient = tape.gradient(of: x)?.floats ?? []
        for place in stride(from: 0, to: numbers.count, by: 3) {
            func moved(_ by: Float) throws -> Float {
                var changed = numbers
                changed[place] += by
                return try loss(Tensor(changed, shape: shape)).floats[0]
            }
            let difference = (try moved(1e-2) - moved(-1e-2)) / 2e-2
            #expect(abs(difference - gradient[place]) <= 2e-3, "\(place): \(gradient[place]) for \(difference)")
        }
    }

    @Test func meanSquare() {
        let targets = Tensor(random(15, 2), shape: [3, 5])
        expectGradient(random(15), [3, 5]) { Loss.meanSquare($0, targets) }
    }

    @Test func connectionistTemporalClassification() throws {
        let targets = [[1, 2, 2], [3], [], [1, 1, 1, 1, 1]]
        try expectGradient(random(4 * 7 * 5, 2), [4, 7, 5]) { try Loss.ctc($0, targets, frames: [7, 5, 6, 7]) }
    }

    @Test("the sum over all ways of spreading a short target, counted one by one")
    func ctcByDefinition() throws {
        let scores = Tensor(random(4 * 3, 2), shape: [1, 4, 3])
        let probabilities = scores.reshaped(to: [4, 3]).softmax().floats
        var total: Float = 0
        for path in 0..<81 {
            let classes = [path / 27, path / 9 % 3, path / 3 % 3, path % 3]
            var collapsed: [Int] = [], last = -1
            for c in classes {
                if c != last, c != 0 { collapsed.append(c) }
                last = c
            }
            if collapsed == [1, 2] { total += classes.enumerated().reduce(1) { $0 * probabilities[$1.offset * 3 + $1.element] } }
        }
        let loss = try Loss.ctc(scores, [[1, 2]]).floats[0]
        let logarithm = log(total)
        #expect(abs(loss + logarithm / 2) <= 1e-4)
    }

    @Test func wrongTargets() {
        let scores = Tensor(repeating: 0, shape: [2, 3])
        #expect(throws: InputError.self) { try Loss.crossEntropy(scores, [0]) }
        #expect(throws: InputError.self) { try Loss.crossEntropy(scores, [0, 3]) }
        #expect(throws: InputError.self) { try Loss.ctc(scores.reshaped(to: [1, 2, 3]), [[0]]) }
    }
}
