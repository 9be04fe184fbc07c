/// The four normal forms of Unicode (UAX 15).
enum NormalizationForm: String, Sendable {
    case canonicalDecomposition = "NFD"
    case canonicalComposition = "NFC"
    case compatibilityDecomposition = "NFKD"
    case compatibilityComposition = "NFKC"

    /// The text in this form, from valid UTF-8 to valid UTF-8.
    func applied(to text: [UInt8]) -> [UInt8] {
        // Text of ASCII is in every form.
        guard text.contains(where: { $0 >= 0x80 }) else { return text }
        let tables = NormalizationTables.shared
        var scalars: [UInt32] = []
        var classes: [UInt8] = []
        scalars.reserveCapacity(text.count)
        let isCompatible = self == .compatibilityComposition || self == .compatibilityDecomposition
        text.forEachScalar { scalar in
            tables.decompose(scalar, compatible: isCompatible) { part in
                scalars.append(part)
                classes.append(tables.combiningClass(part))
            }
        }
        Self.order(&scalars, &classes)
        if self == .canonicalComposition || self == .compatibilityComposition { Self.compose(&scalars, classes, tables) }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        for scalar in scalars { result.append(scalar: scalar) }
        return result
    }

    /// Sorts each run of combining marks by class, those of one class in the order they stand in.
    private static func order(_ scalars: inout [UInt32], _ classes: inout [UInt8]) {
        var start = 0
        while start < scalars.count {
            if classes[start] == 0 {
                start += 1
                continue
            }
            var end = start + 1
            while end < scalars.count, classes[end] != 0 { end += 1 }
            if (start + 1..<end).contains(where: { classes[$0 - 1] > classes[$0] }) {
                // Stable: the place is part of the key.
                let sorted = (start..<end).sorted { (classes[$0], $0) < (classes[$1], $1) }
                let (orderedScalars, orderedClasses) = (sorted.map { scalars[$0] }, sorted.map { classes[$0] })
                scalars.replaceSubrange(start..<end, with: orderedScalars)
                classes.replaceSubrange(start..<end, with: orderedClasses)
            }
            start = end
        }
    }

    /// Joins each starter with the marks after it that nothing of their class or a lower one parts from it.
    private static func compose(_ scalars: inout [UInt32], _ classes: [UInt8], _ tables: NormalizationTables) {
        var result: [UInt32] = []
        result.reserveCapacity(scalars.count)
        var starter: Int?
        var lastClass: UInt8 = 0
        for (scalar, rank) in zip(scalars, classes) {
            if let place = starter, place == result.count - 1 || lastClass < rank, lastClass == 0 || rank != 0,
                let composed = tables.composition(result[place], scalar)
            {
                result[place] = composed
                continue
            }
            if rank == 0 { starter = result.count }
            lastClass = rank
            result.append(scalar)
        }
        scalars = result
    }
}

/// The tables of the forms, unpacked once.
private struct NormalizationTables: Sendable {
    static let shared = NormalizationTables()

    private var canonical: [UInt32: [UInt32]] = [:]
    private var compatible: [UInt32: [UInt32]] = [:]
    private var pairs: [UInt64: UInt32] = [:]
    private var classes: [UInt32: UInt8] = [:]

    init() {
        HexadecimalTable.forEachRow(NormalizationData.canonical) { canonical[$0[0]] = Array($0.dropFirst()) }
        HexadecimalTable.forEachRow(NormalizationData.compatible) { compatible[$0[0]] = Array($0.dropFirst()) }
        HexadecimalTable.forEachRow(NormalizationData.classes) { classes[$0[0]] = UInt8(truncatingIfNeeded: $0[1]) }
        var composed: [[UInt32]: UInt32] = [:]
        HexadecimalTable.forEachRow(NormalizationData.composed) { row in
            if let parts = canonical[row[0]] { composed[parts] = row[0] }
        }
        // A full decomposition is that of all but its last part, if that composes too, and the last part.
        for (parts, scalar) in composed where parts.count > 1 {
            let first = parts.count == 2 ? parts[0] : composed[Array(parts.dropLast())]
            if let first { pairs[Self.key(first, parts[parts.count - 1])] = scalar }
        }
    }

    private static func key(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(first) << 32 | UInt64(second) }

    func combiningClass(_ scalar: UInt32) -> UInt8 { scalar < 0x300 ? 0 : classes[scalar] ?? 0 }

    @inline(__always)
    func decompose(_ scalar: UInt32, compatible isCompatible: Bool, _ body: (UInt32) -> Void) {
        if scalar < 0xA0 { return body(scalar) }
        if 0xAC00..<0xD7A4 ~= scalar {
            let index = scalar - 0xAC00
            body(0x1100 + index / 588)
            body(0x1161 + index % 588 / 28)
            if index % 28 != 0 { body(0x11A7 + index % 28) }
            return
        }
        if let parts = (isCompatible ? compatible[scalar] : nil) ?? canonical[scalar] {
            for part in parts { body(part) }
        } else {
            body(scalar)
        }
    }

    func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if 0x1100..<0x1113 ~= first, 0x1161..<0x1176 ~= second {
            return 0xAC00 + ((first - 0x1100) * 21 + second - 0x1161) * 28
        }
        if 0xAC00..<0xD7A4 ~= first, (first - 0xAC00) % 28 == 0, 0x11A8..<0x11C3 ~= second { return first + second - 0x11A7 }
        return pairs[Self.key(first, second)]
    }
}
