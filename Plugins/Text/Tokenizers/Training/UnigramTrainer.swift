import AttentionEngine

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Chooses the pieces of a unigram language model as sentencepiece does: expectation and maximization, then pruning of those
/// without which the text is least less likely (Kudo, 2018, arXiv:1804.10959).
struct UnigramTrainer {
    private static let shrinking = 0.75
    private static let stepsPerRound = 2
    /// Pieces expected less often are dropped.
    private static let leastExpected = 0.5

    private let trainer: TokenizerTrainer
    private let vocabularySize: Int
    private let letterCount: Int
    private let pieces: [[UInt8]]
    private var scores: [Double]
    private var isAlive: [Bool]
    private var texts: SegmentedWords
    private var ownTexts: SegmentedWords

    init(_ trainer: TokenizerTrainer, _ counts: WordCounts) throws {
        self.trainer = trainer
        let options = trainer.options
        let letters = Alphabet.letters(of: counts, options)
        try trainer.checkRoom(letters: letters.count)
        vocabularySize = options.vocabularySize - trainer.fixedTokenCount
        let known = Set(letters)
        var parts: [[UInt32]: Int] = [:]
        // What is unknown parts a word: no piece goes across it.
        counts.forEach { word, count in
            for part in Array(word).scalars.split(whereSeparator: { !known.contains($0) }) {
                parts[Array(part), default: 0] += count
            }
        }
        let words = parts.map { (letters: $0.key, count: $0.value) }.sorted {
            $0.count != $1.count ? $0.count > $1.count : $0.letters.lexicographicallyPrecedes($1.letters)
        }
        let seeds = UnigramSeeds(
            words, letters: letters, minimumFrequency: options.minimumFrequency,
            limit: min(1_000_000, max(100_000, 40 * vocabularySize)))
        let special = Set(trainer.specialTokens)
        pieces = seeds.pieces
        scores = seeds.scores
        letterCount = seeds.letterCount
        isAlive = seeds.pieces.map { !special.contains($0) }
        let trie = ByteTrie(seeds.pieces.enumerated().map { ($1, $0) })
        texts = SegmentedWords(words.map { ($0.letters, $0.count) }, trie)
        ownTexts = SegmentedWords(seeds.pieces.map { ($0.scalars, 0) }, trie)
        let available = isAlive.count { $0 }
        if available < vocabularySize, !trainer.options.acceptsFewer {
            throw trainer.tooLarge(available: available + trainer.fixedTokenCount)
        }
    }

    consuming func train(_ progress: (Int, Int) -> Void) throws -> TrainedTokenizer {
        // A tenth more than needed is kept to choose from at the end.
        let wanted = max(vocabularySize + 1, vocabularySize * 11 / 10)
        let start = aliveCount
        let rounds = start <= wanted ? 1 : Int((log(Double(wanted) / Double(start)) / log(Self.shrinking)).rounded(.up)) + 1
        var round = 0
        while true {
            for _ in 0..<Self.stepsPerRound { maximize(texts.expectedCounts(probabilities())) }
            round += 1
            progress(min(round, rounds), rounds)
            guard aliveCount > wanted else { break }
            prune(to: max(wanted, Int(Self.shrinking * Double(aliveCount))))
            texts.drop(isAlive)
            ownTexts.drop(isAlive)
        }
        return try chosen()
    }

    private var aliveCount: Int { isAlive.count { $0 } }

    private func probabilities() -> [Double] { scores.indices.map { isAlive[$0] ? exp(scores[$0]) : 0 } }

    /// New scores from expected counts, with the digamma function in place of the logarithm, which favours sparse models.
    private mutating func maximize(_ expected: [Double]) {
        var total = 0.0
        for piece in scores.indices where isAlive[piece] {
            // A letter stays, whatever becomes of it.
            if piece >= letterCount && expected[piece] < Self.leastExpected {
                isAlive[piece] = false
            } else {
                total += max(expected[piece], Self.leastExpected)
            }
        }
        let base = Self.digamma(total)
        for piece in scores.indices where isAlive[piece] {
            scores[piece] = Self.digamma(max(expected[piece], Self.leastExpected)) - base
        }
    }

