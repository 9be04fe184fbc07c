import AttentionEngine

/// Makes the components that a tokenizer.json names.
enum ComponentReader {
    /// The most parts of a template, and marks in it; published ones have five.
    private static let templateLimit = 100

    private static func unknown(_ node: JSONNode, _ type: String, _ kind: String) -> InputError {
        node["type"].failure(found: "the \(kind) “\(type.prefix(60))”, which Apus does not know", needed: "a known one")
    }

    private static func text(_ node: JSONNode, or fallback: String? = nil, atMost limit: Int) throws(InputError) -> [UInt8] {
        if let fallback, node.isNull { return Array(fallback.utf8) }
        let text = try node.text()
        if text.count > limit { throw node.failure(found: "a text of \(text.count) bytes", needed: "at most \(limit)") }
        return text
    }

    private static func type(_ node: JSONNode) throws(InputError) -> String {
        String(decoding: try node["type"].text(), as: UTF8.self)
    }

    private static func checkDepth(_ depth: Int, _ node: JSONNode) throws(InputError) {
        if depth > 20 { throw node.failure(found: "sequences within sequences", needed: "at most 20 levels") }
    }

    // MARK: Normalizers

    static func normalizer(_ node: JSONNode, depth: Int = 0) throws(InputError) -> (any Normalizer)? {
        if node.isNull { return nil }
        try checkDepth(depth, node)
        let type = try type(node)
        if let form = NormalizationForm(rawValue: type) { return UnicodeNormalizer(form: form) }
        switch type {
        case "Sequence":
            var steps: [any Normalizer] = []
            for step in try node["normalizers"].elements() {
                if let step = try normalizer(step, depth: depth + 1) { steps.append(step) }
            }
            return NormalizerSequence(steps: steps)
        case "Lowercase": return ScalarNormalizer.lowercase
        case "StripAccents": return ScalarNormalizer.withoutAccents
        case "Nmt": return ScalarNormalizer.machineTranslation
        case "ByteLevel": return ByteLevelNormalizer()
        case "Strip":
            return StripNormalizer(left: try node["strip_left"].bool(or: true), right: try node["strip_right"].bool(or: true))
        case "Prepend": return PrependNormalizer(prefix: try text(node["prepend"], atMost: GrowthLimit.replacement))
        case "Replace": return try replacement(node)
        case "BertNormalizer":
            let lowercases = try node["lowercase"].bool(or: true)
            return BertNormalizer(
                cleansText: try node["clean_text"].bool(or: true),
                spacesIdeographs: try node["handle_chinese_chars"].bool(or: true),
                stripsAccents: try node["strip_accents"].bool(or: lowercases), lowercases: lowercases)
        case "Precompiled":
            let key = node["precompiled_charsmap"]
            if key.isNull { return nil }
            guard let blob = Base64.decoded(try key.text()) else { throw key.failure(found: "no Base64", needed: "Base64") }
            return blob.isEmpty ? nil : PrecompiledNormalizer(map: try CharacterMap(blob, place: key.place))
        default: throw unknown(node, type, "normalizer")
        }
    }

    private static func replacement(_ node: JSONNode) throws(InputError) -> ReplaceNormalizer {
        ReplaceNormalizer(
            pattern: try pattern(node["pattern"]), content: try text(node["content"], atMost: GrowthLimit.replacement))
    }

    private static func pattern(_ node: JSONNode) throws(InputError) -> PatternSplit.Pattern {
        let expression = node["Regex"]
        if expression.isNull { return .text(try text(node["String"], atMost: GrowthLimit.pattern)) }
        return .expression(try RegularExpression(try expression.text(), place: expression.place))
    }

    // MARK: Pre-tokenizers

