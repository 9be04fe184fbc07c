public import AttentionEngine

/// A mean of parameters over the last steps, often better than the last alone (Polyak and Juditsky, 1992).
public struct ExponentialMovingAverage {
    /// The share of the mean that a step keeps.
    public var decay: Float
    private var steps = 0
    private var means: [String: Tensor] = [:]

    /// Creates a mean of nothing yet.
    public init(decay: Float = 0.999) { self.decay = decay }

    /// Takes in the parameters after a step. The first steps count more, so that the start is soon forgotten.
    public mutating func update(_ parameters: [Parameter]) {
        steps += 1
        let keep = min(decay, Float(1 + steps) / Float(10 + steps))
        for parameter in parameters {
            guard let mean = means[parameter.name] else {
                means[parameter.name] = Tensor(parameter.value.floats, shape: parameter.value.shape)
                continue
            }
            mean.withMutableFloats { mean in
                parameter.value.withMutableFloats { value in
                    guard let m = Elements(mean), let v = Elements(value) else { return }
                    Processor.parallel(count: mean.count, grain: 1 << 14) { range in
                        for i in range { m.pointer[i] = keep * m.pointer[i] + (1 - keep) * v.pointer[i] }
                    }
                }
            }
        }
    }

    /// Exchanges parameters and means: once before validating or saving, and once more to train on.
    public func swap(_ parameters: [Parameter]) {
        for parameter in parameters {
            guard let mean = means[parameter.name] else { continue }
            mean.withMutableFloats { mean in
                parameter.withMutableElements { value in
                    for i in mean.indices { (mean[i], value[i]) = (value[i], mean[i]) }
                }
            }
        }
    }

    /// What it remembers, by name.
    public var state: [String: Tensor] {
        Dictionary(uniqueKeysWithValues: means.map { ("average.\($0.key)", $0.value) })
            .merging(["average-steps": Tensor(integers: [steps], shape: [1])]) { $1 }
    }

    /// Takes what `state` was.
    ///
    /// - Throws: `InputError` if it is of other parameters.
    public mutating func restore(_ state: [String: Tensor], for parameters: [Parameter]) throws {
        steps = state["average-steps"]?.integers.first ?? 0
        guard (0...1 << 48).contains(steps) else {
            throw InputError(
                "averaged parameters", found: "\(steps) steps", needed: "as many as were taken",
                remedy: "Resume from a state that a run has saved")
        }
        means = [:]
        for parameter in parameters {
            guard let stored = state["average.\(parameter.name)"] else { continue }
            guard stored.shape == parameter.value.shape else {
                throw InputError(
                    "averaged parameters", found: "\(parameter.name) of shape \(stored.shape)",
                    needed: "\(parameter.value.shape)", remedy: "Resume with the model that was trained")
            }
            means[parameter.name] = Tensor(stored.floats, shape: stored.shape)
        }
    }
}
