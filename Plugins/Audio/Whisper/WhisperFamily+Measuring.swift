import AttentionEngine
public import PluginKit

extension WhisperFamily: SpeechMeasuring {
    public func encodeWindows(_ windows: NamedTensors) throws -> any Sendable {
        try model.encode(model.features(windows))
    }

    public func writeTokens(for encoding: any Sendable, beamCount: Int, tokenCount: Int) throws {
        guard let states = encoding as? Tensor else {
            throw InputError(
                "windows", found: "another model's", needed: "what encodeWindows returned", remedy: "Encode them first")
        }
        // As many tokens stand before a text in one language, without times.
        let prompt = Array(repeating: configuration.start, count: 4)
        guard prompt.count + tokenCount <= configuration.targetPositionCount else {
            throw InputError(
                "--output-tokens", found: "\(tokenCount)",
                needed: "at most the \(configuration.targetPositionCount - prompt.count) that the model has positions for",
                remedy: "Ask for fewer")
        }
        var settings = GenerationConfiguration()
        settings.beamCount = beamCount
        settings.maximumNewTokens = tokenCount
        settings.minimumNewTokens = tokenCount
        settings.endTokens = [configuration.end]
        let memory = model.decoder.memory(of: states)
        var step = TransformerStep(model.tokens, model.decoder, model.head, memory: memory, for: settings)
        _ = try Generator(settings).generate(&step, prompts: memory.inputs.map { _ in prompt })
    }
}
