import ArgumentParser
import AttentionEngine
import Metrics
import PluginKit
import Training

struct EvaluateGenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Measure how well a model foresees a text: its perplexity.",
        discussion: """
            The text is read in windows that overlap, and each token counted once: as the next one after those before it in its window. \
            Perplexities compare models with the same tokens only; bits per byte compare all.

            EXAMPLE:
              \(Program.name) evaluate generate --model gpt2 --data book.txt
              \(Program.name) evaluate generate --model gpt2 --data book.txt --window 1024 --stride 512 --json
            """)

    @Option(help: ArgumentHelp("A text file.", valueName: "file"))
    var data: String

    @Option(help: ArgumentHelp("Tokens that are seen at once. (default: the model's limit, at most 1,024)", valueName: "n"))
    var window: Int?

    @Option(help: ArgumentHelp("Tokens by which windows advance. (default: half a window)", valueName: "n"))
    var stride: Int?

    @OptionGroup var model: ModelOptions
    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        try window.map { try Bounds.check($0, in: 2...1_048_576, of: "--window") }
        try stride.map { try Bounds.check($0, in: 1...1_048_576, of: "--stride") }
    }

    func run() throws {
        try engine.prepare()
        let text = try RegularFile(data).text(atMost: 1 << 30)
        let registry = try Session.registry
        let checkpoint = try model.checkpoint(for: "generate", engine)
        let model = try registry.load(checkpoint, as: (any TextGenerating).self)
        let limit = model.positionLimit ?? .max, window = window ?? min(limit, 1_024), stride = stride ?? max(1, window / 2)
        guard window <= limit, stride < window else {
            throw InputError(
                "--window", found: "\(window) tokens and a stride of \(stride)",
                needed: limit < .max ? "at most \(limit) tokens, and a stride below them" : "a stride below the window",
                remedy: "Change one of them")
        }
        let ids = try registry.tokenizer(for: checkpoint).encode(text).ids
        guard ids.count > 1 else {
            throw InputError(
                data, found: "\(ids.count) tokens", needed: "two at least", remedy: "Check that it is the file you meant")
        }
        var progress = ProgressBar(total: ids.count, isQuiet: output.quiet)
        var measure = Perplexity()
        var counted = 1
        for start in Swift.stride(from: 0, to: ids.count, by: stride) {
            progress.show(counted)
            let end = min(start + window, ids.count), part = Array(ids[start..<end])
            guard end > counted else { break }
            let inputs = ["input_ids": Tensor(integers: part, shape: [1, part.count])]
            guard let logits = try model.forward(inputs, detail: .answer)["logits"] else {
                throw InputError(
                    checkpoint.name, found: "a model that gives no logits", needed: "a language model",
                    remedy: "Name another model")
            }
            // What has been counted before only helps.
            let targets = (0..<part.count).map { place in
                let next = start + place + 1
                return next < end && next >= counted ? ids[next] : Loss.ignored
            }
            let count = end - counted
            measure.add(nats: Double(try Loss.crossEntropy(logits, targets).floats[0]) * Double(count), tokens: count)
            counted = end
        }
        progress.erase()
        measure.add(nats: 0, tokens: 0, bytes: text.utf8.count)
        try show(measure, window: window, stride: stride)
    }

    private func show(_ measure: Perplexity, window: Int, stride: Int) throws {
        if output.json {
            return try StandardOutput.write(
                JSONLine.encode(
                    Report(
                        tokens: measure.tokenCount, perplexity: measure.value, nats: measure.total, bytes: measure.byteCount,
                        bitsPerByte: measure.bitsPerByte, window: window, stride: stride)))
        }
        var table = Table()
        table.add("tokens", "\(measure.tokenCount)")
        table.add("perplexity", Quantity.fixed(measure.value, decimals: 3))
        table.add("bits per byte", Quantity.fixed(measure.bitsPerByte, decimals: 4))
        table.add("taken as", "window:\(window)|stride:\(stride)")
        try StandardOutput.write(lines: table.lines)
    }

    private struct Report: Encodable {
        var tokens: Int
        var perplexity: Double
        var nats: Double
        var bytes: Int
        var bitsPerByte: Double
        var window: Int
        var stride: Int
    }
}
