/// Changes text scalar by scalar: the closure appends what each becomes.
struct ScalarNormalizer: Normalizer {
    let append: @Sendable (UInt32, inout [UInt8]) -> Void

    func normalize(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count + 8)
        text.forEachScalar { append($0, &result) }
        return result
    }

    /// Lower case.
    static let lowercase = ScalarNormalizer { LowerCase.append($0, to: &$1) }

    /// Marks of every kind go.
    static let withoutAccents = ScalarNormalizer { scalar, result in
        if scalar < 0x300 || !ScalarProperties(scalar).isCombiningMark { result.append(scalar: scalar) }
    }

    /// The cleaning of sentencepiece's `nmt` rules: controls go, odd spaces become spaces.
    static let machineTranslation = ScalarNormalizer { scalar, result in
        switch scalar {
        case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: break
        case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD: result.append(0x20)
        default: result.append(scalar: scalar)
        }
    }
}

/// Takes away white space at the ends.
struct StripNormalizer: Normalizer {
    let left: Bool
    let right: Bool

    func normalize(_ text: [UInt8]) -> [UInt8] {
        let scalars = text.scalars
        var range = scalars.startIndex..<scalars.endIndex
        if left {
            let start = scalars.firstIndex { !ScalarProperties($0).isWhitespace } ?? scalars.endIndex
            range = start..<scalars.endIndex
        }
        if right {
            let end = scalars[range].lastIndex { !ScalarProperties($0).isWhitespace }.map { $0 + 1 } ?? range.lowerBound
            range = range.lowerBound..<end
        }
        var result: [UInt8] = []
        for scalar in scalars[range] { result.append(scalar: scalar) }
        return result
    }
}

/// BERT's cleaning: controls, white space, ideographs, accents, case (`BertNormalizer`).
struct BertNormalizer: Normalizer {
    let cleansText: Bool
    let spacesIdeographs: Bool
    let stripsAccents: Bool
    let lowercases: Bool

    func normalize(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count + 8)
        text.forEachScalar { scalar in
            if cleansText {
                let properties = ScalarProperties(scalar)
                if properties.isControl { return }
                if properties.isWhitespace { return result.append(0x20) }
            }
            if spacesIdeographs, Self.isIdeograph(scalar) {
                result.append(0x20)
                result.append(scalar: scalar)
                result.append(0x20)
            } else if lowercases, scalar < 0x80 {
                LowerCase.append(scalar, to: &result)
            } else {
                result.append(scalar: scalar)
            }
        }
        // What is left to do changes no ASCII.
        guard result.contains(where: { $0 >= 0x80 }) else { return result }
        if stripsAccents {
            let decomposed = NormalizationForm.canonicalDecomposition.applied(to: result)
            result.removeAll(keepingCapacity: true)
            decomposed.forEachScalar { scalar in
                if scalar < 0x300 || !ScalarProperties(scalar).isNonspacingMark { result.append(scalar: scalar) }
            }
        }
        return lowercases ? ScalarNormalizer.lowercase.normalize(result) : result
    }

    private static func isIdeograph(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F, 0x2B920...0x2CEAF,
            0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }
}
