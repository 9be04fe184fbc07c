/// How BLEU parts texts into the words it counts: sacrebleu's tokenizers of the same names.
public enum BLEUTokenization: String, Sendable, Hashable, Codable, CaseIterable {
    /// As the script mteval-v13a does: for most languages that are written with spaces.
    case mteval13a = "13a"
    /// By all of Unicode's punctuation and symbols.
    case international = "intl"
    /// Every Chinese character for itself, the rest as `mteval13a` has it.
    case chinese = "zh"
    /// Every character for itself.
    case characters = "char"
    /// At spaces only: for texts that have been parted already.
    case none

    /// The words of a text.
    public func words(_ text: String) -> [String] {
        var scalars = Array(text.unicodeScalars)
        switch self {
        case .mteval13a: scalars = Self.mteval(scalars)
        case .chinese:
            let parted: [Unicode.Scalar] = scalars.flatMap { Self.isChinese($0) ? [" ", $0, " "] : [$0] }
            scalars = Self.parted(parted)
        case .international: scalars = Self.international(scalars)
        case .characters: return scalars.filter { !Words.isSpace($0) }.map { "\($0)" }
        case .none: break
        }
        return Words.split(scalars).map(Words.text)
    }

    private static func mteval(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var text = replacing("<skipped>", "", in: scalars)
        text = replacing("-\n", "", in: text)
        text = replacing("\n", " ", in: text)
        if text.contains("&") {
            for (name, value) in [("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")] {
                text = replacing(name, value, in: text)
            }
        }
        return parted(text)
    }

    /// Marks set apart from words.
    private static func parted(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
        func isStop(_ scalar: Unicode.Scalar) -> Bool { scalar == "." || scalar == "," }
        var text = [" "] + scalars + [" "]
        text = text.flatMap { isMark($0) ? [" ", $0, " "] : [$0] }
        text = pairs(of: text, { !isDigit($0) }, isStop) { [$0, " ", $1, " "] }
        text = pairs(of: text, isStop, { !isDigit($0) }) { [" ", $0, " ", $1] }
        return pairs(of: text, isDigit, { $0 == "-" }) { [$0, " ", $1, " "] }
    }

    /// ASCII's punctuation and symbols but for `'`, `,`, `-` and `.`.
    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "{"..."~", "["..."`", " "..."&", "("..."+", ":"..."@", "/": true
        default: false
        }
    }

    /// As sacrebleu has it, whose two widest ranges cover less than they were meant to, and general punctuation besides.
    private static func isChinese(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x2001...0x2A6D, 0x2E80...0x2EFF, 0x2F00...0x2FA1, 0x2FF0...0x303F, 0x3100...0x312F, 0x31A0...0x31BF,
            0x31C0...0x31EF,
            0x3200...0x33FF, 0x3400...0x4DB5, 0x4E00...0x9FBB, 0xF900...0xFA2D, 0xFA30...0xFA6A, 0xFA70...0xFAD9, 0xFE10...0xFE1F,
            0xFE30...0xFE4F, 0xFF00...0xFFEF:
            true
        default: false
        }
    }

    private static func international(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        // Fractions and Roman numerals are numbers too.
        func isDigit(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.properties.generalCategory {
            case .decimalNumber, .letterNumber, .otherNumber: true
            default: false
            }
        }
        func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.properties.generalCategory {
            case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
                .finalPunctuation, .otherPunctuation:
                true
            default: false
            }
        }
        func isSymbol(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.properties.generalCategory {
            case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol: true
            default: false
            }
        }
        var text = pairs(of: scalars, { !isDigit($0) }, isPunctuation) { [$0, " ", $1, " "] }
        text = pairs(of: text, isPunctuation, { !isDigit($0) }) { [" ", $0, " ", $1] }
        return text.flatMap { isSymbol($0) ? [" ", $0, " "] : [$0] }
    }

    /// Replaces neighbours of two kinds, from the left, none of them twice.
    private static func pairs(
        of text: [Unicode.Scalar], _ first: (Unicode.Scalar) -> Bool, _ second: (Unicode.Scalar) -> Bool,
        by replacement: (Unicode.Scalar, Unicode.Scalar) -> [Unicode.Scalar]
    ) -> [Unicode.Scalar] {
        var (result, index): ([Unicode.Scalar], Int) = ([], 0)
        while index < text.count {
            if index + 1 < text.count, first(text[index]), second(text[index + 1]) {
                result += replacement(text[index], text[index + 1])
                index += 2
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }

    private static func replacing(_ pattern: String, _ value: String, in text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        let (pattern, value) = (Array(pattern.unicodeScalars), Array(value.unicodeScalars))
        var (result, index): ([Unicode.Scalar], Int) = ([], 0)
        while index < text.count {
            if text[index...].starts(with: pattern) {
                result += value
                index += pattern.count
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }
}
