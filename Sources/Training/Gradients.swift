public import AttentionEngine

/// What is done to all gradients between the backward pass and the optimizer's step.
public enum Gradients {
    /// The root of the sum of all squares.
    public static func norm(of parameters: [Parameter]) -> Float {
        Float(
            parameters.reduce(0.0) { total, parameter in
                guard let gradient = parameter.gradient, !parameter.isFrozen else { return total }
                return total + sumOfSquares(gradient)
            }.squareRoot())
    }

    /// Scales all gradients so that their norm is at most `limit` (Pascanu et al., 2013, arXiv:1211.5063).
    ///
    /// - Returns: the norm before.
    @discardableResult
    public static func clip(_ parameters: [Parameter], to limit: Float) -> Float {
        let norm = norm(of: parameters)
        if norm > limit { scale(parameters, by: limit / (norm + 1e-6)) }
        return norm
    }

    /// Multiplies all gradients: by 1 / n where n batches' gradients were added up to make a step.
    public static func scale(_ parameters: [Parameter], by factor: Float) {
        for parameter in parameters where !parameter.isFrozen {
            parameter.withMutableGradient { gradient in
                guard let g = Elements(gradient) else { return }
                Processor.parallel(count: gradient.count, grain: 1 << 14) { range in
                    for i in range { g.pointer[i] *= factor }
                }
            }
        }
    }

    /// Sums of stretches, so that the result does not depend on the number of threads.
    private static func sumOfSquares(_ tensor: Tensor) -> Double {
        let stretch = 1 << 13, stretches = (tensor.count + stretch - 1) / stretch
        let sums = Tensor(repeating: 0, shape: [stretches])
        tensor.withMutableFloats { elements in
            sums.withMutableFloats { sums in
                guard let x = Elements(elements), let to = Elements(sums) else { return }
                let count = elements.count
                Processor.parallel(count: stretches, grain: 2) { range in
                    for index in range {
                        var parts = SIMD16<Float>.zero
                        let end = min(count, (index + 1) * stretch)
                        var i = index * stretch
                        while i + 16 <= end {
                            let part = UnsafeRawPointer(x.pointer + i).loadUnaligned(as: SIMD16<Float>.self)
                            parts += part * part
                            i += 16
                        }
                        var sum = parts.sum()
                        while i < end {
                            sum += x.pointer[i] * x.pointer[i]
                            i += 1
                        }
                        to.pointer[index] = sum
                    }
                }
            }
        }
        return sums.floats.reduce(0.0) { $0 + Double($1) }
    }
}
