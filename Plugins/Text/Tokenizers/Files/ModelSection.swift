import AttentionEngine

/// The `model` of a tokenizer.json, or a vocab.json, scanned without making a value of each token.
struct ModelSection {
    /// Tokens with ids, where the vocabulary is an object.
    var vocabulary: TokenTable?
    /// Pieces with scores in the order of their ids, where it is a list.
    var pieces: [(piece: [UInt8], score: Double)]?
    /// The pairs to merge, in order.
    var merges: [(left: [UInt8], right: [UInt8])] = []
    /// What else is said.
    var settings: JSONNode

    private var file: String

    init(_ scanner: inout JSONScanner, file: String) throws(InputError) {
        self.file = file
        settings = JSONNode(value: .null, file: file, path: "model")
        var section = self
        var members: [(key: [UInt8], value: JSONNode.Value)] = []
        try scanner.object { (scanner, key) throws(InputError) in
            switch scanner.text(key) {
            case "vocab" where scanner.peek() == UInt8(ascii: "{"):
                section.vocabulary = try Self.vocabulary(&scanner, place: "\(file), key `model.vocab`")
            case "vocab" where scanner.peek() == UInt8(ascii: "["): section.pieces = try Self.pieces(&scanner)
            case "merges": section.merges = try Self.merges(&scanner)
            default: members.append((Array(scanner.bytes[key]), try scanner.value()))
            }
        }
        section.settings = JSONNode(value: .object(members), file: file, path: "model")
        self = section
    }

    /// An object of tokens and ids.
    static func vocabulary(_ scanner: inout JSONScanner, place: String) throws(InputError) -> TokenTable {
        var table = TokenTable(capacity: 1 << 12)
        try scanner.object { (scanner, token) throws(InputError) in
            let id = try scanner.count()
            if let problem = table.insert(scanner.bytes[token], id: id) {
                throw InputError(
                    place, found: "\(problem) (at “\(scanner.text(token).prefix(60))”)",
                    needed: "each token once, each with an id of its own from 0 to \(TokenTable.idLimit - 1)",
                    remedy: "Check the file against the one that was published")
            }
        }
        return table
    }

    private static func pieces(_ scanner: inout JSONScanner) throws(InputError) -> [(piece: [UInt8], score: Double)] {
        var pieces: [(piece: [UInt8], score: Double)] = []
        try scanner.array { (scanner) throws(InputError) in
            try scanner.expect("[")
            let piece = try scanner.string()
            try scanner.expect(",")
            let score = try scanner.decimal()
            try scanner.expect("]")
            guard score.isFinite, pieces.count < TokenTable.idLimit else { throw scanner.failure("a score that is no number") }
            pieces.append((Array(scanner.bytes[piece]), score))
        }
        return pieces
    }

    private static func merges(_ scanner: inout JSONScanner) throws(InputError) -> [(left: [UInt8], right: [UInt8])] {
        var merges: [(left: [UInt8], right: [UInt8])] = []
        try scanner.array { (scanner) throws(InputError) in
            if scanner.take(UInt8(ascii: "[")) {
                let left = try scanner.string()
                try scanner.expect(",")
                let right = try scanner.string()
                try scanner.expect("]")
                merges.append((Array(scanner.bytes[left]), Array(scanner.bytes[right])))
            } else {
                let text = try scanner.string()
                guard let merge = MergeLine.parse(scanner.bytes[text]) else { throw scanner.failure("a merge that is no pair") }
                merges.append(merge)
            }
        }
        return merges
    }
}

/// A merge as text: two tokens with a space between.
enum MergeLine {
    static func parse(_ line: ArraySlice<UInt8>) -> (left: [UInt8], right: [UInt8])? {
        let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        return (Array(parts[0]), Array(parts[1]))
    }

    /// The pairs by id.
    ///
    /// - Throws: `InputError` naming the first merge of tokens, or into one, that the vocabulary lacks.
    static func table(
        _ merges: [(left: [UInt8], right: [UInt8])], _ vocabulary: TokenTable, continuationPrefix: [UInt8] = [], place: String
    ) throws(InputError) -> PairTable {
        var table = PairTable(capacity: merges.count)
        for (rank, merge) in merges.enumerated() {
            let right = merge.right.starts(with: continuationPrefix) ? merge.right[continuationPrefix.count...] : merge.right[...]
            guard let leftID = vocabulary.id(of: merge.left), let rightID = vocabulary.id(of: merge.right),
                let id = vocabulary.id(of: merge.left + right)
            else {
                let pair = [merge.left, merge.right].map { String(decoding: $0.prefix(40), as: UTF8.self) }.joined(separator: " ")
                throw InputError(
                    place, found: "the merge “\(pair)” (number \(rank + 1)) of, or into, a token that the vocabulary lacks",
                    needed: "merges that belong to the vocabulary", remedy: "Check the files against those that were published")
            }
            table.insert(leftID, rightID, rank: rank, merged: id)
        }
        return table
    }
}
