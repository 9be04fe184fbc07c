import PluginKit

/// How subtitles with words are broken into lines.
struct SubtitleLayout: Sendable, Hashable {
    /// The most characters of a line.
    var maximumLineWidth: Int?
    /// The most lines of a subtitle.
    var maximumLineCount: Int?
    /// The most words of a subtitle.
    var maximumWordCount: Int?
    /// Whether each word is underlined while it is said.
    var highlightsWords = false

    /// Whether a subtitle ends with its segment. With both a width and a count of lines, text flows on from segment to segment.
    var keepsSegments: Bool { maximumLineWidth == nil || maximumLineCount == nil }
}

/// Gathers words to subtitles by the rules of openai/whisper's `SubtitlesWriter`.
///
/// The words of a subtitle carry their spaces, and a line break where a new line begins.
struct SubtitleBreaking {
    private let layout: SubtitleLayout
    /// The subtitle that grows.
    private var subtitle: [TranscribedWord] = []
    private var lineWidth = 0
    private var lineCount = 1
    /// When the last word started.
    private var last: Double?

    init(_ layout: SubtitleLayout) { self.layout = layout }

    /// Takes a segment's words and returns the subtitles that are complete.
    mutating func add(_ words: [TranscribedWord]) -> [[TranscribedWord]] {
        var complete: [[TranscribedWord]] = []
        // A subtitle begins with each so many words of a segment, and with the segment itself.
        let chunk = layout.maximumWordCount ?? 1000
        for (index, word) in words.enumerated() {
            if let subtitle = add(word, isFirst: index % chunk == 0) { complete.append(subtitle) }
        }
        return complete
    }

    /// The subtitle that was left.
    mutating func finish() -> [[TranscribedWord]] {
        defer { self = SubtitleBreaking(layout) }
        return subtitle.isEmpty ? [] : [subtitle]
    }

    /// Takes a word and returns the subtitle that ended before it.
    private mutating func add(_ original: TranscribedWord, isFirst: Bool) -> [TranscribedWord]? {
        var word = original
        var complete: [TranscribedWord]?
        let width = word.word.unicodeScalars.count
        let followsPause = !layout.keepsSegments && word.start - (last ?? word.start) > 3
        let startsSegment = isFirst && !subtitle.isEmpty && layout.keepsSegments
        if lineWidth > 0, lineWidth + width <= layout.maximumLineWidth ?? 1000, !followsPause, !startsSegment {
            lineWidth += width
        } else {
            let hasLine = lineWidth > 0
            word.word = word.word.trimmed
            lineWidth = word.word.unicodeScalars.count
            let isFull = layout.maximumLineCount.map { followsPause || lineCount >= $0 } ?? false
            if startsSegment || !subtitle.isEmpty && isFull {
                complete = subtitle
                subtitle = []
                lineCount = 1
            } else if hasLine {
                lineCount += 1
                word.word = "\n" + word.word
            }
        }
        subtitle.append(word)
        last = word.start
        return complete
    }
}
