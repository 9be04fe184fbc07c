/// What the reference's parts know of a scalar, one bit each.
struct ScalarProperties: Sendable {
    let bits: UInt16

    /// The general category's place in `GeneralCategory.names`.
    var category: Int { Int(bits & 31) }
    /// `\s`, and white space in Rust.
    var isWhitespace: Bool { bits & 1 << 5 != 0 }
    /// Punctuation, all of ASCII's included.
    var isPunctuation: Bool { bits & 1 << 6 != 0 }
    /// Numbers of every kind.
    var isNumeric: Bool { bits & 1 << 7 != 0 }
    /// `\w` of Rust's `regex`.
    var isWord: Bool { bits & 1 << 8 != 0 }
    /// `\w` of Oniguruma.
    var isExpressionWord: Bool { bits & 1 << 15 != 0 }
    /// What BERT's cleaning takes away.
    var isControl: Bool { bits & 1 << 9 != 0 }
    /// Marks that take no space, as BERT strips them.
    var isNonspacingMark: Bool { bits & 1 << 10 != 0 }
    /// Marks of every kind, as `StripAccents` strips them.
    var isCombiningMark: Bool { bits & 1 << 11 != 0 }
    /// What the scalar does at the border of a grapheme.
    var graphemeBreak: GraphemeBreak { GraphemeBreak(rawValue: UInt8(truncatingIfNeeded: bits >> 12 & 7)) ?? .other }

    @inline(__always)
    init(_ scalar: UInt32) { bits = Self.table.bits(scalar) }

    private static let table = Table()

    /// The planes up to 3 as an array, the rest (all but a few thousand of them unassigned) by search.
    private struct Table: Sendable {
        private var low: [UInt16] = []
        private var starts: [UInt32] = []
        private var values: [UInt16] = []
        private static let lowCount = 0x20000

        init() {
            low.reserveCapacity(Self.lowCount)
            var position: UInt32 = 0
            HexadecimalTable.forEachRow(ScalarPropertyData.runs) { row in
                let (length, value) = (row[0], UInt16(truncatingIfNeeded: row[1]))
                let fill = Swift.min(Int(length), Self.lowCount - low.count)
                low.append(contentsOf: repeatElement(value, count: fill))
                starts.append(position)
                values.append(value)
                position += length
            }
        }

        @inline(__always)
        func bits(_ scalar: UInt32) -> UInt16 {
            if Int(scalar) < low.count { return low[Int(scalar)] }
            return searched(scalar)
        }

        private func searched(_ scalar: UInt32) -> UInt16 {
            var (first, last) = (0, starts.count)
            while last - first > 1 {
                let middle = (first + last) / 2
                if starts[middle] <= scalar { first = middle } else { last = middle }
            }
            return values[first]
        }
    }
}

/// What a scalar does at the border of a grapheme (UAX 29), as far as `GraphemeClusters` needs it.
enum GraphemeBreak: UInt8 {
    case other, control, extend, joiner, prepend, pictograph
}

/// The general categories, in the order of the tables.
enum GeneralCategory {
    static let names = [
        "Cn", "Cc", "Cf", "Co", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi",
        "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp",
    ]
}

/// Lower case scalar by scalar, without regard to what stands around.
enum LowerCase {
    static func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
        if scalar < 0x80 {
            let byte = UInt8(truncatingIfNeeded: scalar)
            bytes.append(byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte)
        } else if let lower = table[scalar] {
            for part in lower { bytes.append(scalar: part) }
        } else {
            bytes.append(scalar: scalar)
        }
    }

    /// The lower case of a scalar where that is one scalar; else the scalar itself.
    static func simple(_ scalar: UInt32) -> UInt32 {
        if scalar < 0x80 { return scalar &- 0x41 < 26 ? scalar | 0x20 : scalar }
        if let lower = table[scalar], lower.count == 1 { return lower[0] }
        return scalar
    }

    private static let table = {
        var table: [UInt32: [UInt32]] = [:]
        HexadecimalTable.forEachRow(ScalarPropertyData.lowercase) { table[$0[0]] = Array($0.dropFirst()) }
        return table
    }()
}
