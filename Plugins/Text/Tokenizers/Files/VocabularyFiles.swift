import AttentionEngine
import PluginKit

/// Tokenizers of checkpoints without tokenizer.json, put together as the reference's classes do.
enum VocabularyFiles {
    // MARK: GPT-2, RoBERTa, Whisper

    /// `vocab.json` and `merges.txt`.
    static func bytePairs(_ checkpoint: Checkpoint) throws -> PipelineTokenizer {
        var configuration = try TokenizerConfiguration(checkpoint)
        let path = checkpoint.path(of: "vocab.json")
        var scanner = JSONScanner(try TextFile.bytes(path), place: path)
        let vocabulary = try ModelSection.vocabulary(&scanner, place: path)
        try scanner.finish()
        let mergesPath = checkpoint.path(of: "merges.txt")
        var merges: [(left: [UInt8], right: [UInt8])] = []
        for (number, line) in try TextFile.lines(mergesPath).enumerated()
        where !line.isEmpty && !line.starts(with: Array("#version".utf8)) {
            guard let merge = MergeLine.parse(line) else {
                throw InputError(
                    mergesPath, found: "line \(number + 1) that is no pair", needed: "two tokens with a space between",
                    remedy: "Download it again")
            }
            merges.append(merge)
        }
        let table = try MergeLine.table(merges, vocabulary, place: mergesPath)
        let isRoberta = configuration.tokenizerClass == "RobertaTokenizer" || checkpoint.modelType == "roberta"
        configuration.defaults =
            isRoberta
            ? [
                "bos_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "cls_token": "<s>", "unk_token": "<unk>",
                "pad_token": "<pad>", "mask_token": "<mask>",
            ] : ["bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"]
        var tokenizer = PipelineTokenizer(model: BytePairEncoding(vocabulary, merges: table, BytePairEncoding.Options()))
        tokenizer.preTokenizer = ByteLevel(
            addsPrefixSpace: try configuration.node["add_prefix_space"].bool(or: false), splits: true)
        tokenizer.decoder = ByteLevelDecoder()
        try tokenizer.add(try addedTokens(checkpoint), configuration, place: checkpoint.path(of: "added_tokens.json"))
        tokenizer.postProcessor = try postProcessor(tokenizer, configuration, isRoberta: isRoberta)
        try tokenizer.applyWhisperRules(configuration)
        return tokenizer
    }

    private static func postProcessor(
        _ tokenizer: PipelineTokenizer, _ configuration: TokenizerConfiguration, isRoberta: Bool
    ) throws -> PostProcessor {
        let special = tokenizer.specialTokens
        if isRoberta, let start = special.classification, let end = special.separator {
            let single: [PostProcessor.Part] = [.marks([start], typeID: 0), .text(0, typeID: 0), .marks([end], typeID: 0)]
            return PostProcessor(
                single: single, pair: single + [.marks([end], typeID: 0), .text(1, typeID: 0), .marks([end], typeID: 0)])
        }
        if try configuration.node["add_bos_token"].bool(or: false), let start = special.beginning {
            let single: [PostProcessor.Part] = [.marks([start], typeID: 0), .text(0, typeID: 0)]
            return PostProcessor(single: single, pair: single + [.marks([start], typeID: 1), .text(1, typeID: 1)])
        }
        return .none
    }

    /// `added_tokens.json`, where older checkpoints list what later ones have in tokenizer_config.json.
    private static func addedTokens(_ checkpoint: Checkpoint) throws -> [AddedToken] {
        guard checkpoint.hasFile("added_tokens.json") else { return [] }
        return try TextFile.json(checkpoint.path(of: "added_tokens.json")).members()
            .map { AddedToken(content: $0.key, id: try $0.node.count(atMost: TokenTable.idLimit - 1)) }
            .sorted { $0.id < $1.id }
    }

    // MARK: BERT

