import ArgumentParser
import AttentionEngine
import PluginKit

struct BenchTokenizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Measure a tokenizer: from the lines of a text to their ids, on one thread.",
        discussion: """
            An item is a token. Without a file the text is a megabyte of made-up words, some frequent and most rare; files of \
            your own say more about your own texts.

            EXAMPLE:
              \(Program.name) bench tokenize --model gpt2 book.txt
            """)

    @Argument(help: ArgumentHelp("Texts to read, in UTF-8; - stands for standard input.", valueName: "file"))
    var files: [String] = []

    @OptionGroup var model: ModelOptions
    @OptionGroup var runs: RunOptions

    func run() throws {
        let checkpoint = try model.tokenizerCheckpoint(for: "tokenize")
        let registry = try Session.registry
        // The model itself may be one that no plugin serves.
        let family = try? registry.family(for: checkpoint).name
        let lines = try lines()
        let start = ContinuousClock.now
        let tokenizer = try registry.tokenizer(for: checkpoint)
        let loading = ContinuousClock.now - start
        var tokenCount = 0
        let durations = try Measurement.durations(runs) {
            tokenCount = 0
            for line in lines { tokenCount += try tokenizer.encode(line).ids.count }
        }
        let timing = Timing(
            itemCount: max(1, tokenCount), byteCount: lines.reduce(0) { $0 + $1.utf8.count + 1 }, runs: durations)
        let measurement = Measurement(
            task: "tokenize", model: checkpoint.name, family: family ?? "tokenizer", precision: nil, batchSize: nil, threads: 1,
            loading: loading, parts: [.init(name: nil, timing: timing)])
        try measurement.show(asJSON: runs.json)
    }

    /// The lines of the files, or of the made-up text.
    private func lines() throws -> [String] {
        if files.isEmpty { return MadeUpText.lines(byteCount: 1_000_000) }
        let lines = try files.flatMap { file in
            let input = file == "-" ? InputFile.standardInput() : InputFile(path: file)
            return try input.bytes().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
        }
        if lines.allSatisfy(\.isEmpty) {
            throw InputError(files[0], found: "no text", needed: "some lines of it", remedy: "Name a file that has a text")
        }
        return lines
    }
}
