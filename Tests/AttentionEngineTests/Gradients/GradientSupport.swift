import Testing

@testable import AttentionEngine

/// Pseudo-random numbers from −1 to 1.
func random(_ shape: [Int], seed: UInt64, scale: Float = 1) -> Tensor {
    var generator = SeededGenerator(state: seed)
    let count = shape.reduce(1, *)
    return Tensor((0..<count).map { _ in scale * (Float(generator.next() >> 40) * 0x1p-23 - 1) }, shape: shape)
}

/// Compares the gradients of `function` with central differences, at some elements of each operand.
func expectGradients(
    of operands: [Tensor], step: Float = 1e-2, tolerance: Float = 1e-2, checks: Int = 24, _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation, _ function: ([Tensor]) throws -> Tensor
) rethrows {
    let tape = GradientTape()
    let watched = operands.map(tape.watch)
    let result = try tape.record { try function(watched) }
    let weights = random(result.shape, seed: 77)
    tape.backward(from: result, gradient: weights)

    // The sum of the result's elements times fixed weights.
    func value(_ operands: [Tensor]) throws -> Double {
        zip(try function(operands).floats, weights.floats).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    var generator = SeededGenerator(state: 5)
    for (index, operand) in operands.enumerated() {
        guard let gradient = tape.gradient(of: watched[index])?.floats else {
            Issue.record("no gradient of operand \(index)", sourceLocation: sourceLocation)
            continue
        }
        let most = gradient.reduce(0) { max($0, abs($1)) }
        let numbers = operand.floats
        for _ in 0..<min(checks, numbers.count) {
            let place = Int(generator.next() % UInt64(numbers.count))
            func moved(_ by: Float) -> [Tensor] {
                var changed = numbers, all = operands
                changed[place] += by
                all[index] = Tensor(changed, shape: operand.shape)
                return all
            }
            let difference = Float((try value(moved(step)) - value(moved(-step))) / Double(2 * step))
            #expect(
                abs(difference - gradient[place]) <= tolerance * max(most, 1e-2), comment ?? "operand \(index), element \(place)",
                sourceLocation: sourceLocation)
        }
    }
}
