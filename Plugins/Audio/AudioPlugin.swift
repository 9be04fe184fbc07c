public import PluginKit

/// Sound: a reader of WAV, FLAC, Ogg, Opus, MP3, AIFF and many more files, and the models that transcribe speech.
public enum AudioPlugin: Plugin {
    public static let name = "audio"

    public static func register(in registry: inout Registry) throws {
        try registry.register(AudioReader())
        try registry.register(WhisperFamily.self)
    }
}

/// The task of writing down what is said in sound.
public protocol SpeechTranscribing: Transcribing where Input == Waveform {}
