import Apus
import PluginKitTesting

// What the guide, README.md and CONTRIBUTING.md show and no sample has, compiled.

struct Recording: Sendable {}

protocol RecordingClassifying: Classifying where Input == Recording {}

func registerTask(in registry: inout Registry) throws {
    try registry.register(
        TaskKind("classify", (any RecordingClassifying).self) { $0 is any RecordingClassifying.Type })
}

func classifyPhoto() throws {
    let model = try Apus.load("vit-grocery", as: (any ImageClassifying).self)
    let photo = try Apus.registry.read(InputFile(path: "lemon.jpg"), as: Image.self)
    print(try model.classify([photo])[0][0].label)
}

func transcribe() async throws {
    let speech = try Apus.load("whisper-an4", as: (any SpeechTranscribing).self)
    let recording = try Apus.registry.read(InputFile(path: "voicemail.ogg"), as: Waveform.self)
    for try await segment in speech.segments(of: recording) { print(segment.start, segment.text) }
}
