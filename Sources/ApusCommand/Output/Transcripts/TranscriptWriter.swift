import PluginKit

/// Turns a transcription into the text of a file, piece by piece as it is written.
protocol TranscriptWriter {
    /// What stands before the first segment.
    var opening: String { get }

    /// What has become certain with one more segment.
    mutating func add(_ segment: TranscribedSegment) -> String

    /// What follows the last segment.
    mutating func finish(_ transcription: Transcription) -> String
}

extension TranscriptWriter {
    var opening: String { "" }

    func finish(_ transcription: Transcription) -> String { "" }
}

/// The formats of openai/whisper; each is the extension of its files.
enum TranscriptFormat: String, CaseIterable {
    case txt, vtt, srt, tsv, json

    /// A writer for one recording.
    ///
    /// - Parameter layout: how subtitles with words are broken into lines.
    func writer(_ layout: SubtitleLayout) -> any TranscriptWriter {
        switch self {
        case .txt: PlainTranscript()
        case .vtt: SubtitleTranscript(.webVTT, layout)
        case .srt: SubtitleTranscript(.subRip, layout)
        case .tsv: TabSeparatedTranscript()
        case .json: JSONTranscript()
        }
    }
}

extension String {
    /// Without the white space at either end.
    var trimmed: String {
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }
}
