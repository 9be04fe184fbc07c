import PluginKit

/// What is said, a line for each segment.
struct PlainTranscript: TranscriptWriter {
    func add(_ segment: TranscribedSegment) -> String { segment.text.trimmed + "\n" }
}

/// What is said and when, a line for each segment, as openai/whisper shows it while it works:
/// `[00:00.000 --> 00:04.000]  text`.
struct TimedTranscript: TranscriptWriter {
    func add(_ segment: TranscribedSegment) -> String {
        "[\(Timestamp.text(segment.start)) --> \(Timestamp.text(segment.end))] \(segment.text)\n"
    }
}
