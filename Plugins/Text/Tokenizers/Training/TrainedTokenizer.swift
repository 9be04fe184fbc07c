/// A tokenizer that a `TokenizerTrainer` learned.
public struct TrainedTokenizer: Sendable {
    /// Which files hold it.
    public enum Format: String, Sendable, CaseIterable {
        /// `tokenizer.json` and `tokenizer_config.json`.
        case transformers
        /// `source.spm`, `target.spm`, `vocab.json` and `tokenizer_config.json`, one vocabulary for both languages.
        case marian
    }

    /// What a Marian vocabulary has beside the pieces: the first two ids, and the last.
    static let marianTokens = ["</s>", "<unk>", "<pad>"]

    let options: TokenizerTrainer.Options
    let specialTokens: [[UInt8]]
    /// In the order of their ids, without special tokens and bytes; letters first for byte pairs.
    let pieces: [(text: [UInt8], score: Double)]
    /// In the order they were learned.
    let merges: [(left: [UInt8], right: [UInt8])]

    init(
        _ trainer: TokenizerTrainer, pieces: [(text: [UInt8], score: Double)], merges: [(left: [UInt8], right: [UInt8])]
    ) {
        options = trainer.options
        specialTokens = trainer.specialTokens
        self.pieces = pieces
        self.merges = merges
    }

    /// How many tokens there are, special ones included.
    public var vocabularySize: Int {
        specialTokens.count + byteTokens.count + pieces.count + (options.format == .marian ? Self.marianTokens.count : 0)
    }

    /// The files to put beside a checkpoint's config.json.
    public var files: [(name: String, bytes: [UInt8])] {
        switch options.format {
        case .transformers:
            return [("tokenizer.json", tokenizerFile), ("tokenizer_config.json", configurationFile)]
        case .marian:
            let model = SentencePieceWriter.model(self)
            return [
                ("source.spm", model), ("target.spm", model), ("vocab.json", marianVocabulary),
                ("tokenizer_config.json", configurationFile),
            ]
        }
    }

    var byteTokens: [[UInt8]] { options.fallsBackToBytes ? (0...255).map { ByteFallback.token(of: $0) } : [] }

    /// The tokens that stand for the unknown by their usual names.
    static func unknown(of tokens: [String]) -> String? { tokens.first { ["<unk>", "[UNK]", "<|unk|>"].contains($0) } }

    // MARK: Files

    private var tokenizerFile: [UInt8] {
        let names = specialTokens.map { String(decoding: $0, as: UTF8.self) }
        let unknown = Self.unknown(of: names)
        let added = names.enumerated().map { place, name in
            """
            {"id": \(firstSpecialID + place), "content": \(JSONString.of(name)), "single_word": false, "lstrip": false, "rstrip": false, \
            "normalized": false, "special": true}
            """
        }
        let isBytes = options.alphabet == .bytes
        let preTokenizer =
            isBytes
            ? #"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}"#
            : #"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}"#
        let decoder =
            isBytes
            ? #"{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}"#
            : options.fallsBackToBytes
                ? #"{"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, "#
                    + #"{"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}"#
                : #"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}"#
        let postProcessor =
            isBytes ? #"{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false, "use_regex": true}"# : "null"
        let text = """
            {
              "version": "1.0",
              "truncation": null,
              "padding": null,
              "added_tokens": [\(added.isEmpty ? "" : "\n    ")\(added.joined(separator: ",\n    "))\(added.isEmpty ? "" : "\n  ")],
              "normalizer": \(TextPreparation.json(options)),
              "pre_tokenizer": \(preTokenizer),
              "post_processor": \(postProcessor),
              "decoder": \(decoder),
              "model": \(merges.isEmpty && options.algorithm == .unigram ? unigramModel(names, unknown) : bytePairModel(unknown))
            }

            """
        return Array(text.utf8)
    }

    /// The id of the first special token.
    private var firstSpecialID: Int { options.specialTokensComeLast ? vocabularySize - specialTokens.count : 0 }

    /// Every token by id.
    private var tokens: [[UInt8]] {
        let others = byteTokens + pieces.map(\.text)
        return options.specialTokensComeLast ? others + specialTokens : specialTokens + others
    }

