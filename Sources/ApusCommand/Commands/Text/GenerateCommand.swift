import ArgumentParser
import AttentionEngine
import PluginKit

struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Write on from a beginning.",
        discussion: """
            Prints the prompt and what follows it, as it is written.

            EXAMPLE:
              \(Program.name) generate --model gpt2 "Once upon a time" --max-tokens 100 --temperature 0.8 --seed 7
            """)

    @Argument(help: ArgumentHelp("The beginning; - reads it from standard input.", valueName: "prompt"))
    var prompt: String

    @Option(help: ArgumentHelp("The most tokens to write.", valueName: "n"))
    var maxTokens = 64

    @Option(help: ArgumentHelp("Below 1 is bolder, above 1 more even; 0 takes the likeliest token. (default: as the model asks)"))
    var temperature: Float?

    @Option(help: ArgumentHelp("Draw from this many of the likeliest tokens.", valueName: "n"))
    var topK: Int?

    @Option(help: ArgumentHelp("Draw from the likeliest tokens that together have this probability.", valueName: "p"))
    var topP: Float?

    @Option(help: ArgumentHelp("Draw from the tokens at least this much as probable as the likeliest.", valueName: "p"))
    var minP: Float?

    @Option(help: ArgumentHelp("The same seed gives the same text.", valueName: "n"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("End where this text comes up; may be given several times.", valueName: "text"))
    var stop: [String] = []

    @Option(help: ArgumentHelp("Above 1, tokens that were there already become less likely.", valueName: "number"))
    var repetitionPenalty: Float?

    @OptionGroup var model: ModelOptions
    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        try Bounds.check(maxTokens, in: 1...1_048_576, of: "--max-tokens")
        try temperature.map { try Bounds.check($0, in: 0...1_000, of: "--temperature") }
        try topK.map { try Bounds.check($0, in: 1...(.max), of: "--top-k") }
        try topP.map { try Bounds.check($0, in: 0...1, of: "--top-p") }
        try minP.map { try Bounds.check($0, in: 0...1, of: "--min-p") }
        try repetitionPenalty.map { try Bounds.check($0, in: 0.01...100, of: "--repetition-penalty") }
        if stop.contains("") { throw ValidationError("--stop needs a text.") }
    }

    func run() throws {
        try engine.prepare()
        let checkpoint = try model.checkpoint(for: "generate", engine)
        let model = try Session.registry.load(checkpoint, as: (any TextGenerating).self)
        var options = WritingOptions()
        options.maximumTokens = maxTokens
        let samples = topK != nil || topP != nil || minP != nil || seed != nil
        options.temperature = temperature ?? (samples ? 1 : nil)
        options.topK = topK
        options.topP = topP
        options.minP = minP
        options.repetitionPenalty = repetitionPenalty
        options.seed = seed
        let prompt = prompt == "-" ? Array(StandardInputLines()).joined(separator: "\n") : prompt

        var writing = StoppedText(stops: stop)
        // The prompt comes with the first piece: what is wrong with it is said before.
        var unshown = prompt
        func show(_ text: String) throws {
            if output.json { return }
            try StandardOutput.write(text: unshown + text)
            unshown = ""
        }
        let ids = try model.generate(prompt, options: options) { piece in
            try show(writing.append(piece))
            return !writing.isStopped
        }
        let rest = writing.finish()
        if output.json {
            try StandardOutput.write(JSONLine.encode(Answer(prompt: prompt, text: writing.text, ids: ids)))
        } else {
            try show(rest + "\n")
        }
    }

    /// What `--json` prints.
    private struct Answer: Encodable {
        let prompt: String
        let text: String
        let ids: [Int]
    }
}

/// Text that grows until one of several stops comes up in it; what may be the beginning of one is held back.
struct StoppedText {
    let stops: [String]
    /// What is certain.
    private(set) var text = ""
    private(set) var isStopped = false
    private var held = ""

    init(stops: [String]) { self.stops = stops }

    /// Takes the next piece and returns what has become certain.
    mutating func append(_ piece: String) -> String {
        if isStopped { return "" }
        held += piece
        if let cut = stops.compactMap({ held.firstRange(of: $0)?.lowerBound }).min() {
            isStopped = true
            return release(upTo: cut)
        }
        let longest =
            stops.map { stop in
                (1..<max(1, stop.count)).last { held.hasSuffix(stop.prefix($0)) } ?? 0
            }.max() ?? 0
        return release(upTo: held.index(held.endIndex, offsetBy: -longest))
    }

    /// What was held back and did not become a stop.
    mutating func finish() -> String { isStopped ? "" : release(upTo: held.endIndex) }

    private mutating func release(upTo end: String.Index) -> String {
        let released = String(held[..<end])
        held = String(held[end...])
        text += released
        return released
    }
}
