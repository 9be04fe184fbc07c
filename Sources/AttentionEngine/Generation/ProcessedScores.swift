import CKernels
import Synchronization

/// A row's tokens so far, how many of them are its prompt, and what the model read.
struct History: Sendable {
    var ids: [Int]
    var promptLength: Int
    var source: [Int]
}

extension Tensor {
    /// What `body` makes of each row's scores after all processors.
    ///
    /// Each row is worked on by one thread, in memory of its own that stays in the cache: with a large vocabulary and many
    /// beams, writing all of them out would cost more than the arithmetic.
    ///
    /// - Parameters:
    ///   - rows: the row of this tensor, `[rows, vocabulary]`, that each result is made of.
    ///   - histories: for each result the tokens so far.
    ///   - isLogarithm: whether the logarithm of softmax is taken first.
    func mapScores<Result: Sendable>(
        rows: [Int], _ histories: [History], _ processors: [any LogitsProcessor], isLogarithm: Bool,
        _ body: @Sendable (_ index: Int, _ scores: UnsafeBufferPointer<Float>) -> Result
    ) -> [Result] {
        let width = width
        let results = Mutex([Result?](repeating: nil, count: rows.count))
        withFloatBuffer { buffer in
            guard let start = buffer.baseAddress, width > 0 else { return }
            let source = SharedReading(pointer: start)
            Processor.parallel(count: rows.count) { range in
                var scratch: [Float] = []
                for index in range {
                    let row = source + rows[index] * width
                    let result: Result
                    if processors.isEmpty, !isLogarithm {
                        result = body(index, UnsafeBufferPointer(start: row, count: width))
                    } else {
                        if scratch.isEmpty { scratch = Array(repeating: 0, count: width) }
                        result = scratch.withUnsafeMutableBufferPointer { scores in
                            if isLogarithm, let scores = scores.baseAddress {
                                kernels.pointee.log_softmax(row, scores, Int64(width))
                            } else {
                                _ = scores.update(fromContentsOf: UnsafeBufferPointer(start: row, count: width))
                            }
                            var span = scores.mutableSpan
                            for processor in processors {
                                processor.process(
                                    &span, after: histories[index].ids, promptLength: histories[index].promptLength,
                                    source: histories[index].source)
                            }
                            return body(index, UnsafeBufferPointer(scores))
                        }
                    }
                    results.withLock { $0[index] = result }
                }
            }
        }
        return results.withLock { $0.compactMap(\.self) }
    }
}

extension ApproximateScores {
    /// What `body` makes of each row's scores after all processors, of which every one tolerates errors. Where one cannot tell, the
    /// row's scores are made exact.
    func mapScores<Result: Sendable>(
        rowCount: Int, _ histories: [History], _ processors: [any LogitsProcessor],
        _ body: @Sendable (_ row: Int, _ scores: UnsafeMutableBufferPointer<Float>, _ isExact: Bool) -> Result
    ) -> [Result] {
        let width = scores.width
        let results = Mutex([Result?](repeating: nil, count: rowCount))
        Processor.parallel(count: rowCount) { range in
            var scratch = [Float](repeating: 0, count: width)
            for row in range {
                let history = histories[row], error = largestError(ofRow: row)
                scores.withFloatBuffer { scores in
                    scratch.withUnsafeMutableBufferPointer {
                        _ = $0.update(fromContentsOf: UnsafeBufferPointer(rebasing: scores[row * width..<(row + 1) * width]))
                    }
                }
                var span = scratch.mutableSpan
                let canTell = processors.allSatisfy {
                    $0.process(
                        &span, offBy: error, after: history.ids, promptLength: history.promptLength, source: history.source)
                }
                if !canTell {
                    scratch = exactScores(ofRow: row)
                    var span = scratch.mutableSpan
                    for processor in processors {
                        processor.process(
                            &span, after: history.ids, promptLength: history.promptLength, source: history.source)
                    }
                }
                let result = scratch.withUnsafeMutableBufferPointer { body(row, $0, !canTell) }
                results.withLock { $0[row] = result }
            }
        }
        return results.withLock { $0.compactMap(\.self) }
    }
}
