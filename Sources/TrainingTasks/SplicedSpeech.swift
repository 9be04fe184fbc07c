import AttentionEngine
import AudioPlugin
import PluginKit
import Training

/// New recordings of the words of others, in an order that nobody has said them in.
struct SplicedSpeech: Sendable {
    /// Words that follow each other in a recording.
    struct Run: Sendable, Hashable {
        /// The recording.
        var recording: Int
        /// Its words, in order.
        var words: [TimedWord]
        /// Silence before it, in seconds.
        var pause: Double
    }

    /// The words of each recording, in order.
    private let words: [Int: [TimedWord]]
    /// Where each word is said, by speaker and by all of them.
    private let everywhere: Places
    private let bySpeaker: [String: Places]
    /// Words that sound as others do; only those around them tell which of them it is.
    private let ambiguous: Set<String>

    private struct Place: Sendable {
        var recording: Int
        var word: Int
    }

    /// Places by word, with weights by which rare words are chosen more often than they are said.
    private struct Places: Sendable {
        private let places: [[Place]]
        private let sums: [Double]

        init(_ all: [String: [Place]]) {
            places = all.keys.sorted().map { all[$0] ?? [] }
            sums = places.reduce(into: []) { $0.append(($0.last ?? 0) + Double($1.count).squareRoot()) }
        }

        func random(_ generator: inout SeededGenerator) -> Place? {
            guard let total = sums.last, total > 0 else { return nil }
            let value = Double.random(in: 0..<total, using: &generator)
            return places[sums.firstIndex { value < $0 } ?? 0].randomElement(using: &generator)
        }
    }

    /// Reads a table of words and their times as `align` writes it.
    ///
    /// - Parameters:
    ///   - path: the table: file, word, start and end, whose first line may name them.
    ///   - clips: the recordings; those held out are passed over, whatever the table has of them.
    ///   - lowercases: whether words are taken in small letters.
    ///   - spelling: which words sound alike.
    /// - Throws: `InputError` naming a line that makes no sense, or a table without words of the recordings.
    init(_ path: String, clips: SpeechClips, lowercases: Bool, spelling: Spelling?) throws {
        let table = try TextTable(path, columns: 4)
        let numbers = Dictionary(clips.split.training.map { (Paths.absolute(clips.items[$0].path), $0) }) { first, _ in first }
        var words: [Int: [TimedWord]] = [:]
        for index in 0..<table.count {
            let row = try table.row(index)
            if index == 0, row[2].lowercased() == "start" { continue }
            guard let start = Double(row[2]), let end = Double(row[3]), start >= 0, end >= start, end < 1e6, !row[1].isEmpty
            else {
                throw InputError(
                    "\(path), line \(table.line(of: index))", found: row.joined(separator: " "),
                    needed: "a file, a word, and when it begins and ends, in seconds", remedy: "Write the table with `align`")
            }
            guard let number = numbers[Paths.absolute(table.place(of: row[0]))] else { continue }
            words[number, default: []].append(TimedWord(lowercases ? row[1].lowercased() : row[1], start: start, end: end))
        }
        guard !words.isEmpty else {
            throw InputError(
                path, found: "no words of the recordings to learn from", needed: "some, under the same paths",
                remedy: "Write the table with `align` from the same data")
        }
        self.words = words
        var everywhere: [String: [Place]] = [:], bySpeaker: [String: [String: [Place]]] = [:]
        for (number, said) in words.sorted(by: { $0.key < $1.key }) {
            for (place, word) in said.enumerated() {
                everywhere[word.text, default: []].append(Place(recording: number, word: place))
                if let speaker = clips.items[number].speaker {
                    bySpeaker[speaker, default: [:]][word.text, default: []].append(Place(recording: number, word: place))
                }
            }
        }
        self.everywhere = Places(everywhere)
        self.bySpeaker = bySpeaker.mapValues(Places.init)
        let alike = Dictionary(grouping: everywhere.keys) { spelling?.sounds?[$0.lowercased()] ?? [$0] }
        ambiguous = Set(alike.values.filter { $0.count > 1 }.joined())
    }

    /// Runs of words, one after the other.
    ///
    /// - Parameters:
    ///   - speaker: who three in four of the runs are of.
    ///   - longest: what they may last together, in seconds.
    func runs(of speaker: String?, longest: Double, _ generator: inout SeededGenerator) -> [Run] {
        func uniform() -> Double { Double.random(in: 0..<1, using: &generator) }
        // Twelve uniform numbers are nearly a normal one.
        let normal = (0..<12).reduce(-6.0) { sum, _ in sum + uniform() }
        let wanted = min(14, max(1, Int((6 + 3 * normal).rounded())))
        let own = speaker.flatMap { bySpeaker[$0] }
        var (runs, count, duration): ([Run], Int, Double) = ([], 0, 0)
        while count < wanted {
            let isOwn = uniform() < 0.75
            guard let place = (isOwn ? own ?? everywhere : everywhere).random(&generator), let said = words[place.recording]
            else {
                break
            }
            let draw = uniform(), length = draw < 0.5 ? 1 : draw < 0.8 ? 2 : 3
            var (first, last) = (place.word, min(said.count - 1, place.word + length - 1))
            // What sounds as something else is taken together with its neighbours.
            if ambiguous.contains(said[first].text) { first = max(0, first - 1) }
            if ambiguous.contains(said[last].text) { last = min(said.count - 1, last + 1) }
            var run = Run(recording: place.recording, words: Array(said[first...last]), pause: 0)
            if uniform() < 0.15 { run.pause = 0.2 * uniform() }
            duration += run.pause + said[last].end - said[first].start
            guard duration <= longest || runs.isEmpty else { break }
            runs.append(run)
            count += run.words.count
        }
        return runs
    }

    /// A run's part of its recording, without the clicks that cuts make.
    static func cut(_ sound: Waveform, _ run: Run) -> [Float] {
        guard let first = run.words.first, let last = run.words.last else { return [] }
        let rate = Double(sound.sampleRate)
        let start = min(sound.samples.count, Int(first.start * rate)), end = min(sound.samples.count, Int(last.end * rate))
        var samples = Array(sound.samples[start..<max(start, end)])
        let fade = min(sound.sampleRate / 200, samples.count / 2)
        for index in 0..<fade {
            let factor = Float(index) / Float(fade)
            samples[index] *= factor
            samples[samples.count - 1 - index] *= factor
        }
        return Array(repeating: 0, count: Int(run.pause * rate)) + samples
    }
}
