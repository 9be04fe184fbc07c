import AttentionEngine
import PluginKit

/// The languages a Marian model reads and writes: those `tokenizer_config.json` names, and, where it writes several, those whose
/// marks, `>>fra<<`, its vocabulary has.
struct MarianLanguages: Sendable {
    /// The codes of the marks, sorted; none where the model writes one language.
    let codes: [String]
    private let source: String?
    private let target: String?

    /// - Throws: `InputError` if the tokenizer or `tokenizer_config.json` cannot be used.
    init(_ checkpoint: Checkpoint) throws {
        let names = try checkpoint.file("tokenizer_config.json", as: Names.self)
        self.init(codes: Self.codes(of: try checkpoint.tokenizer), source: names?.source, target: names?.target)
    }

    init(codes: [String], source: String?, target: String?) {
        self.codes = Set(codes).sorted()
        self.source = source
        self.target = target
    }

    /// The texts, and the mark that is to stand before each; it may be in front of the text already.
    ///
    /// - Throws: `InputError` if the model does not read or write a language; or, where it writes several and `target` is
    ///   `nil`, if a text does not begin with the mark of one.
    func tasks(_ texts: [String], from source: String?, to target: String?) throws -> [Translator.Task] {
        if let source { try check(source) }
        if let target {
            let prefix = try prefix(target)
            return texts.map { Translator.Task(prefix: prefix, text: $0) }
        }
        let tasks = texts.map(task)
        func lacksMark(_ task: Translator.Task) -> Bool { task.prefix.isEmpty && !task.text.allSatisfy(\.isWhitespace) }
        if codes.isEmpty || !tasks.contains(where: lacksMark) { return tasks }
        // Where not even one of several texts has a mark, they are not at fault one by one.
        let isForAll = tasks.count > 1 && tasks.allSatisfy(\.prefix.isEmpty)
        throw InputError(
            isForAll ? "--to" : "", found: "no language to translate to", needed: known,
            remedy: "Name it with --to \(codes[0]), or begin each text with its mark, >>\(codes[0])<<")
    }

    /// A text that may begin with a mark.
    private func task(_ text: String) -> Translator.Task {
        guard text.hasPrefix(">>"), let end = text.firstRange(of: "<<"),
            codes.contains(String(text[..<end.lowerBound].dropFirst(2)))
        else { return Translator.Task(prefix: "", text: text) }
        return Translator.Task(
            prefix: String(text[..<end.upperBound]), text: String(text[end.upperBound...].drop(while: \.isWhitespace)))
    }

    /// The mark of a language, where the model has marks.
    private func prefix(_ target: String) throws -> String {
        if codes.contains(target) { return ">>\(target)<<" }
        if codes.isEmpty, target == self.target { return "" }
        let isNameless = codes.isEmpty && self.target == nil
        throw InputError(
            "--to", found: target, needed: known,
            remedy: isNameless
                ? "Leave --to out" : codes.isEmpty ? "Use a model that translates to \(target)" : "Name one of them")
    }

    /// Codes of two letters are of single languages; longer ones may be of groups, `roa` or `mul`, and are taken as they come.
    private func check(_ source: String) throws {
        guard let known = self.source, known.count == 2, known != source else { return }
        throw InputError(
            "--from", found: source, needed: "\(known), which the model reads",
            remedy: "Leave --from out, or use a model that translates from \(source)")
    }

    /// The languages the model writes, in words.
    private var known: String {
        if codes.isEmpty {
            return target.map { "\($0), which the model writes" } ?? "none, since the model does not name the language it writes"
        }
        let shown = codes.prefix(12).joined(separator: ", ")
        return codes.count > 12
            ? "one of the \(codes.count) the model writes: \(shown) and so on" : "one of those the model writes: \(shown)"
    }

    /// The codes of a vocabulary's marks.
    static func codes(of tokenizer: any Tokenizer) -> [String] {
        (0..<tokenizer.vocabularySize).compactMap { tokenizer.token(of: $0).flatMap(code) }
    }

    /// `fra` of `>>fra<<`.
    private static func code(of token: String) -> String? {
        guard token.hasPrefix(">>"), token.hasSuffix("<<"), token.utf8.count > 4 else { return nil }
        return String(token.dropFirst(2).dropLast(2))
    }

    /// The part of `tokenizer_config.json` about languages.
    private struct Names: Decodable {
        var source: String?
        var target: String?

        enum CodingKeys: String, CodingKey {
            case source = "source_lang"
            case target = "target_lang"
        }
    }
}
