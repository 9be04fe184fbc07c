import ArgumentParser
import AttentionEngine
import Metrics
import PluginKit
import TrainingTasks

struct EvaluateTranscribeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transcribe",
        abstract: "Measure how many words a model writes down wrongly.",
        discussion: """
            The data is a table (.tsv or .csv) of a recording's file and what is said in it, a line each, or one whose first line names the columns \
            file and text. The rate of word errors is that of \
            words missing, added or changed to those that were said.

            EXAMPLE:
              \(Program.name) evaluate transcribe --data clips.tsv
              \(Program.name) evaluate transcribe --model openai/whisper-tiny --data clips.tsv --worst 5 --confidence 0.95
            """)

    /// What is done to texts before they are compared.
    enum Normalization: String, CaseIterable {
        case none, basic
    }

    @Option(help: ArgumentHelp("A table of file and text.", valueName: "path"))
    var data: String

    @Option(
        help: ArgumentHelp(
            "What is done to texts before they are compared: basic (small letters, no punctuation) or none. (default: basic)",
            valueName: "way"), transform: Choice.of)
    var normalize = Normalization.basic

    @Option(help: ArgumentHelp("Show the recordings with the most errors, word by word.", valueName: "n"))
    var worst = 3

    @OptionGroup var model: ModelOptions
    @OptionGroup(title: "Decoding") var decoding: DecodingOptions
    @OptionGroup var engine: EngineOptions
    @OptionGroup var evaluation: EvaluationOptions

    func validate() throws { try Bounds.check(worst, in: 0...1_000_000, of: "--worst") }

    func run() throws {
        try engine.prepare()
        let registry = try Session.registry
        let checkpoint = try model.checkpoint(for: "transcribe", engine)
        try evaluate(registry.load(checkpoint, as: (any Transcribing).self), checkpoint, registry)
    }

    private struct Clip: Encodable {
        var file: String
        var reference: String
        var hypothesis: String
        var words: ErrorRate
        var characters: ErrorRate
    }

    private func evaluate<Model: Transcribing>(_ model: Model, _ checkpoint: Checkpoint, _ registry: Registry) throws {
        let (items, options) = (try SpeechClips.items(of: data), try decoding.options)
        var progress = ProgressBar(total: items.count, isQuiet: evaluation.output.quiet)
        var (clips, failures): ([Clip], Failures) = ([], Failures(asJSON: false))
        for (index, item) in items.enumerated() {
            progress.show(index)
            do {
                let recording = try registry.read(InputFile(path: item.path), as: Model.Input.self)
                let text = try model.transcribe(recording, options: options) { _ in true }.text
                var clip = Clip(
                    file: item.path, reference: normalized(item.text), hypothesis: normalized(text), words: ErrorRate(),
                    characters: ErrorRate())
                clip.words.addWords(reference: clip.reference, hypothesis: clip.hypothesis)
                clip.characters.addCharacters(reference: clip.reference, hypothesis: clip.hypothesis)
                clips.append(clip)
            } catch let error as InputError where checkpoint.isAtFault(error) {
                throw error
            } catch {
                progress.erase()
                try failures.add(item.path, error)
            }
        }
        progress.erase()
        guard !clips.isEmpty else {
            throw InputError(
                data, found: "no recording that can be read", needed: "some to measure by", remedy: "Check the paths")
        }
        try show(clips, failures.count)
        try failures.finish()
    }

    private func normalized(_ text: String) -> String {
        guard normalize == .basic else { return ErrorRate.words(text).joined(separator: " ") }
        var result = ""
        for scalar in text.lowercased().unicodeScalars {
            let isKept =
                scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "'"
                || scalar.properties.generalCategory == .nonspacingMark || scalar.properties.generalCategory == .spacingMark
            result.unicodeScalars.append(isKept ? scalar : scalar == "’" ? "'" : " ")
        }
        return ErrorRate.words(result).joined(separator: " ")
    }

    private func show(_ clips: [Clip], _ failures: Int) throws {
        func rate(_ part: (Clip) -> ErrorRate) -> MeasuredValue {
            evaluation.measured(clips.count) { places in
                var whole = ErrorRate()
                for place in places { whole.merge(part(clips[place])) }
                return whole.rate
            }
        }
        var words = ErrorRate()
        for clip in clips { words.merge(clip.words) }
        let worst = clips.filter { $0.words.errors > 0 }.sorted { $0.words.errors > $1.words.errors }.prefix(worst)
        let report = Report(
            count: clips.count, failures: failures, wer: rate(\.words), cer: rate(\.characters), words: words,
            normalization: normalize.rawValue, worst: Array(worst))
        if evaluation.output.json { return try StandardOutput.write(JSONLine.encode(report)) }
        var table = Table()
        table.add("recordings", "\(clips.count)")
        table.add("word error rate", report.wer.percentage)
        table.add("character error rate", report.cer.percentage)
        table.add(
            "words",
            "\(words.referenceCount): \(words.hits) right, \(words.substitutions) changed, \(words.deletions) missing; \(words.insertions) added"
        )
        try StandardOutput.write(lines: table.lines)
        for clip in worst {
            var rows = [("said", ""), ("written", "")]
            for step in ErrorRate.alignment(ErrorRate.words(clip.reference), ErrorRate.words(clip.hypothesis)) {
                let (said, written) = Self.cells(step)
                let width = max(said.count, written.count)
                rows[0].1 += " " + said + String(repeating: " ", count: width - said.count)
                rows[1].1 += " " + written + String(repeating: " ", count: width - written.count)
            }
            let lines = rows.map { name, text in name + String(repeating: " ", count: 8 - name.count) + text }
            try StandardOutput.write(
                lines: ["", "\(InputName.shown(clip.file)): \(clip.words.errors) errors"] + lines)
        }
    }

    /// A word of both texts, stars where one has none; changed words in capitals.
    private static func cells(_ step: ErrorRate.Step) -> (said: String, written: String) {
        switch step {
        case .hit(let word): (word, word)
        case .substitution(let word, let other): (word.uppercased(), other.uppercased())
        case .deletion(let word): (word.uppercased(), String(repeating: "*", count: word.count))
        case .insertion(let word): (String(repeating: "*", count: word.count), word.uppercased())
        }
    }

    private struct Report: Encodable {
        var count: Int
        var failures: Int
        var wer: MeasuredValue
        var cer: MeasuredValue
        var words: ErrorRate
        var normalization: String
        var worst: [Clip]
    }
}
