#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What is added to embeddings to tell positions apart, where the configuration adds anything.
struct PositionEncoding: Sendable {
    private enum Source {
        case none
        case table(Tensor, offset: Int)
        case sinusoids(TransformerConfiguration.SinusoidLayout)
    }

    private let source: Source
    private let width: Int

    init(_ configuration: TransformerConfiguration, _ weights: Weights, name: String) throws {
        width = configuration.width
        switch configuration.positions {
        case .learned(let count, let offset):
            // Vision models store the table with a batch dimension in front.
            let shape = weights.shape(of: name)?.count == 3 ? [1, count, width] : [count, width]
            let table = try weights.get(name, shape).reshaped(to: [count, width])
            source = .table(configuration.trainsPositions ? table : table.detached, offset: offset)
        case .sinusoidal(let layout): source = .sinusoids(layout)
        case .none, .relative, .rotary: source = .none
        }
    }

    /// The longest sequence there are positions for.
    var limit: Int {
        guard case .table(let table, let offset) = source else { return .max }
        return table.shape[0] - offset
    }

    /// `embeddings`, `[batch, positions, width]`, with the positions' vectors added.
    ///
    /// - Parameter first: the number of the first position.
    func callAsFunction(_ embeddings: Tensor, first: Int = 0) -> Tensor {
        vectors(first..<first + embeddings.shape[1]).map(embeddings.adding) ?? embeddings
    }

    /// The same where each position of each sequence has a number of its own: `[batch · positions]`.
    func callAsFunction(_ embeddings: Tensor, numbers: [Int]) -> Tensor {
        guard let most = numbers.max(), let table = vectors(0..<most + 1) else { return embeddings }
        let rows = numbers.map { table.sliced($0..<$0 + 1, along: 0) }
        return embeddings.adding(Tensor.concatenated(rows, along: 0).reshaped(to: embeddings.shape))
    }

    /// `[positions, width]`; `nil` where nothing is added.
    private func vectors(_ range: Range<Int>) -> Tensor? {
        switch source {
        case .none: return nil
        case .sinusoids(let layout):
            return Self.sinusoids(first: range.lowerBound, count: range.count, width: width, layout: layout)
        case .table(let table, let offset):
            let bare = min(max(0, -offset - range.lowerBound), range.count)
            let end = max(0, range.upperBound + offset)
            let rows = table.sliced(end - (range.count - bare)..<end, along: 0)
            return bare == 0 ? rows : .concatenated([Tensor(repeating: 0, shape: [bare, width]), rows], along: 0)
        }
    }

    /// `[count, width]`: sin(p ω) and cos(p ω) with ω falling geometrically from 1 towards 1/10,000.
    static func sinusoids(
        first: Int = 0, count: Int, width: Int, layout: TransformerConfiguration.SinusoidLayout
    ) -> Tensor {
        let half = (width + 1) / 2
        let steps = layout == .halvesToEnd ? Double(max(1, width / 2 - 1)) : Double(width) / 2
        return Tensor(shape: [count, width]) { (output: UnsafeMutableBufferPointer<Float>) in
            for position in 0..<count {
                for channel in 0..<width {
                    let pair = layout == .interleaved ? channel / 2 : channel % half
                    let isSine = layout == .interleaved ? channel % 2 == 0 : channel < half
                    let angle = Double(first + position) * exp(-log(10_000) * Double(pair) / steps)
                    output[position * width + channel] = Float(isSine ? sin(angle) : cos(angle))
                }
            }
        }
    }
}

extension TransformerConfiguration.SinusoidLayout {
    /// The sines and cosines of the first positions, `[count, width]`.
    public func table(count: Int, width: Int) -> Tensor { PositionEncoding.sinusoids(count: count, width: width, layout: self) }
}

/// A number for each head and distance between positions, added to the attention scores (Raffel et al., 2020,
/// arXiv:1910.10683): exact for small distances, shared by ever wider buckets for large ones.
struct RelativePositionBias: Sendable {
    private let table: Tensor
    private let heads: Int
    private let buckets: Int
    private let maximumDistance: Int
    private let isCausal: Bool