    static func preTokenizer(_ node: JSONNode, depth: Int = 0) throws(InputError) -> (any PreTokenizer)? {
        if node.isNull { return nil }
        try checkDepth(depth, node)
        let type = try type(node)
        switch type {
        case "Sequence":
            var steps: [any PreTokenizer] = []
            for step in try node["pretokenizers"].elements() {
                if let step = try preTokenizer(step, depth: depth + 1) { steps.append(step) }
            }
            return PreTokenizerSequence(steps: steps)
        case "ByteLevel":
            return ByteLevel(
                addsPrefixSpace: try node["add_prefix_space"].bool(or: true), splits: try node["use_regex"].bool(or: true))
        case "BertPreTokenizer": return BertPreTokenizer()
        case "Whitespace": return WordRuns()
        case "WhitespaceSplit": return ScalarSplit.whitespace
        case "Metaspace":
            return Metaspace(
                replacement: try metaspaceLetter(node), prepending: try prepending(node), splits: try node["split"].bool(or: true)
            )
        case "Punctuation":
            let behavior = try behavior(node["behavior"]) ?? .isolated
            return ScalarSplit(behavior: behavior) { ScalarProperties($0).isPunctuation }
        case "Digits":
            let behavior: SplitBehavior = try node["individual_digits"].bool(or: false) ? .isolated : .contiguous
            return ScalarSplit(behavior: behavior) { ScalarProperties($0).isNumeric }
        case "CharDelimiterSplit":
            let delimiter = try node["delimiter"].letter()
            return ScalarSplit(behavior: .removed) { $0 == delimiter }
        case "Split":
            guard let behavior = try behavior(node["behavior"]) else {
                throw node["behavior"].failure(found: "nothing", needed: "a behavior")
            }
            return PatternSplit(
                pattern: try pattern(node["pattern"]), behavior: behavior, isInverted: try node["invert"].bool(or: false))
        default: throw unknown(node, type, "pre-tokenizer")
        }
    }

    private static func behavior(_ node: JSONNode) throws(InputError) -> SplitBehavior? {
        if node.isNull { return nil }
        let name = String(decoding: try node.text(), as: UTF8.self)
        guard let behavior = SplitBehavior(rawValue: name) else {
            throw node.failure(
                found: "“\(name.prefix(60))”", needed: "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous")
        }
        return behavior
    }

    private static func metaspaceLetter(_ node: JSONNode) throws(InputError) -> [UInt8] {
        var replacement: [UInt8] = []
        replacement.append(scalar: try node["replacement"].letter())
        return replacement
    }

    private static func prepending(_ node: JSONNode) throws(InputError) -> Metaspace.Prepending {
        let key = node["prepend_scheme"]
        let name = String(decoding: try key.text(or: "always"), as: UTF8.self)
        guard let prepending = Metaspace.Prepending(rawValue: name) else {
            throw key.failure(found: "“\(name.prefix(60))”", needed: "always, never or first")
        }
        return try node["add_prefix_space"].bool(or: true) ? prepending : .never
    }

    // MARK: Post-processors

    static func postProcessor(_ node: JSONNode, depth: Int = 0) throws(InputError) -> PostProcessor {
        if node.isNull { return .none }
        try checkDepth(depth, node)
        let type = try type(node)
        switch type {
        case "ByteLevel": return .none
        case "Sequence":
            var marking: [PostProcessor] = []
            for step in try node["processors"].elements() where try self.type(step) != "ByteLevel" {
                marking.append(try postProcessor(step, depth: depth + 1))
            }
            if marking.count > 1 { throw node.failure(found: "\(marking.count) steps that add marks", needed: "at most one") }
            return marking.first ?? .none
        case "TemplateProcessing": return PostProcessor(single: try template(node, "single"), pair: try template(node, "pair"))
        case "BertProcessing":
            let (start, end) = (try mark(node["cls"]), try mark(node["sep"]))
            let single: [PostProcessor.Part] = [.marks([start], typeID: 0), .text(0, typeID: 0), .marks([end], typeID: 0)]
            return PostProcessor(single: single, pair: single + [.text(1, typeID: 1), .marks([end], typeID: 1)])
        case "RobertaProcessing":
            let (start, end) = (try mark(node["cls"]), try mark(node["sep"]))
            let single: [PostProcessor.Part] = [.marks([start], typeID: 0), .text(0, typeID: 0), .marks([end], typeID: 0)]
            return PostProcessor(
                single: single, pair: single + [.marks([end], typeID: 0), .text(1, typeID: 0), .marks([end], typeID: 0)])
        default: throw unknown(node, type, "post-processor")
        }
    }

