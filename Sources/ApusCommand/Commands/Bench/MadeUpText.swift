/// Text of words that nobody uses, as often as words are used: the n-th most frequent 1/n as often as the first.
enum MadeUpText {
    /// Lines of several sentences with as many bytes in all, or a few more; always the same.
    static func lines(byteCount: Int) -> [String] {
        var random = Random()
        let words = (0..<20_000).map { _ in word(&random) }
        var lines: [String] = []
        var written = 0
        while written < byteCount {
            var line = ""
            for _ in 0..<1 + random.next(below: 6) { line += sentence(words, &random) }
            lines.append(line)
            written += line.utf8.count + 1
        }
        return lines
    }

    private static func sentence(_ words: [String], _ random: inout Random) -> String {
        let length = 3 + random.next(below: 20)
        let middle = (0..<length).map { place in
            // Evenly drawn on a logarithmic scale, rank n comes up in proportion to 1/n.
            let magnitude = 1 << random.next(below: 15)
            let word = words[min(magnitude + random.next(below: magnitude), words.count) - 1]
            return place == 0 ? word.prefix(1).uppercased() + word.dropFirst() : word
        }
        let comma = length / 2
        return middle[..<comma].joined(separator: " ") + ", " + middle[comma...].joined(separator: " ")
            + [". ", ". ", "? ", "! ", " (\(random.next(below: 2_100))). "][random.next(below: 5)]
    }

    private static func word(_ random: inout Random) -> String {
        let consonants = ["b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "v", "st", "th", "ch", ""]
        let vowels = ["a", "e", "i", "o", "u", "ea", "é", "ou"]
        let ends = ["", "", "n", "s", "r", "ng", "ed", "'s"]
        let syllables = 1 + random.next(below: 4)
        let stem = (0..<syllables).map { _ in
            consonants[random.next(below: consonants.count)] + vowels[random.next(below: vowels.count)]
        }
        return stem.joined() + ends[random.next(below: ends.count)]
    }

    /// The same numbers on every machine (xorshift; Marsaglia, 2003).
    private struct Random {
        private var state: UInt64 = 88_172_645_463_325_252

        mutating func next(below bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state >> 33) % bound
        }
    }
}
