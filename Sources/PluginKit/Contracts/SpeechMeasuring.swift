/// What `apus bench transcribe` measures of a model that transcribes: its two halves, each alone.
public protocol SpeechMeasuring: ModelFamily {
    /// Runs the encoder over windows of sound, and nothing else.
    ///
    /// - Parameter windows: what `exampleInputs` made: features under the reference's names, a row for each window.
    /// - Returns: the encoder's states, in the model's own form.
    /// - Throws: `InputError` naming the input that is missing or has the wrong shape.
    func encodeWindows(_ windows: NamedTensors) throws -> any Sendable

    /// Readies the decoder for encoded windows and writes as many tokens for each, whichever they are; it never ends sooner.
    ///
    /// - Parameters:
    ///   - encoding: what `encodeWindows` returned.
    ///   - beamCount: how many candidates are followed at once; 1 takes the likeliest token.
    ///   - tokenCount: how many tokens follow the prompt.
    /// - Throws: `InputError` if the model cannot write as many.
    func writeTokens(for encoding: any Sendable, beamCount: Int, tokenCount: Int) throws
}
