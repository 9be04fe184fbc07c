import AttentionEngine
public import PluginKit
import TextPlugin
import Training

/// The size of a translation model in Marian's layout, to be trained from scratch.
public struct NewTranslator: Sendable, Hashable, Codable {
    /// Sizes, of which `base` is that of published models.
    public enum Size: String, Sendable, Hashable, Codable, CaseIterable {
        case mini, small, base
    }

    /// Numbers of each position.
    public var width: Int
    /// Layers of the encoder.
    public var encoderLayers: Int
    /// Layers of the decoder.
    public var decoderLayers: Int
    /// Heads of attention in a layer.
    public var heads: Int
    /// The codes of the languages, such as `en` and `fr`, where they are known.
    public var languages: Languages?

    /// What a model reads and what it writes.
    public struct Languages: Sendable, Hashable, Codable {
        /// The language it reads.
        public var source: String
        /// The language it writes.
        public var target: String

        /// Creates a pair of languages.
        public init(source: String, target: String) { (self.source, self.target) = (source, target) }
    }

    /// Creates a size of those that are known.
    public init(_ size: Size) {
        switch size {
        case .mini: (width, encoderLayers, decoderLayers, heads) = (256, 4, 2, 4)
        case .small: (width, encoderLayers, decoderLayers, heads) = (384, 6, 3, 6)
        case .base: (width, encoderLayers, decoderLayers, heads) = (512, 6, 6, 8)
        }
    }

    /// Learns a vocabulary of both languages together, and writes its files.
    ///
    /// - Parameters:
    ///   - folder: one that is there.
    ///   - pairs: the sentences; those to learn from are taken.
    ///   - vocabularySize: how many tokens to have at most.
    ///   - progress: is told what share is done.
    /// - Throws: `InputError` if there is too little text, or a file cannot be written.
    public static func writeTokenizer(
        to folder: String, from pairs: SentencePairs, vocabularySize: Int, progress: (Double) -> Void = { _ in }
    ) throws {
        var options = TokenizerTrainer.Options(algorithm: .unigram, vocabularySize: vocabularySize)
        options.acceptsFewer = true
        options.format = .marian
        var trainer = try TokenizerTrainer(options)
        for index in pairs.split.training {
            let pair = try pairs.pair(index)
            try trainer.read(Array("\(pair.source)\n\(pair.target)\n".utf8), from: pairs.name(of: index))
        }
        try trainer.finish("")
        for file in try trainer.train(progress: { progress(Double($0) / Double(max(1, $1))) }).files {
            try OutputFolder.write(file.bytes, to: "\(folder)/\(file.name)")
        }
    }

    /// Writes `config.json`, `generation_config.json` and, where languages are known, their names to `tokenizer_config.json`.
    ///
    /// - Parameters:
    ///   - folder: one with the files of a tokenizer.
    ///   - registry: what reads them.
    /// - Throws: `InputError` if they cannot be read, or a file cannot be written.
    public func write(to folder: String, registry: Registry) throws {
        // The family whose tokenizer it is stands in the configuration, which is written anew once the sizes are known.
        try JSONOutput.write(["model_type": "marian"], to: "\(folder)/config.json")
        let checkpoint = try Checkpoint(folder: folder)
        let tokenizer = try registry.tokenizer(for: checkpoint)
        let special = tokenizer.specialTokens
        guard let end = special.end, let padding = special.padding else {
            throw InputError(
                folder, found: "a tokenizer without tokens that end and fill up texts", needed: "both, as Marian's has them",
                remedy: "Make it with `train tokenizer --format marian`")
        }
        let count = tokenizer.vocabularySize
        if let languages {
            let name = "tokenizer_config.json"
            var file = try checkpoint.file(name, as: [String: JSONValue].self) ?? [:]
            (file["source_lang"], file["target_lang"]) = (.string(languages.source), .string(languages.target))
            try JSONOutput.write(JSONValue.object(file), to: "\(folder)/\(name)")
        }
        let stack: [String: JSONValue] = [
            "d_model": .integer(width), "encoder_layers": .integer(encoderLayers), "decoder_layers": .integer(decoderLayers),
            "encoder_attention_heads": .integer(heads), "decoder_attention_heads": .integer(heads),
            "encoder_ffn_dim": .integer(4 * width), "decoder_ffn_dim": .integer(4 * width),
        ]
        let rest: [String: JSONValue] = [
            "architectures": .array([.string("MarianMTModel")]), "model_type": .string("marian"),
            "activation_function": .string("swish"), "scale_embedding": .bool(true), "static_position_embeddings": .bool(true),
            "share_encoder_decoder_embeddings": .bool(true), "tie_word_embeddings": .bool(true),
            "is_encoder_decoder": .bool(true),
            "max_position_embeddings": .integer(512), "vocab_size": .integer(count), "decoder_vocab_size": .integer(count),
            "bos_token_id": .integer(end), "eos_token_id": .integer(end), "forced_eos_token_id": .integer(end),
            "pad_token_id": .integer(padding), "decoder_start_token_id": .integer(padding), "dropout": .number(0.1),
            "init_std": .number(0.02),
        ]
        try JSONOutput.write(JSONValue.object(stack.merging(rest) { $1 }), to: "\(folder)/config.json")
        let generation: [String: JSONValue] = [
            "bad_words_ids": .array([.array([.integer(padding)])]), "bos_token_id": .integer(end), "eos_token_id": .integer(end),
            "forced_eos_token_id": .integer(end), "pad_token_id": .integer(padding), "decoder_start_token_id": .integer(padding),
            "max_length": .integer(128), "num_beams": .integer(4),
        ]
        try JSONOutput.write(JSONValue.object(generation), to: "\(folder)/generation_config.json")
    }
}