    /// ψ(x), by its recurrence up to 7 and the asymptotic series from there.
    private static func digamma(_ argument: Double) -> Double {
        var (x, result) = (argument, 0.0)
        while x < 7 {
            result -= 1 / x
            x += 1
        }
        x -= 0.5
        let inverse = 1 / x
        let square = inverse * inverse
        let fourth = square * square
        return result + log(x) + (1.0 / 24) * square - (7.0 / 960) * fourth + (31.0 / 8064) * fourth * square
            - (127.0 / 30720) * fourth * fourth
    }

    /// Drops pieces until `count` are left: those the best segmentations have no use for, and then those whose replacement by
    /// the next best pieces costs the text least.
    private mutating func prune(to count: Int) {
        let usage = texts.bestUsage(scores, isAlive)
        let total = usage.frequencies.reduce(0, +)
        let logTotal = log(total)
        var losses: [(piece: Int, loss: Double)] = []
        var kept = letterCount
        for piece in letterCount..<max(letterCount, scores.count) where isAlive[piece] {
            let own = ownTexts.best(piece, scores, isAlive, without: piece)
            let frequency = usage.frequencies[piece]
            if frequency == 0 {
                isAlive[piece] = false
                continue
            }
            guard let alternative = own, !alternative.isEmpty else {
                kept += 1
                continue
            }
            let share = usage.wordCounts[piece] / max(1, Double(texts.total))
            let newTotal = log(total + frequency * Double(alternative.count - 1))
            var likelihood = 0.0
            for other in alternative { likelihood += log(usage.frequencies[other] + frequency) - newTotal }
            losses.append((piece, share * (log(frequency) - logTotal - likelihood)))
        }
        losses.sort { $0.loss != $1.loss ? $0.loss > $1.loss : $0.piece < $1.piece }
        for entry in losses.dropFirst(max(0, count - kept)) { isAlive[entry.piece] = false }
    }

    private func chosen() throws -> TrainedTokenizer {
        let others = (letterCount..<max(letterCount, scores.count)).filter { isAlive[$0] }
            .sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
        let letters = (0..<letterCount).filter { isAlive[$0] }
        guard letters.count + others.count >= vocabularySize || trainer.options.acceptsFewer else {
            throw trainer.tooLarge(available: letters.count + others.count + trainer.fixedTokenCount)
        }
        let pieces = (letters + others.prefix(vocabularySize - letters.count))
            .sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
        return TrainedTokenizer(trainer, pieces: pieces.map { (self.pieces[$0], scores[$0]) }, merges: [])
    }
}

/// The natural logarithm.
enum Logarithm {
    static func of(_ value: Double) -> Double { log(value) }
}

/// Words with all the pieces that stand in them.
struct SegmentedWords {
    /// A piece in a word, by bytes from the word's start.
    private struct Edge {
        var start: UInt16
        var end: UInt16
        var piece: Int32
    }

    private var edges: [Edge] = []
    /// Where each word's edges begin, in order of their starts; one more than there are words.
    private var edgeStarts: [Int] = [0]
    private var counts: [Int] = []
    private var lengths: [Int] = []

    /// - Parameter words: none of more than 65,535 bytes.
    init(_ words: [(letters: [UInt32], count: Int)], _ trie: ByteTrie) {
        var bytes: [UInt8] = []
        for word in words {
            bytes.removeAll(keepingCapacity: true)
            for letter in word.letters { bytes.append(scalar: letter) }
            bytes.withUnsafeBufferPointer { bytes in
                for start in bytes.indices where bytes[start] & 0xC0 != 0x80 {
                    trie.forEachMatch(in: bytes, at: start) { piece, end in
                        edges.append(
                            Edge(
                                start: UInt16(truncatingIfNeeded: start), end: UInt16(truncatingIfNeeded: end),
                                piece: Int32(truncatingIfNeeded: piece)))
                    }
                }
            }
            edgeStarts.append(edges.count)
            counts.append(word.count)
            lengths.append(bytes.count)
        }
    }

