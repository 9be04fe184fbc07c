import Testing

@testable import AttentionEngine

@Suite("Tensor operations")
struct TensorOperationTests {
    /// 0, 1, 2, … in a shape.
    private func counted(_ shape: [Int]) -> Tensor { Tensor((0..<shape.reduce(1, *)).map(Float.init), shape: shape) }

    /// Where each element of a shape stands, by its index.
    private func indices(of shape: [Int]) -> [[Int]] {
        shape.reduce([[]]) { indices, extent in indices.flatMap { index in (0..<extent).map { index + [$0] } } }
    }

    private func offset(_ index: [Int], in shape: [Int]) -> Int { zip(index, shape).reduce(0) { $0 * $1.1 + $1.0 } }

    @Test(
        "permuted moves every element to its place",
        arguments: [
            [0], [1, 0], [0, 1], [2, 0, 1], [1, 0, 2], [0, 2, 1], [3, 1, 0, 2], [0, 2, 1, 3], [1, 0, 2, 3], [2, 1, 0, 3, 4],
        ])
    func permuted(order: [Int]) {
        let shape = Array([3, 2, 5, 4, 3].prefix(order.count))
        let result = counted(shape).permuted(order)
        #expect(result.shape == order.map { shape[$0] })
        let elements = result.floats
        for index in indices(of: shape) {
            let moved = order.map { index[$0] }
            #expect(elements[offset(moved, in: result.shape)] == Float(offset(index, in: shape)))
        }
    }

    @Test("permuted with extents of one and zero, and with no dimensions")
    func permutedEdges() {
        #expect(counted([1, 7, 1]).permuted([2, 1, 0]).floats == counted([7]).floats)
        #expect(counted([3, 0, 2]).permuted([2, 0, 1]).shape == [2, 3, 0])
        #expect(counted([]).permuted([]).floats == [0])
    }

    @Test("sliced takes its range of any dimension", arguments: 0..<3)
    func sliced(axis: Int) {
        let shape = [4, 3, 5]
        for range in [0..<shape[axis], 0..<1, 1..<3, shape[axis] - 1..<shape[axis], 2..<2] {
            let part = counted(shape).sliced(range, along: axis)
            var expected = shape
            expected[axis] = range.count
            #expect(part.shape == expected)
            let elements = part.floats
            for index in indices(of: expected) {
                var whole = index
                whole[axis] += range.lowerBound
                #expect(elements[offset(index, in: expected)] == Float(offset(whole, in: shape)))
            }
        }
    }

    @Test("a slice outlives the tensor it is of, and a slice of a slice counts from there")
    func slicesOfSlices() {
        let part = counted([6, 2]).sliced(2..<6, along: 0).sliced(1..<3, along: 0)
        _ = (0..<8).map { _ in Tensor(repeating: -1, shape: [6, 2]) }
        #expect(part.floats == [6, 7, 8, 9])
        #expect(counted([2, 3, 2]).position(1).floats == [2, 3, 8, 9])
        #expect(Tensor(integers: [5, 6, 7], shape: [3]).sliced(1..<3, along: 0).integers == [6, 7])
    }

    @Test("concatenated and sliced are inverse", arguments: 0..<3)
    func concatenated(axis: Int) {
        let whole = counted([3, 4, 5])
        let cuts = [0, 1, 1, 3]
        let parts = zip(cuts, cuts.dropFirst() + [whole.shape[axis]]).map { whole.sliced($0..<$1, along: axis) }
        let joined = Tensor.concatenated(parts, along: axis)
        #expect(joined.shape == whole.shape && joined.floats == whole.floats)
    }

