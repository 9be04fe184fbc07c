import AttentionEngine
import PluginKit

/// Translation with an encoder and a decoder: cutting, batching by length, writing, and joining again.
struct Translator: Sendable {
    private let model: EncoderDecoder
    private let tokenizer: any Tokenizer
    private let settings: GenerationConfiguration
    /// The most tokens of a text that is translated whole.
    private let limit: Int

    /// - Parameter positionLimit: the most tokens the model can read.
    init(_ model: EncoderDecoder, _ checkpoint: Checkpoint, positionLimit: Int) throws {
        self.model = model
        tokenizer = try checkpoint.tokenizer
        // Where the checkpoint sets no end, a text is to be translated to its own.
        settings = try checkpoint.generationConfiguration(
            vocabularySize: model.head.vocabularySize, lengthWithout: positionLimit)
        limit = positionLimit
    }

    /// A text with what the model wants before it, `>>fra<<` or `translate English to French:`; before each part of it, where it is
    /// cut.
    struct Task {
        var prefix: String
        var text: String
    }

    /// The translations of each text.
    func translate(_ tasks: [Task], options: WritingOptions) throws -> [[Translation]] {
        let configuration = options.applied(to: settings)
        // Who asks for fewer tokens than the model may write wants short translations, not texts in pieces.
        let written = max(settings.maximumNewTokens ?? settings.maximumLength, options.maximumTokens ?? 0)
        // A translation may be longer than its text; what is longer than this is cut into sentences.
        let longest = max(8, written / 4 * 3)
        func ids(_ text: String, _ prefix: String) throws -> [Int] {
            try tokenizer.encode(prefix.isEmpty ? text : "\(prefix) \(text)").ids
        }

        // Every text as its parts, and all parts in one list.
        var parts: [[Int]] = []
        let ranges = try tasks.map { task -> Range<Int> in
            let start = parts.count, text = task.text
            let prefixCount = task.prefix.isEmpty ? 0 : try tokenizer.encode(task.prefix, addSpecialTokens: false).ids.count
            func fits(_ text: String) throws -> Bool {
                let count = try ids(text, task.prefix).count
                return count <= limit && count - prefixCount <= longest
            }
            if text.allSatisfy(\.isWhitespace) { return start..<start }
            let pieces = try fits(text) ? [text] : Sentences.split(text).flatMap { try Sentences.parts($0, fitting: fits) }
            parts += try pieces.map { Array(try ids($0, task.prefix).prefix(limit)) }
            return start..<parts.count
        }
        let results = try inLengthOrder(parts) { try model.generate($0, configuration) }
        return ranges.map { range in
            if range.isEmpty { return [Translation(text: "", score: nil)] }
            return (0..<configuration.resultCount).map { rank in
                let sequences = results[range].map { $0[min(rank, $0.count - 1)] }
                let scores = sequences.compactMap(\.score)
                return Translation(
                    text: sequences.map { tokenizer.target.decode($0.ids) }.joined(separator: " "),
                    score: scores.isEmpty ? nil : scores.reduce(0, +) / Float(scores.count))
            }
        }
    }

    /// Works on texts of like length together, and answers in the order they came in.
    private func inLengthOrder<Answer>(_ texts: [[Int]], _ work: ([[Int]]) throws -> [Answer]) throws -> [Answer] {
        let order = texts.indices.sorted { texts[$0].count > texts[$1].count }
        var answers = [Answer?](repeating: nil, count: texts.count)
        for start in stride(from: 0, to: order.count, by: 32) {
            let part = order[start..<min(start + 32, order.count)]
            for (index, answer) in zip(part, try work(part.map { texts[$0] })) { answers[index] = answer }
        }
        return answers.compactMap(\.self)
    }
}
