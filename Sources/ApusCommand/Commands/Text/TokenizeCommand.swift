import ArgumentParser
import AttentionEngine
import PluginKit

struct TokenizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Show the ids and pieces a model reads a text as.",
        discussion: """
            EXAMPLE:
              \(Program.name) tokenize --model gpt2 "Once upon a time"
              \(Program.name) tokenize --model gpt2 --decode 7454 2402 257 640
            """)

    @OptionGroup var texts: TextOptions

    @Flag(help: "Turn ids back into text; each argument or line holds ids, with spaces or commas between them.")
    var decode = false

    @Flag(help: "Leave out the tokens that the model expects around a text.")
    var noSpecialTokens = false

    @OptionGroup var model: ModelOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let checkpoint = try model.tokenizerCheckpoint(for: "tokenize")
        let tokenizer = try Session.registry.tokenizer(for: checkpoint)
        let work = TextWork(texts: texts, batchSize: 1, output: output, checkpoint: checkpoint)
        if decode {
            try decodeAll(tokenizer)
        } else {
            try work.run { texts in
                try texts.map { try tokenizer.encode($0, addSpecialTokens: !noSpecialTokens).ids }
            } show: { text, ids in
                try show(Answer(input: text, ids: ids, pieces: tokenizer.pieces(of: ids), text: nil))
            }
        }
    }

    /// Arguments that are one id each are one text.
    private func decodeAll(_ tokenizer: any Tokenizer) throws {
        let isOneText = texts.texts.allSatisfy { Int($0) != nil }
        let lines = isOneText ? TextSource([texts.texts.joined(separator: " ")]) : texts.all
        var failures = Failures(asJSON: output.json)
        for line in lines {
            let words = line.split { $0 == " " || $0 == "," || $0 == "[" || $0 == "]" || $0 == "\t" }
            let ids = words.compactMap { Int($0) }.filter { (0..<tokenizer.vocabularySize).contains($0) }
            if ids.count == words.count {
                let text = tokenizer.decode(ids, skipSpecialTokens: noSpecialTokens)
                try show(Answer(input: line, ids: ids, pieces: tokenizer.pieces(of: ids), text: text))
            } else {
                try failures.add(
                    line,
                    InputError(
                        "", found: "something that is no id", needed: "numbers from 0 to \(tokenizer.vocabularySize - 1)",
                        remedy: "Write ids with spaces between them"))
            }
        }
        try failures.finish()
    }

    private func show(_ answer: Answer) throws {
        if output.json {
            try StandardOutput.write(JSONLine.encode(answer))
        } else if let text = answer.text {
            try StandardOutput.write(text)
        } else {
            try StandardOutput.write(lines: [
                answer.ids.map(String.init).joined(separator: " "), answer.pieces.map(\.printable).joined(separator: " "),
            ])
        }
    }

    private struct Answer: Encodable {
        let input: String
        let ids: [Int]
        let pieces: [String]
        let text: String?
    }
}