    /// `vocab.txt`.
    static func wordPieces(_ checkpoint: Checkpoint) throws -> PipelineTokenizer {
        var configuration = try TokenizerConfiguration(checkpoint)
        configuration.defaults = [
            "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]",
        ]
        let path = checkpoint.path(of: "vocab.txt")
        let lines = try TextFile.lines(path)
        guard lines.count <= TokenTable.idLimit else {
            throw InputError(
                path, found: "\(lines.count) lines", needed: "at most \(TokenTable.idLimit)", remedy: "Check the file")
        }
        var vocabulary = TokenTable(capacity: lines.count)
        // Of lines that read the same the last one counts, as in the reference.
        for (id, line) in lines.enumerated().reversed() {
            _ = vocabulary.insert(StripNormalizer(left: false, right: true).normalize(Array(line)), id: id)
        }
        let settings = configuration.node
        let lowercases = try settings["do_lower_case"].bool(or: true)
        let unknown = try configuration.name("unk_token") ?? []
        var tokenizer = PipelineTokenizer(
            model: WordPiece(vocabulary, unknownToken: unknown, prefix: Array("##".utf8), maximumScalars: 100, place: path))
        tokenizer.normalizer = BertNormalizer(
            cleansText: true, spacesIdeographs: try settings["tokenize_chinese_chars"].bool(or: true),
            stripsAccents: try settings["strip_accents"].bool(or: lowercases), lowercases: lowercases)
        tokenizer.preTokenizer = BertPreTokenizer()
        tokenizer.decoder = WordPieceDecoder(prefix: Array("##".utf8), cleansUp: true)
        try tokenizer.add([], configuration, place: path)
        if let start = tokenizer.specialTokens.classification, let end = tokenizer.specialTokens.separator {
            let single: [PostProcessor.Part] = [.marks([start], typeID: 0), .text(0, typeID: 0), .marks([end], typeID: 0)]
            tokenizer.postProcessor = PostProcessor(
                single: single, pair: single + [.text(1, typeID: 1), .marks([end], typeID: 1)])
        }
        return tokenizer
    }

    // MARK: T5

    /// `spiece.model`: its pieces, and after them the marks `<extra_id_99>` to `<extra_id_0>` for left-out text.
    static func sentencePieces(_ checkpoint: Checkpoint) throws -> PipelineTokenizer {
        var configuration = try TokenizerConfiguration(checkpoint)
        configuration.defaults = ["eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"]
        let file = try SentencePieceFile(checkpoint.path(of: "spiece.model"))
        let name = configuration.tokenizerClass
        guard file.algorithm == .unigram, ["", "T5Tokenizer", "MT5Tokenizer"].contains(name), file.pieces.count > 2 else {
            throw InputError(
                file.path, found: name.isEmpty ? "no unigram model" : "the model of a \(name)", needed: "that of a T5",
                remedy: "Use a checkpoint with a tokenizer.json")
        }
        let extra = configuration.node["extra_ids"]
        let extraCount = extra.isNull ? 100 : try extra.count(atMost: 10_000)
        let extraPieces = (0..<extraCount).reversed().map { Array("<extra_id_\($0)>".utf8) }
        let pieces = file.pieces.map { ($0.text, Double($0.score)) } + extraPieces.map { ($0, 0) }
        // The reference takes the third piece for the unknown one, whatever the file says.
        var tokenizer = PipelineTokenizer(model: Unigram(pieces, unknown: 2, fallsBackToBytes: false, place: file.path))
        tokenizer.normalizer = file.characterMap.map { PrecompiledNormalizer(map: $0) }
        let space = SentencePieceProcessor.space
        tokenizer.preTokenizer = PreTokenizerSequence(steps: [
            ScalarSplit.whitespace, Metaspace(replacement: space, prepending: .always, splits: true),
        ])
        tokenizer.decoder = MetaspaceDecoder(replacement: space, dropsFirst: true)
        var added = file.pieces.enumerated().filter { $1.kind == .control || $1.kind == .userDefined }.map {
            AddedToken(content: $1.text, id: $0, isSpecial: $1.kind == .control)
        }
        added += extraPieces.enumerated().map { AddedToken(content: $1, id: file.pieces.count + $0, isSpecial: true) }
        try tokenizer.add(added, configuration, place: file.path)
        if let end = tokenizer.specialTokens.end {
            let single: [PostProcessor.Part] = [.text(0, typeID: 0), .marks([end], typeID: 0)]
            tokenizer.postProcessor = PostProcessor(
                single: single, pair: single + [.text(1, typeID: 0), .marks([end], typeID: 0)])
        }
        return tokenizer
    }
}
