import AttentionEngine

/// What a regular expression is made of.
indirect enum RegularExpressionNode {
    case empty
    case set(CharacterSet)
    case sequence([RegularExpressionNode])
    case alternatives([RegularExpressionNode])
    case repeated(RegularExpressionNode, minimum: Int, maximum: Int?, kind: Repetition)
    case lookahead(RegularExpressionNode, isNegative: Bool)
    case start
    case end

    /// How a repetition gives way.
    enum Repetition { case greedy, lazy, possessive }

    /// Whether it may match nothing.
    var canBeEmpty: Bool {
        switch self {
        case .empty, .lookahead, .start, .end: true
        case .set: false
        case .sequence(let nodes): nodes.allSatisfy(\.canBeEmpty)
        case .alternatives(let nodes): nodes.contains(where: \.canBeEmpty)
        case .repeated(let node, let minimum, _, _): minimum == 0 || node.canBeEmpty
        }
    }
}

/// Reads the regular expressions that published tokenizers use, in the syntax of Oniguruma: classes (nested ones too),
/// `\p{…}`, groups, alternatives, repetitions, look ahead, and parts without regard to case.
struct RegularExpressionParser {
    private let scalars: [UInt32]
    private var position = 0
    private var depth = 0

    /// Why a pattern cannot be used.
    struct Unsupported: Error { let reason: String }

    private init(_ pattern: [UInt8]) { scalars = pattern.scalars }

    static func parse(_ pattern: [UInt8]) throws(Unsupported) -> RegularExpressionNode {
        var parser = RegularExpressionParser(pattern)
        let node = try parser.alternatives(ignoresCase: false)
        if parser.position < parser.scalars.count { throw Unsupported(reason: "a closing parenthesis without an opening one") }
        return node
    }

    private var next: UInt32? { position < scalars.count ? scalars[position] : nil }

    private func nextIs(_ text: String) -> Bool {
        scalars[position...].starts(with: text.unicodeScalars.lazy.map(\.value))
    }

    private mutating func take(_ text: String) -> Bool {
        guard nextIs(text) else { return false }
        position += text.unicodeScalars.count
        return true
    }

    private mutating func alternatives(ignoresCase: Bool) throws(Unsupported) -> RegularExpressionNode {
        depth += 1
        defer { depth -= 1 }
        if depth > 50 { throw Unsupported(reason: "more than 50 groups within each other") }
        var ignoresCase = ignoresCase
        var choices: [RegularExpressionNode] = []
        var sequence: [RegularExpressionNode] = []
        while let scalar = next, scalar != 0x29 {
            if take("|") {
                choices.append(.sequence(sequence))
                sequence = []
            } else if take("(?i)") {
                ignoresCase = true
            } else {
                let atom = try atom(ignoresCase: ignoresCase)
                sequence.append(try repeated(atom))
            }
        }
        choices.append(.sequence(sequence))
        return choices.count == 1 ? choices[0] : .alternatives(choices)
    }

    private mutating func atom(ignoresCase: Bool) throws(Unsupported) -> RegularExpressionNode {
        if nextIs("(") { return try group(ignoresCase: ignoresCase) }
        if take("[") { return .set(try bracket(ignoresCase: ignoresCase)) }
        if take(".") { return .set(CharacterSet([.range(0x0A...0x0A)], negated: true)) }
        if take("^") || take("\\A") { return .start }
        if take("\\z") { return .end }
        if let scalar = next, [0x24, 0x2A, 0x2B, 0x3F].contains(scalar) {
            throw Unsupported(reason: "“\(character(scalar))” here")
        }
        return .set(CharacterSet([try item()], ignoresCase: ignoresCase))
    }

    private mutating func group(ignoresCase: Bool) throws(Unsupported) -> RegularExpressionNode {
        let node: RegularExpressionNode
        if take("(?:") {
            node = try alternatives(ignoresCase: ignoresCase)
        } else if take("(?i:") {
            node = try alternatives(ignoresCase: true)
        } else if take("(?=") {
            node = .lookahead(try alternatives(ignoresCase: ignoresCase), isNegative: false)
        } else if take("(?!") {
            node = .lookahead(try alternatives(ignoresCase: ignoresCase), isNegative: true)
        } else if nextIs("(?") {
            throw Unsupported(reason: "the group “\(text(position, position + 4))…”")
        } else {
            position += 1
            node = try alternatives(ignoresCase: ignoresCase)
        }
        if !take(")") { throw Unsupported(reason: "a parenthesis that is not closed") }
        return node
    }

    private mutating func repeated(_ atom: RegularExpressionNode) throws(Unsupported) -> RegularExpressionNode {
        var node = atom
        while true {
            var (minimum, maximum): (Int, Int?) = (0, nil)
            var mayBePossessive = true
            if take("*") {
            } else if take("+") {
                minimum = 1
            } else if take("?") {
                maximum = 1
            } else if let bounds = try bounds() {
                (minimum, maximum) = bounds
                mayBePossessive = false
            } else {
                return node
            }
            if node.canBeEmpty, maximum == nil { throw Unsupported(reason: "a repetition of what may be empty") }
            let kind: RegularExpressionNode.Repetition = take("?") ? .lazy : mayBePossessive && take("+") ? .possessive : .greedy
            if kind == .possessive {
                guard case .set = node else { throw Unsupported(reason: "a possessive repetition of a group") }
            }
            node = .repeated(node, minimum: minimum, maximum: maximum, kind: kind)
        }
    }