    /// `["[CLS]", 101]`
    private static func mark(_ node: JSONNode) throws(InputError) -> Int {
        let parts = try node.elements()
        guard parts.count == 2 else { throw node.failure(found: "a list of \(parts.count)", needed: "a token and its id") }
        return try parts[1].count(atMost: TokenTable.idLimit - 1)
    }

    private static func template(_ node: JSONNode, _ key: String) throws(InputError) -> [PostProcessor.Part] {
        var parts: [PostProcessor.Part] = []
        var markCount = 0
        var tokens: [[UInt8]: JSONNode] = [:]
        if !node["special_tokens"].isNull {
            for token in try node["special_tokens"].members() { tokens[token.key] = token.node }
        }
        for part in try node[key].elements() {
            let (text, mark) = (part["Sequence"], part["SpecialToken"])
            let typeID = try (text.isNull ? mark : text)["type_id"].count(atMost: 255)
            if !text.isNull {
                parts.append(.text(try text["id"].text() == [UInt8(ascii: "A")] ? 0 : 1, typeID: typeID))
                continue
            }
            let name = try mark["id"].text()
            guard let token = tokens[name] else {
                throw mark.failure(
                    found: "“\(String(decoding: name.prefix(60), as: UTF8.self))”", needed: "one of `special_tokens`")
            }
            var ids: [Int] = []
            for id in try token["ids"].elements() { ids.append(try id.count(atMost: TokenTable.idLimit - 1)) }
            markCount += ids.count
            parts.append(.marks(ids, typeID: typeID))
            if markCount > templateLimit { break }
        }
        if parts.count > templateLimit || markCount > templateLimit {
            throw node[key].failure(found: "more than \(templateLimit) parts", needed: "fewer")
        }
        return parts
    }

    // MARK: Decoders

    static func decoder(_ node: JSONNode, depth: Int = 0) throws(InputError) -> (any TokenDecoder)? {
        if node.isNull { return nil }
        try checkDepth(depth, node)
        let type = try type(node)
        switch type {
        case "Sequence":
            var steps: [any TokenDecoder] = []
            for step in try node["decoders"].elements() {
                if let step = try decoder(step, depth: depth + 1) { steps.append(step) }
            }
            return DecoderSequence(steps: steps)
        case "ByteLevel": return ByteLevelDecoder()
        case "ByteFallback": return ByteFallbackDecoder()
        case "Fuse": return FuseDecoder()
        case "WordPiece":
            return WordPieceDecoder(
                prefix: try text(node["prefix"], or: "##", atMost: GrowthLimit.pattern),
                cleansUp: try node["cleanup"].bool(or: true))
        case "Metaspace":
            return MetaspaceDecoder(replacement: try metaspaceLetter(node), dropsFirst: try prepending(node) != .never)
        case "BPEDecoder": return SuffixDecoder(suffix: try text(node["suffix"], or: "</w>", atMost: GrowthLimit.pattern))
        case "Replace": return ReplaceDecoder(replacement: try replacement(node))
        case "Strip":
            return StripDecoder(
                content: try node["content"].letter(), start: try node["start"].count(atMost: GrowthLimit.pattern),
                stop: try node["stop"].count(atMost: GrowthLimit.pattern))
        case "CTC":
            return TimeStepDecoder(
                padding: try text(node["pad_token"], or: "<pad>", atMost: GrowthLimit.pattern),
                wordDelimiter: try text(node["word_delimiter_token"], or: "|", atMost: GrowthLimit.pattern),
                cleansUp: try node["cleanup"].bool(or: true))
        default: throw unknown(node, type, "decoder")
        }
    }
}