    /// Loads the table, `[buckets, heads]`.
    init(
        heads: Int, buckets: Int, maximumDistance: Int, isCausal: Bool, _ weights: Weights, name: String
    ) throws {
        table = try weights[name].get("weight", [buckets, heads])
        self.heads = heads
        self.buckets = buckets
        self.maximumDistance = maximumDistance
        self.isCausal = isCausal
    }

    /// `[heads, queries, keys]`; the last query stands where the last key does.
    func callAsFunction(queries: Int, keys: Int) -> Tensor {
        // The bias depends on the distance alone: one row of them serves every query.
        let rows = (0..<queries + keys).map { index in bucket(distance: index - queries - (keys - queries)) }
        let table = table.floats
        let bias = Tensor(shape: [heads, queries, keys]) { (output: UnsafeMutableBufferPointer<Float>) in
            for head in 0..<heads {
                for query in 0..<queries {
                    for key in 0..<keys {
                        // distance = key − (query + keys − queries)
                        output[(head * queries + query) * keys + key] = table[rows[key - query + queries] * heads + head]
                    }
                }
            }
        }
        guard let tape = GradientTape.tracking(self.table) else { return bias }
        return tape.remember(bias) { [self] gradient in
            var sums = [Float](repeating: 0, count: self.table.count)
            gradient.withFloatBuffer { gradient in
                for head in 0..<heads {
                    for query in 0..<queries {
                        for key in 0..<keys {
                            sums[rows[key - query + queries] * heads + head] += gradient[(head * queries + query) * keys + key]
                        }
                    }
                }
            }
            self.table.node?.add(Tensor(sums, shape: self.table.shape))
        }
    }

    /// The bucket of a key `distance` positions after the query; negative distances lie before it.
    private func bucket(distance: Int) -> Int {
        var count = buckets
        var first = 0
        var size = -distance
        if isCausal {
            size = max(size, 0)
        } else {
            count /= 2
            if distance > 0 { first = count }
            size = abs(distance)
        }
        let exact = count / 2
        if size < exact { return first + size }
        let share = logf(Float(size) / Float(max(1, exact))) / logf(Float(maximumDistance) / Float(max(1, exact)))
        return first + min(count - 1, exact + Int(share * Float(count - exact)))
    }
}

/// Turns pairs of channels of each head by angles that grow with the position (Su et al., 2021, arXiv:2104.09864),
/// channel i with channel i + width/2, as Llama-like checkpoints are trained.
struct RotaryEmbedding: Sendable {
    let base: Float
    let width: Int

    /// `x`, `[batch, positions, …]`, with the first `width` channels of each head turned.
    ///
    /// - Parameters:
    ///   - columns: where each head that is turned starts in a row.
    ///   - first: the number of the first position.
    func callAsFunction(_ x: Tensor, columns: [Int], first: Int = 0) -> Tensor {
        let turned = turned(x, columns: columns, first: first, direction: 1)
        guard let tape = GradientTape.tracking(x) else { return turned }
        return tape.remember(turned) { [self] in
            x.node?.add(self.turned($0, columns: columns, first: first, direction: -1))
        }
    }

    private func turned(_ x: Tensor, columns: [Int], first: Int, direction: Float) -> Tensor {
        let positions = x.shape[1], half = width / 2, rowWidth = x.width
        return x.withFloatBuffer { input in
            Tensor(shape: x.shape) { (output: UnsafeMutableBufferPointer<Float>) in
                _ = output.update(fromContentsOf: input)
                for position in 0..<positions {
                    for channel in 0..<half {
                        let frequency = pow(Double(base), -2 * Double(channel) / Double(width))
                        let angle = Float(Double(first + position) * frequency)
                        let sine = direction * sinf(angle), cosine = cosf(angle)
                        for batch in 0..<x.shape[0] {
                            for column in columns {
                                let low = (batch * positions + position) * rowWidth + column + channel
                                let (a, b) = (input[low], input[low + half])
                                output[low] = a * cosine - b * sine
                                output[low + half] = b * cosine + a * sine
                            }
                        }
                    }
                }
            }
        }
    }
}
