import ArgumentParser
import AttentionEngine
import PluginKit
import TrainingTasks

struct AlignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "align",
        abstract: "Find when each word of a known text is said.",
        discussion: """
            The data is a table of recordings and what is said in them, as `train transcribe` takes it; the model is one that it has made, \
            since others do not tell precisely. Prints a table of file, word, start and end, in seconds. From it \
            `train transcribe --words` puts together new recordings to learn from.

            EXAMPLE:
              \(Program.name) align --model my-model --data clips.tsv > words.tsv
            """)

    @Option(help: ArgumentHelp("A model's folder.", valueName: "model"))
    var model: String

    @Option(help: ArgumentHelp("A table of file and text.", valueName: "path"))
    var data: String

    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: OutputOptions

    private struct Line: Encodable {
        var file: String
        var words: [TimedWord]
    }

    func run() throws {
        try engine.prepare()
        let registry = try Session.registry
        var checkpoint = try Checkpoint(model)
        checkpoint.precision = engine.precision.precision(for: checkpoint)
        let (aligner, items) = (try SpeechAligner(checkpoint, registry: registry), try SpeechClips.items(of: data))
        var progress = ProgressBar(total: items.count, isQuiet: output.quiet)
        var failures = Failures(asJSON: output.json)
        if !output.json { try StandardOutput.write(lines: ["file\tword\tstart\tend"]) }
        for (index, item) in items.enumerated() {
            progress.show(index)
            do {
                let words = try aligner.words(of: item)
                progress.erase()
                if output.json {
                    try StandardOutput.write(JSONLine.encode(Line(file: item.path, words: words)))
                } else {
                    try StandardOutput.write(
                        lines: words.map {
                            "\(item.path)\t\($0.text)\t\(Quantity.fixed($0.start, decimals: 3))\t\(Quantity.fixed($0.end, decimals: 3))"
                        })
                }
            } catch let error as InputError where checkpoint.isAtFault(error) {
                throw error
            } catch {
                progress.erase()
                try failures.add(item.path, error)
            }
        }
        progress.erase()
        try failures.finish()
    }
}