    @Test("repeated and the two means")
    func repetition() {
        let one = counted([2, 2])
        #expect(one.repeated(3).shape == [3, 2, 2] && one.repeated(3).floats == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3])
        #expect(one.repeated(0).shape == [0, 2, 2])
        #expect(
            Tensor.mean(of: [one, one.scaled(by: 3), Tensor(repeating: 2, shape: [2, 2])]).floats.map { ($0 * 3).rounded() } == [
                2, 6, 10, 14,
            ])
        let block = counted([2, 3, 2])
        #expect(block.mean(along: 0).floats == [3, 4, 5, 6, 7, 8])
        #expect(block.mean(along: 1).shape == [2, 2] && block.mean(along: 1).floats == [2, 3, 8, 9])
        #expect(block.mean(along: 2).floats == [0.5, 2.5, 4.5, 6.5, 8.5, 10.5])
    }

    @Test("adding and multiplying repeat the smaller tensor over the dimensions in front")
    func broadcasting() {
        let whole = counted([2, 3, 2])
        #expect(whole.adding(whole).floats == whole.floats.map { 2 * $0 })
        #expect(whole.adding(counted([3, 2])).floats == [0, 2, 4, 6, 8, 10, 6, 8, 10, 12, 14, 16])
        #expect(whole.adding(Tensor([10, 20], shape: [2])).floats == [10, 21, 12, 23, 14, 25, 16, 27, 18, 29, 20, 31])
        #expect(whole.adding(Tensor([1], shape: [])).floats == whole.floats.map { $0 + 1 })
        #expect(whole.multiplied(by: whole).floats == whole.floats.map { $0 * $0 })
        #expect(whole.multiplied(by: Tensor([0, 2], shape: [2])).floats == [0, 2, 0, 6, 0, 10, 0, 14, 0, 18, 0, 22])
        #expect(whole.scaled(by: -2).floats == whole.floats.map { -2 * $0 })
    }

    @Test("operations over rows take every row, also of many")
    func rows() {
        var random = Seeded(state: 1)
        let elements = random.floats(3000 * 17)
        let x = Tensor(elements, shape: [3, 1000, 17])
        let sums = x.softmax().mean(along: 2).floats
        #expect(sums.allSatisfy { abs($0 * 17 - 1) < 1e-5 })
        #expect(x.activated(.relu).floats == elements.map { max($0, 0) })
        #expect(x.activated(.identity).floats == elements)
        let weight = Tensor(repeating: 2, shape: [17]), bias = Tensor(repeating: 5, shape: [17])
        let means = x.layerNormalized(weight: weight, bias: bias, epsilon: 0).mean(along: 2).floats
        #expect(means.allSatisfy { abs($0 - 5) < 1e-5 })
        let normalized = x.rmsNormalized(weight: weight, epsilon: 0)
        #expect(normalized.multiplied(by: normalized).mean(along: 2).floats.allSatisfy { abs($0 - 4) < 1e-4 })
    }

    @Test("tensors without elements pass through everything")
    func empty() {
        for shape in [[0], [0, 4], [3, 0], [2, 0, 4]] {
            let nothing = counted(shape)
            #expect(nothing.count == 0 && nothing.floats.isEmpty && nothing.integers.isEmpty)
            let results = [
                nothing.adding(nothing), nothing.multiplied(by: nothing), nothing.scaled(by: 2), nothing.softmax(),
                nothing.activated(.gelu), nothing.sliced(0..<0, along: 0).reshaped(to: shape.map { $0 == 3 || $0 == 2 ? 0 : $0 }),
                Tensor.concatenated([nothing, nothing], along: 0), nothing.reshaped(to: [0, 7]),
            ]
            #expect(results.allSatisfy { $0.count == 0 })
            #expect(results[0].shape == shape && results[3].shape == shape)
        }
        #expect(counted([0, 4]).mean(along: 0).floats == [0, 0, 0, 0])
        #expect(Tensor(integers: [], shape: [0, 2]).converted(to: .float32).count == 0)
    }

    @Test("a tensor is filled from zeros, in row-major order")
    func filled() {
        let tensor = Tensor(shape: [2, 2]) { (span: inout MutableSpan<Float>) in span[3] = 7 }
        #expect(tensor.floats == [0, 0, 0, 7] && tensor.elementType == .float32)
        #expect(tensor.withFloats { $0[3] } == 7)
    }
}
