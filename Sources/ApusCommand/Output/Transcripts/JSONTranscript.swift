import PluginKit

/// openai/whisper's object of a transcription, whole.
struct JSONTranscript: TranscriptWriter {
    /// What the object is said to be about; left out where the file's name says so.
    var input: String?

    func add(_ segment: TranscribedSegment) -> String { "" }

    func finish(_ transcription: Transcription) -> String { "\(object(transcription))\n" }

    private func object(_ transcription: Transcription) -> JSONText {
        .object(
            (input.map { [("input", .text($0))] } ?? []) + [
                ("text", .text(transcription.text)),
                ("segments", .array(transcription.segments.map(Self.object))),
                ("language", transcription.language.map { .text($0) } ?? .null),
            ])
    }

    private static func object(_ segment: TranscribedSegment) -> JSONText {
        let words = segment.words.map { [("words", JSONText.array($0.map(object)))] }
        return .object(
            [
                ("id", .integer(segment.id)), ("seek", .integer(segment.seek)), ("start", .number(segment.start)),
                ("end", .number(segment.end)), ("text", .text(segment.text)),
                ("tokens", .array(segment.tokens.map { .integer($0) })), ("temperature", .float(segment.temperature)),
                ("avg_logprob", .float(segment.averageLogProbability)),
                ("compression_ratio", .float(segment.compressionRatio)),
                ("no_speech_prob", .float(segment.noSpeechProbability)),
            ] + (words ?? []))
    }

    private static func object(_ word: TranscribedWord) -> JSONText {
        .object([
            ("word", .text(word.word)), ("start", .number(word.start)), ("end", .number(word.end)),
            ("probability", .float(word.probability)),
        ])
    }
}
