import CKernels
import Testing

@Suite("Activations")
struct ActivationKernelTests {
    /// Every magnitude, both signs, and where functions turn.
    private static let arguments: [Float] = {
        var list: [Float] = [
            0, -0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 1e-38, 87.3, -87.3, 88, -88, 88.7, -88.7, 89, -89, 104, -104,
        ]
        for exponent in -40...38 {
            for digit: Float in [1, 2, 3.3, 7] where Float(exponent) < 38 || digit <= 3.3 {
                let size = Float("\(digit)e\(exponent)")!
                list += [size, -size]
            }
        }
        list += (-4000...4000).map { Float($0) / 200 }
        return list
    }()

    @Test("every function, to 5e-7 or 5e-7 of the argument", arguments: KernelTable.all)
    func precision(table: KernelTable) {
        let x = Guarded(Self.arguments), y = Guarded(x.count)
        for activation in apus_activation.all {
            table.functions.activate(activation, x.start, y.start, Int64(x.count))
            #expect(y.isIntact())
            for index in 0..<x.count {
                let argument = Double(x.start[index]), expected = exact(activation, argument)
                // Far out every function is a line or a constant: there the error must not grow with the argument.
                let tolerance = activationTolerance(min(abs(argument), 100)) + 1e-6 * abs(expected)
                if abs(Double(y.start[index]) - expected) <= tolerance { continue }
                Issue.record(
                    "\(table.name), activation \(activation.rawValue) of \(argument): \(y.start[index]), not \(expected)")
            }
        }
    }

    @Test("counts from 1 to 67 write as many elements", arguments: KernelTable.all)
    func counts(table: KernelTable) {
        var random = Seeded(state: 7)
        for count in 1...67 {
            let x = Guarded(random.floats(count, limit: 6), shift: count % 3)
            for activation in apus_activation.all {
                let y = Guarded(count, shift: count % 2)
                table.functions.activate(activation, x.start, y.start, Int64(count))
                #expect(y.isIntact())
                for (x, y) in zip(x.elements, y.elements) {
                    #expect(abs(Double(y) - exact(activation, Double(x))) <= activationTolerance(Double(x)))
                }
            }
        }
    }

    @Test("NaN stays NaN and infinity has its limit, in whole vectors and in parts of one", arguments: KernelTable.all)
    func nonFinite(table: KernelTable) {
        func values(_ activation: apus_activation, _ x: Float) -> [Float] {
            let x = Guarded([Float](repeating: x, count: 33)), y = Guarded(33)
            table.functions.activate(activation, x.start, y.start, 33)
            return y.elements
        }
        for activation in apus_activation.all {
            #expect(values(activation, .nan).allSatisfy { $0.isNaN }, "\(activation.rawValue) of NaN")
            let isBounded = activation == apus_activation_tanh || activation == apus_activation_sigmoid
            #expect(values(activation, .infinity).allSatisfy { $0 == (isBounded ? 1 : .infinity) }, "\(activation.rawValue) of ∞")
            // −∞ · 0 has no value: like the reference, x σ(x) and its kin give NaN.
            let least = values(activation, -.infinity)
            switch activation {
            case apus_activation_none: #expect(least.allSatisfy { $0 == -.infinity })
            case apus_activation_relu, apus_activation_sigmoid: #expect(least.allSatisfy { $0 == 0 })
            case apus_activation_tanh: #expect(least.allSatisfy { $0 == -1 })
            default: #expect(least.allSatisfy { $0.isNaN }, "\(activation.rawValue) of −∞")
            }
        }
    }
}
