import AttentionEngine
import PluginKit

/// The ids with a meaning of their own in what a Whisper model writes, from `generation_config.json` or, for checkpoints older than
/// that, from the tokenizer.
struct SpeechVocabulary: Sendable {
    /// What a text starts and ends with.
    let start, end: Int
    /// The id of each language, by its code; empty for a model of English alone.
    let languages: [String: Int]
    /// What asks for the spoken language, and for English.
    let transcribe, translate: Int?
    /// What asks for a text without times; the ids of times follow it.
    let noTimestamps: Int?
    /// What stands before the text of earlier windows.
    let previousText: Int?
    /// What says that nobody speaks.
    let noSpeech: Int?
    /// The largest first time, as a number of steps.
    let maximumInitialTimestamp: Int?
    /// Whether the checkpoint shows that the model learnt to write times.
    let knowsTimestamps: Bool
    /// The heads whose attention follows the sound.
    let alignmentHeads: [CrossAttentionHead]
    /// The number of ids.
    let size: Int

    init(_ configuration: WhisperConfiguration, _ checkpoint: Checkpoint, _ tokenizer: any Tokenizer) throws {
        let name = "generation_config.json"
        let settings = try checkpoint.file(name, as: SpeechSettings.self) ?? SpeechSettings()
        let count = configuration.vocabularySize
        size = count
        func id(_ key: String, _ stated: Int?, _ tokens: String...) throws -> Int? {
            if let stated { try checkpoint.checked(key, stated, in: 0...count - 1, file: name) }
            return stated ?? tokens.lazy.compactMap { tokenizer.id(of: $0) }.first { $0 < count }
        }
        let start = try id("decoder_start_token_id", settings.startToken) ?? configuration.start
        self.start = start
        end = try id("eos_token_id", settings.endToken?.first) ?? configuration.end
        translate = try id("task_to_id", settings.tasks?["translate"], "<|translate|>")
        transcribe = try id("task_to_id", settings.tasks?["transcribe"], "<|transcribe|>")
        noTimestamps = try id("no_timestamps_token_id", settings.noTimestampsToken, "<|notimestamps|>")
        previousText = try id("prev_sot_token_id", settings.previousTextToken, "<|startofprev|>")
        noSpeech = try id("no_timestamps_token_id", nil, "<|nospeech|>", "<|nocaptions|>")

        // Models of English alone have the ids of languages, but were not trained with them.
        let isMultilingual = settings.isMultilingual ?? (settings.languages?.isEmpty == false || count >= 51_865)
        if !isMultilingual {
            languages = [:]
        } else if let stated = settings.languages {
            for (_, id) in stated { try checkpoint.checked("lang_to_id", id, in: 0...count - 1, file: name) }
            languages = Dictionary(
                stated.map { (Self.code($0.key) ?? $0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
        } else {
            // They stand between the start and the tasks.
            let range = start + 1..<max(start + 1, min(translate ?? start, count))
            languages = Dictionary(
                range.compactMap { id in tokenizer.token(of: id).flatMap(Self.code).map { ($0, id) } },
                uniquingKeysWith: { first, _ in first })
        }
        maximumInitialTimestamp = settings.maximumInitialTimestamp.map { max(0, min($0, count)) }
        let heads = settings.alignmentHeads ?? []
        for head in heads {
            try checkpoint.require(
                head.count == 2 && (0..<configuration.decoderLayers).contains(head[0])
                    && (0..<configuration.decoderHeads).contains(head[1]),
                "alignment_heads", found: "\(head)",
                needed: "a layer below \(configuration.decoderLayers) and a head below \(configuration.decoderHeads)", file: name)
        }
        alignmentHeads = heads.map { CrossAttentionHead(layer: $0[0], head: $0[1]) }
        knowsTimestamps =
            noTimestamps != nil
            && (!checkpoint.hasFile(name) || settings.maximumInitialTimestamp != nil || settings.alignmentHeads != nil
                || settings.returnsTimestamps == true)
    }

    /// The first id of a time, which is 0 seconds.
    var firstTimestamp: Int { noTimestamps.map { $0 + 1 } ?? size }

    func isTimestamp(_ id: Int) -> Bool { id >= firstTimestamp }

    /// What a window's text is asked for with.
    ///
    /// - Parameters:
    ///   - language: its id, for a model of several.
    ///   - task: what to do.
    ///   - hasTimestamps: whether to write times.
    func prompt(language: Int?, task: TranscriptionOptions.Task, hasTimestamps: Bool) -> [Int] {
        var ids = [start]
        if let language {
            ids.append(language)
            if let id = task == .translate ? translate : transcribe { ids.append(id) }
        }
        if !hasTimestamps, let noTimestamps { ids.append(noTimestamps) }
        return ids
    }

    /// `en` of `<|en|>`; `nil` for tokens that are no language's.
    private static func code(_ token: String) -> String? {
        guard token.hasPrefix("<|"), token.hasSuffix("|>") else { return nil }
        let code = token.dropFirst(2).dropLast(2)
        return (2...3).contains(code.count) && code.allSatisfy { $0.isASCII && $0.isLowercase } ? String(code) : nil
    }
}

/// The keys of `generation_config.json` about speech.
private struct SpeechSettings: Decodable {
    var startToken: Int?
    var endToken: OneOrMore?
    var isMultilingual: Bool?
    var languages: [String: Int]?
    var tasks: [String: Int]?
    var noTimestampsToken: Int?
    var previousTextToken: Int?
    var maximumInitialTimestamp: Int?
    var returnsTimestamps: Bool?
    var alignmentHeads: [[Int]]?

    init() {}

    enum CodingKeys: String, CodingKey {
        case startToken = "decoder_start_token_id"
        case endToken = "eos_token_id"
        case isMultilingual = "is_multilingual"
        case languages = "lang_to_id"
        case tasks = "task_to_id"
        case noTimestampsToken = "no_timestamps_token_id"
        case previousTextToken = "prev_sot_token_id"
        case maximumInitialTimestamp = "max_initial_timestamp_index"
        case returnsTimestamps = "return_timestamps"
        case alignmentHeads = "alignment_heads"
    }

    /// An id, or a list of them.
    struct OneOrMore: Decodable {
        let first: Int?

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let id = try? container.decode(Int.self) { first = id } else { first = try container.decode([Int].self).first }
        }
    }
}
