/// A set of scalars as a regular expression writes it: `[^\s\p{L}]`.
struct CharacterSet: Sendable {
    /// What a set is made of.
    enum Item: Sendable {
        case range(ClosedRange<UInt32>)
        /// General categories, a bit each in the order of `GeneralCategory.names`.
        case categories(UInt32)
        case whitespace
        case word
        case set(CharacterSet)
    }

    private let items: [Item]
    private let isNegated: Bool
    private let ignoresCase: Bool
    private var ascii: (low: UInt64, high: UInt64) = (0, 0)

    init(_ items: [Item], negated: Bool = false, ignoresCase: Bool = false) {
        self.items = items
        isNegated = negated
        self.ignoresCase = ignoresCase
        for scalar in UInt32(0)..<64 {
            if searched(scalar) { ascii.low |= 1 << UInt64(scalar) }
            if searched(scalar + 64) { ascii.high |= 1 << UInt64(scalar) }
        }
    }

    @inline(__always)
    func contains(_ scalar: UInt32) -> Bool {
        if scalar < 64 { return ascii.low >> UInt64(scalar) & 1 != 0 }
        if scalar < 128 { return ascii.high >> UInt64(scalar - 64) & 1 != 0 }
        return searched(scalar)
    }

    private func searched(_ scalar: UInt32) -> Bool {
        if has(scalar) { return !isNegated }
        guard ignoresCase else { return isNegated }
        // The long s is the one scalar beside K and Å with a letter of ASCII as its other case.
        let lower = scalar == 0x17F ? 0x73 : LowerCase.simple(scalar)
        let upper = lower &- 0x61 < 26 ? lower - 0x20 : lower
        return (has(lower) || has(upper)) != isNegated
    }

    private func has(_ scalar: UInt32) -> Bool {
        for item in items {
            switch item {
            case .range(let range): if range.contains(scalar) { return true }
            case .categories(let mask): if mask >> UInt32(ScalarProperties(scalar).category) & 1 != 0 { return true }
            case .whitespace: if ScalarProperties(scalar).isWhitespace { return true }
            case .word: if ScalarProperties(scalar).isExpressionWord { return true }
            case .set(let set): if set.contains(scalar) { return true }
            }
        }
        return false
    }
}

extension GeneralCategory {
    /// The categories of a name, `L` or `Lu`; `nil` where it is none.
    static func mask(named name: String) -> UInt32? {
        if name == "Any" { return ~0 }
        var mask: UInt32 = 0
        for (index, category) in names.enumerated() where Array(category.utf8) == Array(name.utf8) || category.prefix(1) == name {
            mask |= 1 << UInt32(index)
        }
        return mask == 0 ? nil : mask
    }
}
