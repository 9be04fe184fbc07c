import CKernels
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One attention operation with random operands, whose heads stand in rows wider than they need be.
private struct AttentionCase {
    var batch = 1
    var heads = 1
    var keyValueHeads = 1
    var queries: Int
    var keys: Int
    var keyWidth: Int
    var valueWidth: Int
    var isCausal = false
    var hasBias = false
    /// Keys hidden by a mask, by sequence.
    var hidden: ((_ sequence: Int, _ key: Int) -> Bool)?
    var hiddenScore: Float = -1e30
    var bias: [Float] = []
    /// Whether heads of keys and values follow one another, and each key stands in a sequence of its own.
    var isScattered = false
    /// Whether keys and values are bfloat16 numbers.
    var isBrain = false
    var precision = apus_precision_float32

    /// Compares every table with softmax(scale · query · keyᵀ + masks) · value in double precision, within 1e-5 of the
    /// largest value.
    func check(sourceLocation: SourceLocation = #_sourceLocation) {
        var random = Seeded(state: UInt64(queries * 7919 + keys * 31 + keyWidth))
        let gap = 3, scale = 1 / Float(keyWidth).squareRoot()
        let queryStride = heads * keyWidth + gap, keyStride = keyValueHeads * keyWidth + 2 * gap
        let valueStride = keyValueHeads * valueWidth + gap, outStride = heads * valueWidth + gap
        let query = random.floats(batch * queries * queryStride)
        func stored(_ floats: [Float]) -> [Float] {
            isBrain ? floats.map { Float(bitPattern: $0.bitPattern & 0xFFFF_0000) } : floats
        }
        let key = stored(random.floats(batch * keys * keyStride)), value = stored(random.floats(batch * keys * valueStride))
        // The sequence in which the key of a sequence stands, in three more than there are queries of.
        let sequenceCount = isScattered ? batch + 3 : batch
        let sequences = (0..<batch * (keys + 2)).map { Int32(($0 / (keys + 2) + $0 % (keys + 2)) % sequenceCount) }
        func scattered(_ rows: [Float], _ stride: Int, _ width: Int) -> [Float] {
            guard isScattered else { return rows }
            var result = [Float](repeating: .nan, count: sequenceCount * keyValueHeads * keys * width)
            for b in 0..<batch {
                for k in 0..<keys {
                    for index in 0..<keyValueHeads * width {
                        let block = Int(sequences[b * (keys + 2) + k]) * keyValueHeads + index / width
                        result[(block * keys + k) * width + index % width] = rows[(b * keys + k) * stride + index]
                    }
                }
            }
            return result
        }
        let storedKey = scattered(key, keyStride, keyWidth), storedValue = scattered(value, valueStride, valueWidth)
        let bias = !self.bias.isEmpty ? self.bias : hasBias ? random.floats(heads * queries * keys) : []
        let mask = hidden.map { hidden in
            (0..<batch * keys).map { hidden($0 / keys, $0 % keys) ? hiddenScore : 0 }
        }

        func memory(of rows: [Float]) -> [UInt8] {
            isBrain
                ? rows.flatMap { withUnsafeBytes(of: UInt16($0.bitPattern >> 16)) { Array($0) } }
                : rows.flatMap { withUnsafeBytes(of: $0) { Array($0) } }
        }

        let results = KernelTable.all.map { table in
            let out = Guarded(batch * queries * outStride, shift: keys % 3)
            sequences.withUnsafeBufferPointer { sequences in
                query.withUnsafeBufferPointer { query in
                    memory(of: storedKey).withUnsafeBytes { key in
                        memory(of: storedValue).withUnsafeBytes { value in
                            (mask ?? []).withUnsafeBufferPointer { maskBuffer in
                                bias.withUnsafeBufferPointer { biasBuffer in
                                    func stride(_ gapped: Int, _ apart: Int) -> Int64 { Int64(isScattered ? apart : gapped) }
                                    guard let q = query.baseAddress, let k = key.baseAddress, let v = value.baseAddress else {
                                        return
                                    }
                                    var operation = apus_attention(
                                        batch: Int64(batch), heads: Int64(heads), key_value_heads: Int64(keyValueHeads),
                                        queries: Int64(queries), keys: Int64(keys), key_width: Int64(keyWidth),
                                        value_width: Int64(valueWidth), query: q, key: k, value: v,
                                        element: isBrain ? apus_element_bfloat16 : apus_element_float32,
                                        precision: precision, out: out.start, query_batch_stride: Int64(queries * queryStride),
                                        query_row_stride: Int64(queryStride),
                                        key_batch_stride: stride(keys * keyStride, keyValueHeads * keys * keyWidth),
                                        key_row_stride: stride(keyStride, keyWidth),
                                        key_head_stride: stride(keyWidth, keys * keyWidth),
                                        value_batch_stride: stride(keys * valueStride, keyValueHeads * keys * valueWidth),
                                        value_row_stride: stride(valueStride, valueWidth),
                                        value_head_stride: stride(valueWidth, keys * valueWidth),
                                        out_batch_stride: Int64(queries * outStride), out_row_stride: Int64(outStride),
                                        key_sequences: isScattered ? sequences.baseAddress : nil,
                                        key_sequences_stride: Int64(keys + 2), scale: scale, causal: isCausal,
                                        key_mask: mask == nil ? nil : maskBuffer.baseAddress,
                                        bias: bias.isEmpty ? nil : biasBuffer.baseAddress)
                                    apus_attend(table.pointer, &operation)
                                }
                            }
                        }
                    }
                }
            }
            #expect(
                out.isIntact(width: heads * valueWidth, stride: outStride), "\(table.name) wrote outside",
                sourceLocation: sourceLocation)
            return (table, out)
        }

