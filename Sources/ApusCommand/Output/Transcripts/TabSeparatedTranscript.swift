import PluginKit

/// A table of segments: start and end in milliseconds, and the text, with tabs between.
struct TabSeparatedTranscript: TranscriptWriter {
    var opening: String { "start\tend\ttext\n" }

    func add(_ segment: TranscribedSegment) -> String {
        let text = segment.text.trimmed.replacing("\t", with: " ")
        return "\(Timestamp.milliseconds(segment.start))\t\(Timestamp.milliseconds(segment.end))\t\(text)\n"
    }
}
