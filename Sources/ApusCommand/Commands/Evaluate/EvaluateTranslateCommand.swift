import ArgumentParser
import AttentionEngine
import Metrics
import PluginKit
import Training

struct EvaluateTranslateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "translate",
        abstract: "Measure how much a model's translations have in common with those of people.",
        discussion: """
            The data is a table, tab-separated (or .csv): a text, and one translation or more, the same number on every line. BLEU and chrF++ \
            are sacrebleu's; a line says how they were taken.

            EXAMPLE:
              \(Program.name) evaluate translate --data pairs.tsv
              \(Program.name) evaluate translate --model Helsinki-NLP/opus-mt-en-de --data pairs.tsv --beam 4 --tokenize intl
            """)

    @Option(help: ArgumentHelp("A table of texts and their translations.", valueName: "path"))
    var data: String

    @Option(
        help: ArgumentHelp("How BLEU parts texts into words: 13a, intl, zh, char or none. (default: 13a)", valueName: "name"),
        transform: Choice.of)
    var tokenize = BLEUTokenization.mteval13a

    @OptionGroup var translation: TranslationOptions
    @OptionGroup var model: ModelOptions

    @Option(name: .customLong("batch-size"), help: ArgumentHelp("Texts that are read at once.", valueName: "n"))
    var batchSize = 128

    @OptionGroup var engine: EngineOptions
    @OptionGroup var evaluation: EvaluationOptions

    func validate() throws {
        try Bounds.check(batchSize, in: 1...65_536, of: "--batch-size")
    }

    func run() throws {
        try engine.prepare()
        let table = try TextTable(data, columns: 2...1_024)
        let checkpoint = try model.checkpoint(for: "translate", engine)
        let model = try Session.registry.load(checkpoint, as: (any Translating).self)
        var options = WritingOptions()
        options.beamCount = translation.beam
        var progress = ProgressBar(total: table.count, isQuiet: evaluation.output.quiet)
        var pairs: [(hypothesis: String, references: [String])] = []
        var failures = Failures(asJSON: false)
        for start in stride(from: 0, to: table.count, by: batchSize) {
            progress.show(start)
            let rows = try (start..<min(start + batchSize, table.count)).map(table.row)
            let answers = try checkpoint.answers(to: rows.map { $0[0] }) { texts in
                try model.translate(texts, from: translation.from, to: translation.to, options: options)
            }
            for (offset, (row, answer)) in zip(rows, answers).enumerated() {
                switch answer {
                case .success(let translations): pairs.append((translations.first?.text ?? "", Array(row.dropFirst())))
                case .failure(let error):
                    progress.erase()
                    try failures.add("\(data), line \(table.line(of: start + offset))", error)
                }
            }
        }
        progress.erase()
        guard !pairs.isEmpty else {
            throw InputError(data, found: "no text that can be translated", needed: "some", remedy: "See what is said of each")
        }
        try show(pairs, references: table.columnCount - 1, failures.count)
        try failures.finish()
    }

    private func show(_ pairs: [(hypothesis: String, references: [String])], references: Int, _ failures: Int) throws {
        let parts = pairs.map { pair in
            var (bleu, chrF) = (BLEUScore(tokenize), ChrFScore())
            bleu.add(pair.hypothesis, references: pair.references)
            chrF.add(pair.hypothesis, references: pair.references)
            return (bleu: bleu, chrF: chrF)
        }
        let bleu = evaluation.measured(parts.count) { places in
            var whole = BLEUScore(tokenize)
            for place in places { whole.merge(parts[place].bleu) }
            return whole.score
        }
        let chrF = evaluation.measured(parts.count) { places in
            var whole = ChrFScore()
            for place in places { whole.merge(parts[place].chrF) }
            return whole.score
        }
        let signature = "nrefs:\(references)|case:mixed|eff:no|tok:\(tokenize.rawValue)|smooth:exp"
        let report = Report(count: pairs.count, failures: failures, bleu: bleu, chrF: chrF, signature: signature)
        if evaluation.output.json { return try StandardOutput.write(JSONLine.encode(report)) }
        var table = Table()
        table.add("texts", "\(pairs.count)")
        table.add("BLEU", bleu.number)
        table.add("chrF++", chrF.number)
        table.add("taken as", signature)
        try StandardOutput.write(lines: table.lines)
    }

    private struct Report: Encodable {
        var count: Int
        var failures: Int
        var bleu: MeasuredValue
        var chrF: MeasuredValue
        var signature: String
        enum CodingKeys: String, CodingKey {
            case count, failures, bleu, signature
            case chrF = "chrf++"
        }
    }
}
