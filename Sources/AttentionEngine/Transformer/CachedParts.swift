extension Transformer {
    /// How many inputs of a batch go through the layers together, so that what a layer leaves for the next is still in a cache when
    /// that reads it; all where that gains nothing.
    ///
    /// Every part reads all weights anew. That costs less than states which come from memory, as long as a part has so many positions
    /// that its states are the larger.
    func inputsAtOnce(_ batch: Int, positions: Int) -> Int {
        let width = configuration.width, feedForward = configuration.feedForward
        let widest = max(feedForward.innerWidth * (feedForward.isGated ? 2 : 1), 3 * width)
        let cachedPositions = Self.cachedBytes / (widest * MemoryLayout<Float>.size)
        guard positions > 0, cachedPositions * MemoryLayout<Float>.size > width * precision.weightBytes else { return batch }
        let most = max(1, cachedPositions / positions), parts = (batch + most - 1) / most
        return parts > 1 ? (batch + parts - 1) / parts : batch
    }

    /// About what the caches of a processor keep of a layer's states beside its weights.
    private static let cachedBytes = 3 << 20

    /// `encode` for a batch, part by part.
    func encodeParts(_ embeddings: Tensor, visible: Tensor?, needed: NeededPositions, inputs: Int) throws -> Tensor {
        let batch = embeddings.shape[0]
        let parts = try stride(from: 0, to: batch, by: inputs).map { first in
            let part = first..<min(first + inputs, batch)
            return try encode(embeddings.sliced(part, along: 0), visible: visible?.sliced(part, along: 0), needed: needed)
        }
        return .concatenated(parts, along: 0)
    }
}

extension Precision {
    /// About how many bytes a weight of an encoder takes.
    fileprivate var weightBytes: Int {
        switch self {
        case .float32: 4
        case .bfloat16: 2
        case .int8, .int4: 1
        }
    }
}
