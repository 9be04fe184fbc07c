public import AttentionEngine
import PluginKit

/// A transcriber that can be trained: how a recording and what is said in it become what its `forward` takes.
///
/// `forward` answers `input_features` and `decoder_input_ids` with `logits` and, at `ForwardDetail.states`, the encoder's
/// `encoder_last_hidden_state`.
public protocol SpeechLearning: SpeechTranscribing {
    /// The longest recording the model hears at once, in seconds.
    var windowDuration: Double { get }

    /// The features of a recording that is no longer than a window, filled up with silence: `[bins, frames]`.
    ///
    /// - Throws: `InputError` if it has another sample rate, or is longer.
    func features(of sound: Waveform) throws -> Tensor

    /// What the model is to write for a text without times.
    ///
    /// - Parameters:
    ///   - text: what is said.
    ///   - language: the code of its language, for models of several.
    /// - Returns: the ids, from what every text starts with to what ends it, and how many of the first are given to the model.
    /// - Throws: `InputError` if the model does not know the language, or the text is longer than what it can write.
    func transcript(of text: String, language: String?) throws -> (ids: [Int], givenCount: Int)
}

extension WhisperFamily: SpeechLearning {
    public var windowDuration: Double {
        guard let converter = try? transcriber.get().converter else { return 0 }
        return Double(converter.windowSampleCount) / Double(converter.sampleRate)
    }

    public func features(of sound: Waveform) throws -> Tensor {
        let converter = try transcriber.get().converter
        guard sound.samples.count <= converter.windowSampleCount else {
            throw InputError(
                "", found: "a recording of \(Self.seconds(sound.duration)) seconds",
                needed: "at most the \(Self.seconds(windowDuration)) of a window", remedy: "Cut it where nobody speaks")
        }
        return try converter.features(of: sound)
    }

    private static func seconds(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

    public func transcript(of text: String, language: String?) throws -> (ids: [Int], givenCount: Int) {
        let transcriber = try transcriber.get(), vocabulary = transcriber.vocabulary
        var languageID: Int?
        if !vocabulary.languages.isEmpty {
            languageID = vocabulary.languages[language ?? "en"]
            guard languageID != nil else {
                throw InputError(
                    "--language", found: language ?? "none",
                    needed: "one of \(vocabulary.languages.keys.sorted().joined(separator: ", "))",
                    remedy: "Name the language that is spoken")
            }
        }
        let given = vocabulary.prompt(language: languageID, task: .transcribe, hasTimestamps: false)
        // What it writes begins with a space, as the reference's texts do.
        let written = try transcriber.tokenizer.encode(" " + text, addSpecialTokens: false).ids
        let ids = given + written + [vocabulary.end]
        guard ids.count <= configuration.targetPositionCount else {
            throw InputError(
                "", found: "a text of \(written.count) tokens",
                needed: "at most the \(configuration.targetPositionCount - given.count - 1) that the model can write",
                remedy: "Cut the recording into parts")
        }
        return (ids, given.count)
    }
}
