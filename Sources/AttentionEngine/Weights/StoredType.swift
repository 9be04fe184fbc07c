/// An element type as a safetensors file names it, the ones no tensor can hold included.
struct StoredType: Sendable, Hashable {
    let name: String
    let bitWidth: Int
    /// `nil` where the engine has no such type.
    let elementType: ElementType?

    /// All the types of the format; entries of a header refer to them by index.
    static let all: [StoredType] =
        ElementType.allCases.map { StoredType(name: $0.rawValue, bitWidth: $0.byteWidth * 8, elementType: $0) }
        + [
            ("C64", 64), ("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6), ("F8_E5M2", 8), ("F8_E4M3", 8), ("F8_E8M0", 8),
            ("F8_E4M3FNUZ", 8), ("F8_E5M2FNUZ", 8),
        ].map { StoredType(name: $0.0, bitWidth: $0.1, elementType: nil) }

    static let index: [String: Int] = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1.name, $0) })

    /// The bytes that `shape` takes, or `nil` if they are no whole number or no `Int` can count them.
    func byteCount(of shape: [Int]) -> Int? {
        var bits = 1
        for extent in shape + [bitWidth] {
            let (product, overflow) = bits.multipliedReportingOverflow(by: extent)
            if overflow { return nil }
            bits = product
        }
        return bits % 8 == 0 ? bits / 8 : nil
    }
}

/// Names and shapes as messages show them.
package enum Wording {
    /// `2 × 3`; `a single number` for no dimensions.
    package static func shape(_ shape: [Int]) -> String {
        shape.isEmpty ? "a single number" : shape.map(String.init).joined(separator: " × ")
    }

    /// The name between backquotes, shortened if it is very long.
    package static func name(_ name: String) -> String {
        name.utf8.count <= 200 ? "`\(name)`" : "`\(String(decoding: name.utf8.prefix(200), as: UTF8.self))…`"
    }
}
