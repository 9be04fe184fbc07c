import AttentionEngine

/// A regular expression, run over the scalars of UTF-8 text with a stack of the choices left.
struct RegularExpression: Sendable {
    private enum Instruction: Sendable {
        case set(Int)
        /// As many scalars of the set as there are, within bounds; gives them back one by one unless possessive.
        case run(Int, minimum: Int, maximum: Int, isPossessive: Bool)
        case fork(first: Int, second: Int)
        case jump(Int)
        /// The expression that follows, up to its `accept`, must match here, or must not; then goes on at `next`.
        case lookahead(isNegative: Bool, next: Int)
        case start
        case end
        case accept
    }

    private var instructions: [Instruction] = []
    private var sets: [CharacterSet] = []
    /// The place in the file and the pattern, for messages.
    private let place: String

    private static let instructionLimit = 20_000
    /// Steps per byte of text, and beside: published patterns need ten.
    private static let stepsPerByte = 200
    private static let freeSteps = 5_000_000

    /// - Throws: `InputError` naming the pattern where its syntax is beyond what tokenizers are published with.
    init(_ pattern: [UInt8], place: String) throws(InputError) {
        self.place = "\(place), pattern “\(String(decoding: pattern.prefix(200), as: UTF8.self))”"
        let node: RegularExpressionNode
        do {
            node = try RegularExpressionParser.parse(pattern)
        } catch {
            throw InputError(
                self.place, found: error.reason, needed: "a regular expression without it", remedy: "Use another model")
        }
        try compile(node)
        instructions.append(.accept)
    }

    private mutating func compile(_ node: RegularExpressionNode) throws(InputError) {
        if instructions.count > Self.instructionLimit {
            throw InputError(
                place, found: "repetitions of repetitions", needed: "a shorter regular expression", remedy: "Use another model")
        }
        switch node {
        case .empty: break
        case .start: instructions.append(.start)
        case .end: instructions.append(.end)
        case .set(let set):
            sets.append(set)
            instructions.append(.set(sets.count - 1))
        case .sequence(let nodes): for node in nodes { try compile(node) }
        case .alternatives(let nodes):
            var jumps: [Int] = []
            for node in nodes.dropLast() {
                let fork = instructions.count
                instructions.append(.jump(0))
                try compile(node)
                jumps.append(instructions.count)
                instructions.append(.jump(0))
                instructions[fork] = .fork(first: fork + 1, second: instructions.count)
            }
            if let last = nodes.last { try compile(last) }
            for jump in jumps { instructions[jump] = .jump(instructions.count) }
        case .lookahead(let node, let isNegative):
            let look = instructions.count
            instructions.append(.jump(0))
            try compile(node)
            instructions.append(.accept)
            instructions[look] = .lookahead(isNegative: isNegative, next: instructions.count)
        case .repeated(.set(let set), let minimum, let maximum, let kind) where kind != .lazy:
            sets.append(set)
            instructions.append(
                .run(sets.count - 1, minimum: minimum, maximum: maximum ?? .max, isPossessive: kind == .possessive))
        case .repeated(let node, let minimum, let maximum, let kind):
            for _ in 0..<minimum { try compile(node) }
            var forks: [Int] = []
            for _ in 0..<(maximum.map { $0 - minimum } ?? 1) {
                forks.append(instructions.count)
                instructions.append(.jump(0))
                try compile(node)
            }
            if maximum == nil, let fork = forks.first { instructions.append(.jump(fork)) }
            for fork in forks {
                let (into, past) = (fork + 1, instructions.count)
                instructions[fork] = kind == .lazy ? .fork(first: past, second: into) : .fork(first: into, second: past)
            }
        }
    }

    /// A choice that is left: to go on at `instruction` from `position`, or from any scalar before it down to `floor`.
    private struct Choice {
        var instruction: Int
        var position: Int
        var floor: Int
    }

    /// Calls `found` with each match that is not empty, from left to right.
    ///
    /// - Throws: `InputError` where the pattern tries so many ways that it would not end in reasonable time.
    func forEachMatch(
        in text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ found: (Range<Int>) -> Void
    ) throws(InputError) {
        let text = UnsafeBufferPointer(rebasing: text[range])
        var stack: [Choice] = []
        var steps = Self.freeSteps + text.count.multipliedReportingOverflow(by: Self.stepsPerByte).partialValue
        var position = 0
        while position < text.count {
            if let end = try match(text, from: 0, at: position, &stack, &steps), end > position {
                found(range.lowerBound + position..<range.lowerBound + end)
                position = end
            } else {
                position += text.scalar(at: position).length
            }
        }
    }

    /// Where the match that begins at `position` ends.
    private func match(
        _ text: UnsafeBufferPointer<UInt8>, from first: Int, at start: Int, _ stack: inout [Choice], _ steps: inout Int
    ) throws(InputError) -> Int? {
        let base = stack.count
        defer { stack.removeLast(stack.count - base) }
        var (instruction, position) = (first, start)
        while true {
            steps -= 1
            if steps < 0 { throw explosion }
            var fails = false
            switch instructions[instruction] {
            case .accept: return position
            case .jump(let target): instruction = target
            case .start:
                fails = position != 0
                instruction += 1
            case .end:
                fails = position != text.count
                instruction += 1
            case .set(let set):
                if position < text.count, case let (scalar, length) = text.scalar(at: position), sets[set].contains(scalar) {
                    position += length
                    instruction += 1
                } else {
                    fails = true
                }
            case .run(let set, let minimum, let maximum, let isPossessive):
                instruction += 1
                var floor = position
                var count = 0
                while count < maximum, position < text.count {
                    let (scalar, length) = text.scalar(at: position)
                    guard sets[set].contains(scalar) else { break }
                    position += length
                    count += 1
                    if count == minimum { floor = position }
                }
                steps -= count / 8
                fails = count < minimum
                if !fails, !isPossessive, floor < position {
                    stack.append(Choice(instruction: instruction, position: position, floor: floor))
                    giveBack(text, &stack)
                }
            case .fork(let first, let second):
                stack.append(Choice(instruction: second, position: position, floor: position))
                instruction = first
            case .lookahead(let isNegative, let next):
                fails = (try match(text, from: instruction + 1, at: position, &stack, &steps) != nil) == isNegative
                instruction = next
            }
            if fails {
                guard stack.count > base, let choice = stack.last else { return nil }
                (instruction, position) = (choice.instruction, choice.position)
                if choice.floor < choice.position { giveBack(text, &stack) } else { stack.removeLast() }
            }
        }
    }

    /// Moves the last choice one scalar back.
    @inline(__always)
    private func giveBack(_ text: UnsafeBufferPointer<UInt8>, _ stack: inout [Choice]) {
        var position = stack[stack.count - 1].position - 1
        while position > 0, text[position] & 0xC0 == 0x80 { position -= 1 }
        stack[stack.count - 1].position = position
    }

    private var explosion: InputError {
        InputError(
            place, found: "a regular expression with too many ways to try on this text", needed: "one that ends soon",
            remedy: "Use another model, or another text")
    }
}
