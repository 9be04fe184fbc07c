import AttentionEngine
import Testing
import Training

@Suite("Optimizers and schedules")
struct OptimizerTests {
    private func store() -> ParameterStore {
        let store = ParameterStore(
            TensorDictionary(["w": Tensor([1, -2, 3, 0.5], shape: [2, 2]), "b": Tensor([1, 1], shape: [2])]))
        _ = try? store.tensor(named: "w")
        _ = try? store.tensor(named: "b")
        return store
    }

    private func run(_ optimizer: inout some Optimizer, _ store: ParameterStore, steps: Int) {
        for _ in 0..<steps {
            let tape = GradientTape()
            let (b, w) = (store.parameters[0].value, store.parameters[1].value)
            tape.backward(from: tape.record { w.multiplied(by: w).adding(b) })
            Gradients.clip(store.parameters, to: 5)
            optimizer.step(store.parameters, learningRate: 0.05)
        }
    }

    private func checkResume(_ make: () -> some Optimizer) throws {
        let whole = store(), first = store()
        var one = make(), two = make(), three = make()
        run(&one, whole, steps: 7)
        run(&two, first, steps: 3)
        let second = ParameterStore(
            TensorDictionary(Dictionary(uniqueKeysWithValues: try first.tensors().map { ($0.name, $0.tensor) })))
        for name in second.names { _ = try second.tensor(named: name) }
        try three.restore(two.state, for: second.parameters)
        run(&three, second, steps: 4)
        for (a, b) in zip(whole.parameters, second.parameters) { #expect(a.value.floats.elementsEqual(b.value.floats)) }
        #expect(whole.parameters[1].value.floats[1] > -1.9)
        #expect(throws: InputError.self) { try three.restore([:], for: second.parameters) }
    }

    @Test func resumingGivesTheSameBits() throws {
        try checkResume { AdamW() }
        try checkResume { SGD(weightDecay: 0.1) }
        try checkResume { Lion() }
    }

    @Test func decaySparesVectors() {
        #expect(store().parameters.map(\.isDecayed) == [false, true])
    }

    @Test func frozenParametersStay() {
        let store = store()
        store.freeze { $0 == "w" }
        var optimizer = AdamW()
        run(&optimizer, store, steps: 2)
        #expect(store.parameters[1].value.floats == [1, -2, 3, 0.5])
        #expect(store.parameters[0].value.floats[0] < 1)
    }

    @Test func clipping() {
        let store = store()
        let tape = GradientTape()
        let w = store.parameters[1].value
        tape.backward(from: tape.record { w.scaled(by: 3) })
        #expect(abs(Gradients.clip(store.parameters, to: 1.5) - 6) < 1e-5)
        #expect(abs(Gradients.norm(of: store.parameters) - 1.5) < 1e-4)
    }

    @Test func schedules() {
        var schedule = LearningRateSchedule(peak: 2, decay: .cosine, warmUpSteps: 4, totalSteps: 14, finalShare: 0.1)
        #expect((0..<4).map(schedule.rate) == [0.5, 1, 1.5, 2])
        #expect(abs(schedule.rate(at: 9) - 1.1) < 1e-5 && abs(schedule.rate(at: 50) - 0.2) < 1e-5)
        schedule.decay = .linear
        #expect(abs(schedule.rate(at: 9) - 1.1) < 1e-5)
        schedule.decay = .inverseRoot
        #expect(abs(schedule.rate(at: 15) - 1) < 1e-5)
    }

    @Test func averages() throws {
        let store = store()
        var average = ExponentialMovingAverage(decay: 0.5)
        average.update(store.parameters)
        store.parameters[0].update { $0[0] = 3 }
        average.update(store.parameters)
        average.swap(store.parameters)
        let keep: Float = 3 / 12
        #expect(abs(store.parameters[0].value.floats[0] - (keep + (1 - keep) * 3)) < 1e-6)
        average.swap(store.parameters)
        #expect(store.parameters[0].value.floats == [3, 1])
    }
}