        for b in 0..<batch {
            for h in 0..<heads {
                let shared = h * keyValueHeads / heads
                for q in 0..<queries {
                    let seen = isCausal ? max(0, min(keys, q + keys - queries + 1)) : keys
                    var scores = (0..<seen).map { k in
                        let dot = (0..<keyWidth).reduce(0.0) { sum, d in
                            sum + Double(query[(b * queries + q) * queryStride + h * keyWidth + d])
                                * Double(key[(b * keys + k) * keyStride + shared * keyWidth + d])
                        }
                        // What is hidden swallows the score it is added to, as it does in single precision.
                        let whole = Float(dot * Double(scale)) + (bias.isEmpty ? 0 : bias[(h * queries + q) * keys + k])
                        return Double(whole + (mask?[b * keys + k] ?? 0))
                    }
                    let most = scores.max() ?? 0
                    scores = scores.map { most == -.infinity ? 0 : exp($0 - most) }
                    let total = scores.reduce(0, +)
                    for d in 0..<valueWidth {
                        let sum = (0..<seen).reduce(0.0) {
                            $0 + scores[$1] * Double(value[(b * keys + $1) * valueStride + shared * valueWidth + d])
                        }
                        let expected = total > 0 ? sum / total : 0
                        for (table, out) in results {
                            let found = Double(out.start[(b * queries + q) * outStride + h * valueWidth + d])
                            if abs(found - expected) <= (precision == apus_precision_float32 ? 2e-5 : 0.03) { continue }
                            Issue.record(
                                "\(table.name): query \(q) of head \(h) is \(found), not \(expected), in \(self)",
                                sourceLocation: sourceLocation)
                            return
                        }
                    }
                }
            }
        }
    }
}

private let oddLengths = [1, 2, 3, 5, 7, 8, 9, 13, 14, 15, 16, 17, 29, 31, 32, 33, 47, 63, 64, 65, 66, 67]

@Suite("Fused attention")
struct AttentionKernelTests {
    @Test("odd lengths, as many queries as keys and not", arguments: oddLengths)
    func lengths(queries: Int) {
        for keys in oddLengths {
            AttentionCase(heads: 2, keyValueHeads: 2, queries: queries, keys: keys, keyWidth: 9, valueWidth: 9).check()
        }
    }

    @Test("head widths, of keys and values apart", arguments: [1, 7, 32, 33, 64, 80, 128, 800])
    func widths(width: Int) {
        AttentionCase(heads: 2, keyValueHeads: 2, queries: 19, keys: 37, keyWidth: width, valueWidth: width).check()
        AttentionCase(queries: 15, keys: 40, keyWidth: width, valueWidth: 5).check()
        AttentionCase(queries: 15, keys: 40, keyWidth: 5, valueWidth: width).check()
        AttentionCase(queries: 1, keys: 11, keyWidth: width, valueWidth: width).check()
    }

    @Test("keys around and beyond the blocks they are taken in", arguments: [1, 767, 768, 769, 1500, 2305])
    func blocks(keys: Int) {
        for queries in [1, 14, 17] {
            AttentionCase(queries: queries, keys: keys, keyWidth: 8, valueWidth: 33).check()
            AttentionCase(queries: queries, keys: keys, keyWidth: 8, valueWidth: 8, isCausal: true, hasBias: true).check()
        }
        AttentionCase(queries: keys, keys: keys, keyWidth: 3, valueWidth: 2, isCausal: true).check()
        AttentionCase(queries: 3, keys: keys, keyWidth: 800, valueWidth: 3).check()
    }