    /// How many words there are, each as often as it occurs.
    var total: Int { counts.reduce(0, +) }

    /// Forgets the edges of pieces that are no more.
    mutating func drop(_ isAlive: [Bool]) {
        var write = 0
        for word in counts.indices {
            let range = edgeStarts[word]..<edgeStarts[word + 1]
            edgeStarts[word] = write
            for index in range where isAlive[Int(edges[index].piece)] {
                edges[write] = edges[index]
                write += 1
            }
        }
        edgeStarts[counts.count] = write
        edges.removeSubrange(write...)
    }

    /// How often each piece is expected, over all segmentations by their probability.
    ///
    /// Sums of products are kept near one by a factor for each byte, which all segmentations of a word share.
    func expectedCounts(_ probabilities: [Double]) -> [Double] {
        var expected = Array(repeating: 0.0, count: probabilities.count)
        let factor = (0...256).map { pow(10.0, Double($0)) }
        var forward: [Double] = []
        var backward: [Double] = []
        edges.withUnsafeBufferPointer { edges in
            for word in counts.indices {
                let length = lengths[word]
                let range = edgeStarts[word]..<edgeStarts[word + 1]
                forward.removeAll(keepingCapacity: true)
                forward.append(contentsOf: repeatElement(0, count: length + 1))
                backward.removeAll(keepingCapacity: true)
                backward.append(contentsOf: repeatElement(0, count: length + 1))
                forward[0] = 1
                backward[length] = 1
                func weight(_ edge: Edge) -> Double {
                    probabilities[Int(edge.piece)] * factor[min(256, Int(edge.end - edge.start))]
                }
                for index in range {
                    let edge = edges[index]
                    forward[Int(edge.end)] += forward[Int(edge.start)] * weight(edge)
                }
                for index in range.reversed() {
                    let edge = edges[index]
                    backward[Int(edge.start)] += backward[Int(edge.end)] * weight(edge)
                }
                let whole = forward[length]
                guard whole.isFinite, whole > 0 else { continue }
                let share = Double(counts[word]) / whole
                for index in range {
                    let edge = edges[index]
                    expected[Int(edge.piece)] += share * forward[Int(edge.start)] * weight(edge) * backward[Int(edge.end)]
                }
            }
        }
        return expected
    }

    /// How often each piece stands in the best segmentations, and in how many words.
    func bestUsage(_ scores: [Double], _ isAlive: [Bool]) -> (frequencies: [Double], wordCounts: [Double]) {
        var frequencies = Array(repeating: 0.0, count: scores.count)
        var wordCounts = frequencies
        for word in counts.indices {
            guard let path = best(word, scores, isAlive, without: nil) else { continue }
            let count = Double(counts[word])
            for (place, piece) in path.enumerated() {
                frequencies[piece] += count
                if !path[..<place].contains(piece) { wordCounts[piece] += count }
            }
        }
        return (frequencies, wordCounts)
    }

    /// The likeliest pieces of a word, last first; `nil` if it cannot be made of pieces.
    ///
    /// - Parameter piece: a piece that is not to be used.
    func best(_ word: Int, _ scores: [Double], _ isAlive: [Bool], without piece: Int?) -> [Int]? {
        let length = lengths[word]
        return withUnsafeTemporaryAllocation(of: (score: Double, edge: Int).self, capacity: length + 1) { nodes in
            nodes.initialize(repeating: (-.infinity, -1))
            nodes[0].score = 0
            for index in edgeStarts[word]..<edgeStarts[word + 1] {
                let edge = edges[index]
                let id = Int(edge.piece)
                guard isAlive[id], id != piece else { continue }
                let score = nodes[Int(edge.start)].score + scores[id]
                if score > nodes[Int(edge.end)].score { nodes[Int(edge.end)] = (score, index) }
            }
            guard nodes[length].edge >= 0 else { return nil }
            var path: [Int] = []
            var position = length
            while position > 0 {
                let edge = edges[nodes[position].edge]
                path.append(Int(edge.piece))
                position = Int(edge.start)
            }
            return path
        }
    }
}
