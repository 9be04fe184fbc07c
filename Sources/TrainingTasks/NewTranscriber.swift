import AttentionEngine
import PluginKit
import TextPlugin
import Training

/// The size of a speech model in Whisper's layout, to be trained from scratch.
public struct NewTranscriber: Sendable, Hashable, Codable {
    /// Sizes, of which `tiny` and `base` are those of published models.
    public enum Size: String, Sendable, Hashable, Codable, CaseIterable {
        case mini, tiny, base
    }

    /// Numbers of each position.
    public var width: Int
    /// Layers of the encoder.
    public var encoderLayers: Int
    /// Layers of the decoder.
    public var decoderLayers: Int
    /// Heads of attention in a layer.
    public var heads: Int
    /// What the model hears at once, in seconds.
    public var windowSeconds: Int
    /// The code of the language that is spoken.
    public var language: String

    /// Creates a size of those that are known.
    public init(_ size: Size, windowSeconds: Int = 10, language: String = "en") {
        switch size {
        case .mini: (width, encoderLayers, decoderLayers, heads) = (192, 4, 2, 3)
        case .tiny: (width, encoderLayers, decoderLayers, heads) = (384, 4, 4, 6)
        case .base: (width, encoderLayers, decoderLayers, heads) = (512, 6, 6, 8)
        }
        self.windowSeconds = max(1, min(30, windowSeconds))
        self.language = language
    }

    /// Those that tell the model what to do, the last ids of the vocabulary.
    private var specialTokens: [String] {
        [
            "<|endoftext|>", "<|startoftranscript|>", "<|\(language)|>", "<|translate|>", "<|transcribe|>", "<|startoflm|>",
            "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>",
        ]
    }

    /// Learns a vocabulary of what is said, and writes all files of a model but its weights.
    ///
    /// - Parameters:
    ///   - folder: one that is there.
    ///   - texts: what is said in the recordings to learn from.
    ///   - vocabularySize: how many tokens to have at most.
    /// - Throws: `InputError` if there is too little text, or a file cannot be written.
    public func write(to folder: String, texts: [String], vocabularySize: Int) throws {
        var options = TokenizerTrainer.Options(algorithm: .bytePairs, vocabularySize: vocabularySize)
        options.acceptsFewer = true
        options.specialTokens = specialTokens
        options.specialTokensComeLast = true
        var trainer = try TokenizerTrainer(options)
        // As they are written: with a space in front.
        for text in texts { try trainer.read(Array(" \(text)\n".utf8), from: "texts") }
        try trainer.finish("texts")
        let tokenizer = try trainer.train(), count = tokenizer.vocabularySize
        for file in tokenizer.files where file.name == "tokenizer.json" {
            try OutputFolder.write(file.bytes, to: "\(folder)/\(file.name)")
        }
        let first = count - specialTokens.count
        let ids = Dictionary(uniqueKeysWithValues: specialTokens.enumerated().map { ($1, JSONValue.integer(first + $0)) })
        let end = JSONValue.integer(first), start = JSONValue.integer(first + 1)
        let text = JSONValue.string("<|endoftext|>")
        let names: [String: JSONValue] = [
            "tokenizer_class": .string("WhisperTokenizer"), "bos_token": text, "eos_token": text, "unk_token": text,
            "pad_token": text, "add_prefix_space": .bool(false), "clean_up_tokenization_spaces": .bool(false),
            "extra_special_tokens": .array(specialTokens.dropFirst().map { .string($0) }),
        ]
        try JSONOutput.write(JSONValue.object(names), to: "\(folder)/tokenizer_config.json")
        let texts = min(448, max(64, 15 * windowSeconds))
        let stack: [String: JSONValue] = [
            "d_model": .integer(width), "encoder_layers": .integer(encoderLayers), "decoder_layers": .integer(decoderLayers),
            "encoder_attention_heads": .integer(heads), "decoder_attention_heads": .integer(heads),
            "encoder_ffn_dim": .integer(4 * width), "decoder_ffn_dim": .integer(4 * width), "vocab_size": .integer(count),
            "max_source_positions": .integer(50 * windowSeconds), "max_target_positions": .integer(texts),
        ]
        let rest: [String: JSONValue] = [
            "architectures": .array([.string("WhisperForConditionalGeneration")]), "model_type": .string("whisper"),
            // Narrow models learn sooner from weights as large as 1 / √width has them.
            "init_std": .number(width < 384 ? 0.04 : 0.02), "activation_function": .string("gelu"), "num_mel_bins": .integer(80),
            "is_encoder_decoder": .bool(true),
            "scale_embedding": .bool(false), "tie_word_embeddings": .bool(true), "bos_token_id": end, "eos_token_id": end,
            "pad_token_id": end, "decoder_start_token_id": start, "begin_suppress_tokens": .null, "suppress_tokens": .null,
        ]
        try JSONOutput.write(JSONValue.object(stack.merging(rest) { $1 }), to: "\(folder)/config.json")
        let generation: [String: JSONValue] = [
            "bos_token_id": end, "eos_token_id": end, "pad_token_id": end, "decoder_start_token_id": start,
            "is_multilingual": .bool(true), "max_length": .integer(texts),
            "lang_to_id": .object(["<|\(language)|>": ids["<|\(language)|>"] ?? .null]),
            "task_to_id": .object(["transcribe": ids["<|transcribe|>"] ?? .null, "translate": ids["<|translate|>"] ?? .null]),
            "no_timestamps_token_id": ids["<|notimestamps|>"] ?? .null, "prev_sot_token_id": ids["<|startofprev|>"] ?? .null,
        ]
        try JSONOutput.write(JSONValue.object(generation), to: "\(folder)/generation_config.json")
        let preprocessor: [String: JSONValue] = [
            "feature_extractor_type": .string("WhisperFeatureExtractor"), "chunk_length": .integer(windowSeconds),
            "feature_size": .integer(80), "hop_length": .integer(160), "n_fft": .integer(400),
            "n_samples": .integer(16_000 * windowSeconds), "nb_max_frames": .integer(100 * windowSeconds),
            "padding_side": .string("right"), "padding_value": .number(0), "return_attention_mask": .bool(false),
            "sampling_rate": .integer(16_000), "dither": .number(0),
        ]
        try JSONOutput.write(JSONValue.object(preprocessor), to: "\(folder)/preprocessor_config.json")
    }
}