    @Test("key and value heads that serve several query heads", arguments: [(6, 1), (6, 2), (6, 3), (6, 6), (8, 4)])
    func grouped(heads: Int, keyValueHeads: Int) {
        AttentionCase(
            batch: 2, heads: heads, keyValueHeads: keyValueHeads, queries: 11, keys: 13, keyWidth: 10, valueWidth: 7
        ).check()
    }

    @Test("keys and values by heads, and not in the sequences of their queries; few queries and many")
    func scattered() {
        for queries in [1, 2, 4, 5, 8, 9, 30] {
            for keys in [1, 5, 33, 800] {
                for (heads, keyValueHeads) in [(2, 2), (6, 2)] {
                    var one = AttentionCase(
                        batch: 3, heads: heads, keyValueHeads: keyValueHeads, queries: queries, keys: keys, keyWidth: 20,
                        valueWidth: 12, hasBias: true, hidden: { sequence, key in sequence == 1 && key > 2 })
                    one.isScattered = true
                    one.check()
                    one.isCausal = true
                    one.check()
                }
            }
        }
    }

    @Test("a causal query sees itself and those before it; one before all keys gets zeros")
    func causal() {
        for (queries, keys) in [(1, 1), (17, 17), (5, 40), (1, 40), (30, 31), (40, 5), (67, 67)] {
            AttentionCase(queries: queries, keys: keys, keyWidth: 8, valueWidth: 8, isCausal: true).check()
        }
    }

    @Test("hidden keys count nothing; where all are hidden they count alike")
    func masks() {
        for keys in [5, 33, 900] {
            AttentionCase(
                batch: 3, heads: 2, keyValueHeads: 1, queries: 9, keys: keys, keyWidth: 8, valueWidth: 8, hasBias: true,
                hidden: { sequence, key in sequence == 2 || (sequence == 1 && key >= keys / 2) }
            ).check()
        }
    }

    @Test("scores of −∞ hide whole blocks; where all are, the result is zero")
    func infiniteMasks() {
        for keys in [5, 900, 1600] {
            AttentionCase(
                batch: 3, queries: 9, keys: keys, keyWidth: 8, valueWidth: 8,
                hidden: { sequence, key in sequence == 2 || (sequence == 1 && key < keys - 2) }, hiddenScore: -.infinity
            ).check()
        }
    }

    @Test("a bias for each head, query and key, small and decisive")
    func biases() {
        var random = Seeded(state: 9)
        for limit: Float in [1, 1000] {
            AttentionCase(
                batch: 2, heads: 3, keyValueHeads: 3, queries: 10, keys: 21, keyWidth: 8, valueWidth: 8,
                bias: random.floats(3 * 10 * 21, limit: limit)
            ).check()
        }
    }

    @Test("keys and values in bfloat16, for few queries and many, in both precisions", arguments: [1, 2, 17, 40])
    func lowPrecision(queries: Int) {
        for keys in [1, 16, 33, 768, 771] {
            for precision in [apus_precision_float32, apus_precision_bfloat16] {
                for (isBrain, isScattered) in [(false, false), (true, false), (true, true)] {
                    AttentionCase(
                        batch: 2, heads: 4, keyValueHeads: 2, queries: queries, keys: keys, keyWidth: 9, valueWidth: 35,
                        isCausal: keys > 1, hidden: { $0 == 1 && $1 % 3 == 1 }, isScattered: isScattered, isBrain: isBrain,
                        precision: precision
                    ).check()
                }
            }
        }
    }

    @Test("NaN in a value reaches its head alone", arguments: KernelTable.all)
    func nonFinite(table: KernelTable) {
        // Two heads of width 3, five positions.
        var rows = Seeded(state: 10)
        let rowsOfHeads = Guarded(rows.floats(5 * 6))
        rowsOfHeads.start[2 * 6 + 1] = .nan
        let plain = Guarded(rows.floats(5 * 6)), out = Guarded(5 * 6)
        var operation = apus_attention(
            batch: 1, heads: 2, key_value_heads: 2, queries: 5, keys: 5, key_width: 3, value_width: 3, query: plain.start,
            key: plain.start, value: rowsOfHeads.start, element: apus_element_float32, precision: apus_precision_float32,
            out: out.start, query_batch_stride: 30, query_row_stride: 6,
            key_batch_stride: 30, key_row_stride: 6, key_head_stride: 3, value_batch_stride: 30, value_row_stride: 6,
            value_head_stride: 3, out_batch_stride: 30, out_row_stride: 6, key_sequences: nil, key_sequences_stride: 0, scale: 1,
            causal: false, key_mask: nil, bias: nil)
        apus_attend(table.pointer, &operation)
        for (index, element) in out.elements.enumerated() { #expect(element.isNaN == (index % 6 == 1)) }
    }
}
