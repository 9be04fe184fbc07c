import AttentionEngine

/// Learns merges as the reference's `BpeTrainer` does, ties included: of pairs as frequent the one of lower ids comes first.
struct BytePairTrainer {
    private let trainer: TokenizerTrainer
    private let minimumFrequency: Int
    private let vocabularySize: Int
    private var tokens: [[UInt8]] = []
    private var ids: [[UInt8]: Int32] = [:]
    private var merges: [(left: Int32, right: Int32)] = []
    /// The words, one after the other, as ids; a word's merged symbols leave room behind it.
    private var symbols: [Int32] = []
    private var words: [(start: Int, length: Int, count: Int)] = []
    private var pairCounts: [UInt64: Int] = [:]

    /// A pair that may be merged, as it stood when it was put in the queue.
    private struct Candidate: Comparable {
        var count: Int
        var pair: UInt64
        var words: [Int32]

        static func < (left: Candidate, right: Candidate) -> Bool {
            left.count != right.count ? left.count > right.count : left.pair < right.pair
        }
    }

    init(_ trainer: TokenizerTrainer, _ counts: WordCounts) throws {
        self.trainer = trainer
        let options = trainer.options
        minimumFrequency = max(1, options.minimumFrequency)
        // What a Marian checkpoint adds is not among the pieces.
        vocabularySize = options.vocabularySize - (options.format == .marian ? TrainedTokenizer.marianTokens.count : 0)
        for token in trainer.specialTokens { add(token) }
        if options.fallsBackToBytes { for byte in 0..<256 { add(ByteFallback.token(of: UInt8(byte))) } }
        let letters = Alphabet.letters(of: counts, options)
        try trainer.checkRoom(letters: letters.count)
        for letter in letters {
            var bytes: [UInt8] = []
            bytes.append(scalar: letter)
            add(bytes)
        }
        var byLetter: [UInt32: Int32] = [:]
        for letter in letters {
            var bytes: [UInt8] = []
            bytes.append(scalar: letter)
            byLetter[letter] = ids[bytes]
        }
        counts.forEach { word, count in
            let start = symbols.count
            word.withUnsafeBufferPointer { bytes in
                var position = 0
                while position < bytes.count {
                    let (scalar, length) = bytes.scalar(at: position)
                    if let id = byLetter[scalar] { symbols.append(id) }
                    position += length
                }
            }
            words.append((start, symbols.count - start, count))
        }
    }

    @discardableResult
    private mutating func add(_ token: [UInt8]) -> Int32 {
        if let id = ids[token] { return id }
        let id = Int32(truncatingIfNeeded: tokens.count)
        ids[token] = id
        tokens.append(token)
        return id
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    consuming func train(_ progress: (Int, Int) -> Void) throws -> TrainedTokenizer {
        var queue = PriorityQueue<Candidate>()
        for candidate in countPairs() { queue.push(candidate) }
        while tokens.count < vocabularySize, var top = queue.pop() {
            let count = pairCounts[top.pair] ?? 0
            if top.count != count {
                top.count = count
                queue.push(top)
                continue
            }
            if count < minimumFrequency { break }
            for candidate in merge(top) { queue.push(candidate) }
            if merges.count % 64 == 0 { progress(tokens.count, vocabularySize) }
        }
        if tokens.count < vocabularySize, !trainer.options.acceptsFewer {
            throw trainer.tooLarge(available: tokens.count + trainer.options.vocabularySize - vocabularySize)
        }
        let fixed = trainer.specialTokens.count + (trainer.options.fallsBackToBytes ? 256 : 0)
        let merges = merges.map { (tokens[Int($0.left)], tokens[Int($0.right)]) }
        return TrainedTokenizer(
            trainer, pieces: tokens[fixed...].map { ($0, 0) }, merges: merges)
    }

    private mutating func countPairs() -> [Candidate] {
        var places: [UInt64: [Int32]] = [:]
        for (index, word) in words.enumerated() where word.length > 1 {
            for position in word.start..<word.start + word.length - 1 {
                let pair = Self.key(symbols[position], symbols[position + 1])
                pairCounts[pair, default: 0] += word.count
                Self.note(Int32(truncatingIfNeeded: index), at: pair, &places)
            }
        }
        return candidates(places)
    }

    private static func note(_ word: Int32, at pair: UInt64, _ places: inout [UInt64: [Int32]]) {
        if places[pair]?.last != word { places[pair, default: []].append(word) }
    }

    private func candidates(_ places: [UInt64: [Int32]]) -> [Candidate] {
        places.compactMap { pair, words in
            let count = pairCounts[pair] ?? 0
            return count > 0 ? Candidate(count: count, pair: pair, words: words) : nil
        }
    }

    /// Merges a pair in all its words; the pairs that come of it.
    private mutating func merge(_ candidate: Candidate) -> [Candidate] {
        let left = Int32(truncatingIfNeeded: candidate.pair >> 32),
            right = Int32(truncatingIfNeeded: candidate.pair & 0xFFFF_FFFF)
        let merged = add(tokens[Int(left)] + tokens[Int(right)])
        merges.append((left, right))
        var places: [UInt64: [Int32]] = [:]
        for index in candidate.words {
            let word = words[Int(index)]
            let end = word.start + word.length
            var (read, write) = (word.start, word.start)
            while read < end {
                guard symbols[read] == left, read + 1 < end, symbols[read + 1] == right else {
                    symbols[write] = symbols[read]
                    read += 1
                    write += 1
                    continue
                }
                if write > word.start {
                    pairCounts[Self.key(symbols[write - 1], left), default: 0] -= word.count
                    let pair = Self.key(symbols[write - 1], merged)
                    pairCounts[pair, default: 0] += word.count
                    Self.note(index, at: pair, &places)
                }
                if read + 2 < end {
                    pairCounts[Self.key(right, symbols[read + 2]), default: 0] -= word.count
                    let pair = Self.key(merged, symbols[read + 2])
                    pairCounts[pair, default: 0] += word.count
                    Self.note(index, at: pair, &places)
                }
                symbols[write] = merged
                read += 2
                write += 1
            }
            words[Int(index)].length = write - word.start
        }
        return candidates(places)
    }
}

/// The letters that pieces are made of.
enum Alphabet {
    /// The letters of the words by scalar, as many of the most frequent as the coverage asks for; all 256 for bytes.
    static func letters(of counts: WordCounts, _ options: TokenizerTrainer.Options) -> [UInt32] {
        if options.alphabet == .bytes {
            var letters: [UInt32] = []
            ByteAlphabet.spelled((0...255).map { UInt8($0) }).forEachScalar { letters.append($0) }
            return letters.sorted()
        }
        var frequencies: [UInt32: Int] = [:]
        counts.forEach { word, count in
            word.withUnsafeBufferPointer { bytes in
                var position = 0
                while position < bytes.count {
                    let (scalar, length) = bytes.scalar(at: position)
                    frequencies[scalar, default: 0] += count
                    position += length
                }
            }
        }
        let total = frequencies.values.reduce(0, +)
        var covered = 0
        var letters: [UInt32] = []
        for (letter, count) in frequencies.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            // The mark of a space is always there.
            if options.characterCoverage < 1, Double(covered) >= options.characterCoverage * Double(total), letter != 0x2581 {
                continue
            }
            covered += count
            letters.append(letter)
        }
        return letters.sorted()
    }
}
