import PluginKit

/// Subtitles, as SubRip and WebVTT have them: one for each segment or, where times of words are known, broken as asked.
struct SubtitleTranscript: TranscriptWriter {
    enum Dialect {
        case subRip, webVTT
    }

    private let dialect: Dialect
    private let layout: SubtitleLayout
    private var breaking: SubtitleBreaking
    private var count = 0

    init(_ dialect: Dialect, _ layout: SubtitleLayout) {
        self.dialect = dialect
        self.layout = layout
        breaking = SubtitleBreaking(layout)
    }

    var opening: String { dialect == .webVTT ? "WEBVTT\n\n" : "" }

    mutating func add(_ segment: TranscribedSegment) -> String {
        if let words = segment.words {
            return breaking.add(words).map { subtitle($0) }.joined()
        }
        // What was held back stands before it.
        let held = finish()
        let cue = Cue(
            start: Timestamp.milliseconds(segment.start), end: Timestamp.milliseconds(segment.end), text: segment.text.trimmed)
        return held + written(cue)
    }

    mutating func finish(_ transcription: Transcription) -> String { finish() }

    private mutating func finish() -> String { breaking.finish().map { subtitle($0) }.joined() }

    private mutating func subtitle(_ words: [TranscribedWord]) -> String {
        (layout.highlightsWords ? Cue.highlighted(words) : [Cue(words)]).map { written($0) }.joined()
    }

    private mutating func written(_ cue: Cue) -> String {
        count += 1
        // An arrow in the text would be taken for the line of times.
        let text = cue.text.replacing("-->", with: "->")
        return (dialect == .subRip ? "\(count)\n" : "") + "\(moment(cue.start)) --> \(moment(cue.end))\n\(text)\n\n"
    }

    private func moment(_ milliseconds: Int) -> String {
        switch dialect {
        case .subRip: Timestamp.text(milliseconds: milliseconds, showsHours: true, decimalMark: ",")
        case .webVTT: Timestamp.text(milliseconds: milliseconds)
        }
    }
}

/// A text and when it is shown, in milliseconds.
private struct Cue {
    var start: Int
    var end: Int
    var text: String

    init(start: Int, end: Int, text: String) {
        self.start = start
        self.end = end
        self.text = text
    }

    init(_ words: [TranscribedWord]) {
        start = words.first.map { Timestamp.milliseconds($0.start) } ?? 0
        end = words.last.map { Timestamp.milliseconds($0.end) } ?? 0
        text = words.map(\.word).joined()
    }

    /// The same text again for each word, which is underlined while it is said, and without for each pause between two.
    static func highlighted(_ words: [TranscribedWord]) -> [Cue] {
        let whole = Cue(words)
        var cues: [Cue] = []
        var last = whole.start
        for (index, word) in words.enumerated() {
            let start = Timestamp.milliseconds(word.start), end = Timestamp.milliseconds(word.end)
            if last != start { cues.append(Cue(start: last, end: start, text: whole.text)) }
            let text = words.enumerated().map { $0 == index ? underlined($1.word) : $1.word }.joined()
            cues.append(Cue(start: start, end: end, text: text))
            last = end
        }
        return cues
    }

    /// The line break and the spaces before the word stay outside.
    private static func underlined(_ word: String) -> String {
        let scalars = word.unicodeScalars
        let space = scalars.prefix { $0.properties.isWhitespace }
        return "\(String(space))<u>\(String(scalars.dropFirst(space.count)))</u>"
    }
}
