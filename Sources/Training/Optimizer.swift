public import AttentionEngine

/// Changes parameters by their gradients, step by step.
public protocol Optimizer {
    /// Changes every parameter that has a gradient and is not frozen, and clears the gradients.
    mutating func step(_ parameters: [Parameter], learningRate: Float)

    /// What it remembers from step to step, by name, so that a run can go on as if it had not been stopped.
    var state: [String: Tensor] { get }

    /// Takes what `state` was.
    ///
    /// - Throws: `InputError` if it is of another optimizer or other parameters.
    mutating func restore(_ state: [String: Tensor], for parameters: [Parameter]) throws
}

extension Parameter {
    /// Whether weight decay makes it smaller: matrices, but no norms and biases.
    public var isDecayed: Bool { value.rank > 1 }
}

/// A pointer that threads share, each with a range of its own.
struct Elements: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Float>
    init?(_ buffer: UnsafeMutableBufferPointer<Float>) {
        guard let start = buffer.baseAddress else { return nil }
        pointer = start
    }
}

/// One number for each element of each parameter, kept beside it.
struct Moments {
    private var tensors: [String: Tensor] = [:]
    let name: String

    init(_ name: String) { self.name = name }

    subscript(_ parameter: Parameter) -> Tensor {
        mutating get {
            if let known = tensors[parameter.name] { return known }
            let new = Tensor(repeating: 0, shape: parameter.value.shape)
            tensors[parameter.name] = new
            return new
        }
    }

    var state: [String: Tensor] {
        Dictionary(uniqueKeysWithValues: tensors.map { ("\(name).\($0.key)", $0.value) })
    }

    mutating func restore(_ state: [String: Tensor], for parameters: [Parameter]) throws {
        tensors = [:]
        for parameter in parameters {
            guard let stored = state["\(name).\(parameter.name)"] else { continue }
            guard stored.shape == parameter.value.shape, stored.elementType == .float32 else {
                throw InputError(
                    "optimizer state", found: "\(name) of \(parameter.name) of shape \(stored.shape)",
                    needed: "\(parameter.value.shape)", remedy: "Resume with the model that was trained")
            }
            tensors[parameter.name] = Tensor(stored.floats, shape: stored.shape)
        }
    }
}

extension [String: Tensor] {
    /// The number of steps in an optimizer's state.
    func stepCount() throws -> Int {
        guard let steps = self["steps"], steps.count == 1, let count = steps.integers.first, (0...1 << 48).contains(count) else {
            throw InputError(
                "optimizer state", found: "no number of steps", needed: "what an optimizer of this kind has saved",
                remedy: "Resume with the optimizer that the run was started with")
        }
        return count
    }
}

extension Parameter {
    /// Runs `body` on all threads over ranges of elements: those of the parameter, of its gradient, and of two others.
    func updateElements(
        _ first: Tensor? = nil, _ second: Tensor? = nil,
        _ body:
            @Sendable (
                _ elements: UnsafeMutablePointer<Float>, _ gradient: UnsafePointer<Float>, _ first: UnsafeMutablePointer<Float>,
                _ second: UnsafeMutablePointer<Float>, _ count: Int
            ) -> Void
    ) {
        guard let gradient, !isFrozen else { return }
        withMutableElements { elements in
            gradient.withMutableFloats { gradient in
                (first ?? value).withMutableFloats { first in
                    (second ?? value).withMutableFloats { second in
                        guard let p = Elements(elements), let g = Elements(gradient), let a = Elements(first),
                            let b = Elements(second)
                        else { return }
                        Processor.parallel(count: elements.count, grain: 1 << 14) { range in
                            let start = range.lowerBound
                            body(p.pointer + start, g.pointer + start, a.pointer + start, b.pointer + start, range.count)
                        }
                    }
                }
            }
        }
    }
}
