public import PluginKit

/// Sound: a reader of WAV, FLAC, Ogg, Opus, MP3, AIFF and many more files, and the models that transcribe speech.
public enum AudioPlugin: Plugin {
    public static let name = "audio"

    public static func register(in registry: inout Registry) throws {
        try registry.register(AudioReader())
        try registry.register(WhisperFamily.self)
        try registry.register(
            TaskKind("transcribe", (any SpeechTranscribing).self) { $0 is any SpeechTranscribing.Type })
        registry.register(starterModel: "whisper-an4", for: "transcribe")
    }
}

/// The task of writing down what is said in sound.
public protocol SpeechTranscribing: Transcribing where Input == Waveform {}