    /// `{3}`, `{1,}`, `{1,3}` or `{,3}`; `nil` where the brace is a letter.
    private mutating func bounds() throws(Unsupported) -> (Int, Int?)? {
        let start = position
        guard take("{") else { return nil }
        let minimum = try count()
        let hasComma = take(",")
        let maximum = hasComma ? try count() : minimum
        guard take("}"), minimum != nil || maximum != nil else {
            position = start
            return nil
        }
        if let minimum, let maximum, minimum > maximum {
            throw Unsupported(reason: "a repetition with bounds the wrong way round")
        }
        return (minimum ?? 0, maximum)
    }

    private mutating func count() throws(Unsupported) -> Int? {
        var value: Int?
        while let scalar = next, 0x30...0x39 ~= scalar {
            value = (value ?? 0) * 10 + Int(scalar - 0x30)
            if value ?? 0 > 1000 { throw Unsupported(reason: "a repetition of more than 1000 times") }
            position += 1
        }
        return value
    }

    /// The rest of a class, after its opening bracket.
    private mutating func bracket(ignoresCase: Bool) throws(Unsupported) -> CharacterSet {
        depth += 1
        defer { depth -= 1 }
        if depth > 50 { throw Unsupported(reason: "more than 50 classes within each other") }
        let isNegated = take("^")
        var items: [CharacterSet.Item] = []
        var isFirst = true
        while isFirst || !nextIs("]") {
            guard next != nil else { throw Unsupported(reason: "a bracket that is not closed") }
            if nextIs("&&") || nextIs("[:") { throw Unsupported(reason: "“\(text(position, position + 2))” in a class") }
            defer { isFirst = false }
            if take("[") {
                items.append(.set(try bracket(ignoresCase: ignoresCase)))
                continue
            }
            let low = try item()
            guard case .range(let first) = low, nextIs("-"), position + 1 < scalars.count, scalars[position + 1] != 0x5D else {
                items.append(low)
                continue
            }
            position += 1
            if nextIs("[") {
                items += [low, .range(0x2D...0x2D)]
                continue
            }
            guard case .range(let last) = try item() else { throw Unsupported(reason: "a range that ends with a class") }
            if first.lowerBound > last.upperBound { throw Unsupported(reason: "a range the wrong way round") }
            items.append(.range(first.lowerBound...last.upperBound))
        }
        position += 1
        return CharacterSet(items, negated: isNegated, ignoresCase: ignoresCase)
    }

    /// One scalar, or an escape for a class of them.
    private mutating func item() throws(Unsupported) -> CharacterSet.Item {
        guard let scalar = next else { throw Unsupported(reason: "an end that comes too early") }
        position += 1
        guard scalar == 0x5C else { return .range(scalar...scalar) }
        guard let escape = next else { throw Unsupported(reason: "a backslash at the end") }
        position += 1
        let digits: UInt32 = GeneralCategory.mask(named: "Nd") ?? 0
        switch character(escape) {
        case "s": return .whitespace
        case "S": return .set(CharacterSet([.whitespace], negated: true))
        case "w": return .word
        case "W": return .set(CharacterSet([.word], negated: true))
        case "d": return .categories(digits)
        case "D": return .set(CharacterSet([.categories(digits)], negated: true))
        case "n": return .range(0x0A...0x0A)
        case "r": return .range(0x0D...0x0D)
        case "t": return .range(0x09...0x09)
        case "f": return .range(0x0C...0x0C)
        case "v": return .range(0x0B...0x0B)
        case "p", "P": return try property(isNegated: escape == 0x50)
        case "u", "x": return try hexadecimal(digits: escape == 0x75 ? 4 : 2)
        default:
            let isLetter = 0x30...0x39 ~= escape || 0x41...0x5A ~= escape || 0x61...0x7A ~= escape
            if isLetter { throw Unsupported(reason: "“\\\(character(escape))”") }
            return .range(escape...escape)
        }
    }

    private mutating func property(isNegated: Bool) throws(Unsupported) -> CharacterSet.Item {
        var isNegated = isNegated
        guard take("{"), let end = scalars[position...].firstIndex(of: 0x7D) else {
            throw Unsupported(reason: "“\\p” without braces")
        }
        if take("^") { isNegated.toggle() }
        let name = text(position, end)
        guard let mask = GeneralCategory.mask(named: name) else { throw Unsupported(reason: "“\\p{\(name)}”") }
        position = end + 1
        return .categories(isNegated ? ~mask : mask)
    }

    private mutating func hexadecimal(digits: Int) throws(Unsupported) -> CharacterSet.Item {
        var name = text(position, position + digits)
        if take("{"), let end = scalars[position...].firstIndex(of: 0x7D) {
            name = text(position, end)
            position = end + 1
        } else {
            position = Swift.min(position + digits, scalars.count)
        }
        guard let value = UInt32(name, radix: 16), Unicode.Scalar(value) != nil else {
            throw Unsupported(reason: "the number “\(name)” for a letter")
        }
        return .range(value...value)
    }

    private func text(_ start: Int, _ end: Int) -> String {
        var text = ""
        for scalar in scalars[Swift.min(start, scalars.count)..<Swift.min(end, scalars.count)] {
            text.unicodeScalars.append(character(scalar))
        }
        return text
    }

    private func character(_ scalar: UInt32) -> Unicode.Scalar { Unicode.Scalar(scalar) ?? "\u{FFFD}" }
}