    private func unigramModel(_ names: [String], _ unknown: String?) -> String {
        let (special, bytes) = (specialTokens.map { _ in 0.0 }, byteTokens.map { _ in 0.0 })
        let scores =
            options.specialTokensComeLast
            ? bytes + pieces.map(\.score) + special : special + bytes + pieces.map(\.score)
        let vocabulary = zip(tokens, scores).map { "[\(JSONString.of($0)), \($1)]" }.joined(separator: ",\n      ")
        let id = unknown.flatMap { names.firstIndex(of: $0) }.map { "\(firstSpecialID + $0)" } ?? "null"
        return """
            {
                "type": "Unigram",
                "unk_id": \(id),
                "vocab": [
                  \(vocabulary)
                ],
                "byte_fallback": \(options.fallsBackToBytes)
              }
            """
    }

    private func bytePairModel(_ unknown: String?) -> String {
        let vocabulary = tokens.enumerated().map { "\(JSONString.of($1)): \($0)" }.joined(separator: ",\n      ")
        let pairs = merges.map { "[\(JSONString.of($0.left)), \(JSONString.of($0.right))]" }.joined(separator: ",\n      ")
        let name = options.alphabet == .letters ? unknown.map { JSONString.of($0) } ?? "null" : "null"
        return """
            {
                "type": "BPE",
                "dropout": null,
                "unk_token": \(name),
                "continuing_subword_prefix": null,
                "end_of_word_suffix": null,
                "fuse_unk": \(options.alphabet == .letters),
                "byte_fallback": \(options.fallsBackToBytes),
                "ignore_merges": false,
                "vocab": {
                  \(vocabulary)
                },
                "merges": [
                  \(pairs)
                ]
              }
            """
    }

    private var marianVocabulary: [UInt8] {
        let pieces = byteTokens + pieces.map(\.text) + specialTokens
        let tokens = Self.marianTokens.prefix(2).map { Array($0.utf8) } + pieces + [Array(Self.marianTokens[2].utf8)]
        let members = tokens.enumerated().map { "  \(JSONString.of($1)): \($0)" }
        return Array("{\n\(members.joined(separator: ",\n"))\n}\n".utf8)
    }

    /// Which key names a special token of a usual name.
    private static let roles: [(key: String, names: [String])] = [
        ("bos_token", ["<s>", "<|startoftext|>", "<bos>", "<|endoftext|>"]),
        ("eos_token", ["</s>", "<eos>", "<|endoftext|>"]),
        ("unk_token", ["<unk>", "[UNK]", "<|unk|>"]), ("sep_token", ["[SEP]", "<sep>"]),
        ("pad_token", ["<pad>", "[PAD]", "<|pad|>"]), ("cls_token", ["[CLS]", "<cls>"]), ("mask_token", ["[MASK]", "<mask>"]),
    ]

    private var configurationFile: [UInt8] {
        var members: [(String, String)] = []
        var names = specialTokens.map { String(decoding: $0, as: UTF8.self) }
        if options.format == .marian {
            members += [
                ("tokenizer_class", JSONString.of("MarianTokenizer")), ("separate_vocabs", "false"), ("model_max_length", "512"),
            ]
            names = Self.marianTokens
        } else {
            members.append(("tokenizer_class", JSONString.of("PreTrainedTokenizerFast")))
            members.append(("clean_up_tokenization_spaces", "false"))
        }
        for role in Self.roles {
            if let name = role.names.first(where: { names.contains($0) }) { members.append((role.key, JSONString.of(name))) }
        }
        let lines = members.map { "  \"\($0.0)\": \($0.1)" }
        return Array("{\n\(lines.joined(separator: ",\n"))\n}\n".utf8)
    }
}

/// Text as JSON writes it.
enum JSONString {
    static func of(_ text: String) -> String { of(Array(text.utf8)) }

    /// - Parameter text: valid UTF-8.
    static func of(_ text: [UInt8]) -> String {
        var result: [UInt8] = [UInt8(ascii: "\"")]
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
            case ..<0x20:
                let digits = String(byte, radix: 16)
                result += Array(("\\u00" + (digits.count < 2 ? "0" : "") + digits).utf8)
            default: result.append(byte)
            }
        }
        result.append(UInt8(ascii: "\""))
        return String(decoding: result, as: UTF8.self)
    }
}
