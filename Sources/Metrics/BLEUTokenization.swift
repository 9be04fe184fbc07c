/// How BLEU parts texts into the words it counts: sacrebleu's tokenizers of the same names.
public enum BLEUTokenization: String, Sendable, Hashable, Codable, CaseIterable {
    /// As the script mteval-v13a does: for most languages that are written with spaces.
    case mteval13a = "13a"
    /// By all of Unicode's punctuation and symbols.
    case international = "intl"
    /// Every character for itself.
    case characters = "char"
    /// At spaces only: for texts that have been parted already.
    case none

    /// The words of a text.
    public func words(_ text: String) -> [String] {
        var scalars = Array(text.unicodeScalars)
        switch self {
        case .mteval13a: scalars = Self.mteval(scalars)
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
        func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
        func isStop(_ scalar: Unicode.Scalar) -> Bool { scalar == "." || scalar == "," }
        text = [" "] + text + [" "]
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
