import AttentionEngine
import PluginKit

/// A tokenizer.json, as the reference's `tokenizers` writes it.
enum TokenizerFile {
    static func tokenizer(_ path: String, _ configuration: TokenizerConfiguration) throws -> PipelineTokenizer {
        var scanner = JSONScanner(try TextFile.bytes(path), place: path)
        var members: [(key: [UInt8], value: JSONNode.Value)] = []
        var model: ModelSection?
        try scanner.object { (scanner, key) throws(InputError) in
            switch scanner.text(key) {
            case "model" where scanner.peek() == UInt8(ascii: "{"): model = try ModelSection(&scanner, file: path)
            case "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder":
                members.append((Array(scanner.bytes[key]), try scanner.value()))
            default: try scanner.skipValue()
            }
        }
        try scanner.finish()
        let root = JSONNode(value: .object(members), file: path, path: "")
        guard let model else { throw root["model"].failure(found: "nothing", needed: "an object") }
        var tokenizer = PipelineTokenizer(model: try self.model(model))
        tokenizer.normalizer = try ComponentReader.normalizer(root["normalizer"])
        tokenizer.preTokenizer = try ComponentReader.preTokenizer(root["pre_tokenizer"])
        tokenizer.postProcessor = try ComponentReader.postProcessor(root["post_processor"])
        tokenizer.decoder = try ComponentReader.decoder(root["decoder"])
        let added = root["added_tokens"]
        try tokenizer.add(added.isNull ? [] : try added.elements().map(addedToken), configuration, place: added.place)
        try tokenizer.applyWhisperRules(configuration)
        return tokenizer
    }

    private static func addedToken(_ node: JSONNode) throws -> AddedToken {
        let isSpecial = try node["special"].bool(or: false)
        return AddedToken(
            content: try node["content"].text(), id: try node["id"].count(atMost: TokenTable.idLimit - 1),
            isSingleWord: try node["single_word"].bool(or: false), stripsLeft: try node["lstrip"].bool(or: false),
            stripsRight: try node["rstrip"].bool(or: false), isNormalized: try node["normalized"].bool(or: !isSpecial),
            isSpecial: isSpecial)
    }

    private static func model(_ section: ModelSection) throws -> any TokenizationModel {
        let settings = section.settings
        let guess = section.pieces != nil ? "Unigram" : section.merges.isEmpty ? "WordPiece" : "BPE"
        let type = String(decoding: try settings["type"].text(or: guess), as: UTF8.self)
        if type == "Unigram" { return try unigram(section) }
        guard let vocabulary = section.vocabulary else {
            throw settings["vocab"].failure(found: "no object", needed: "tokens and ids")
        }
        switch type {
        case "BPE":
            var options = BytePairEncoding.Options()
            options.unknownToken = settings["unk_token"].isNull ? nil : try settings["unk_token"].text()
            options.continuationPrefix = try settings["continuing_subword_prefix"].text(or: "")
            options.endOfWordSuffix = try settings["end_of_word_suffix"].text(or: "")
            options.fusesUnknown = try settings["fuse_unk"].bool(or: false)
            options.fallsBackToBytes = try settings["byte_fallback"].bool(or: false)
            options.ignoresMerges = try settings["ignore_merges"].bool(or: false)
            options.place = settings["unk_token"].place
            let merges = try MergeLine.table(
                section.merges, vocabulary, continuationPrefix: options.continuationPrefix, place: settings["merges"].place)
            return BytePairEncoding(vocabulary, merges: merges, options)
        case "WordPiece":
            let limit = settings["max_input_chars_per_word"]
            return WordPiece(
                vocabulary, unknownToken: try settings["unk_token"].text(or: "[UNK]"),
                prefix: try settings["continuing_subword_prefix"].text(or: "##"),
                maximumScalars: limit.isNull ? 100 : try limit.count(atMost: 1 << 20), place: settings["unk_token"].place)
        case "WordLevel":
            return WordLevel(
                vocabulary: vocabulary, unknownToken: try settings["unk_token"].text(or: "<unk>"),
                place: settings["unk_token"].place)
        default:
            throw settings["type"].failure(
                found: "the model “\(type.prefix(60))”, which Apus does not know", needed: "BPE, WordPiece, Unigram or WordLevel")
        }
    }

    private static func unigram(_ section: ModelSection) throws -> Unigram {
        let settings = section.settings
        guard let pieces = section.pieces, !pieces.isEmpty else {
            throw settings["vocab"].failure(found: "no list", needed: "pieces and scores")
        }
        let unknown = settings["unk_id"]
        return Unigram(
            pieces, unknown: unknown.isNull ? nil : try unknown.count(atMost: pieces.count - 1),
            fallsBackToBytes: try settings["byte_fallback"].bool(or: false), place: unknown.place)
    }
}
