import ArgumentParser
import AttentionEngine
import Metrics
import PluginKit
import Training

struct EvaluateClassifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify",
        abstract: "Measure how well a model names what is in photos or other inputs.",
        discussion: """
            The data is a folder that holds a folder of files for each label, or a table (.csv or .tsv) of file and label. Precision is \
            the share of a label's answers that are right, recall the share of its files that are found, F1 their harmonic mean.

            EXAMPLE:
              \(Program.name) evaluate classify --model my-model --data photos/
              \(Program.name) evaluate classify --data test.csv --confidence 0.95 --json
            """)

    @Option(help: ArgumentHelp("A folder of a folder for each label, or a table of file and label.", valueName: "path"))
    var data: String

    @Option(help: ArgumentHelp("Draw which labels are taken for which, as a PNG file.", valueName: "file"))
    var confusionPicture: String?

    @OptionGroup var model: ModelOptions
    @OptionGroup var batch: BatchOptions
    @OptionGroup var engine: EngineOptions
    @OptionGroup var reading: ReadingOptions
    @OptionGroup var evaluation: EvaluationOptions

    func run() throws {
        try engine.prepare()
        let registry = try Session.registry
        let checkpoint = try model.checkpoint(for: "classify", engine)
        try evaluate(registry.load(checkpoint, as: (any Classifying).self), checkpoint, registry)
    }

    private func evaluate<Model: Classifying>(_ model: Model, _ checkpoint: Checkpoint, _ registry: Registry) throws {
        let files = try LabelledFiles(data, types: registry.fileTypes(of: Model.Input.self))
        let work = BatchedWork<Model.Input>(
            files.items.map { ($0.path, .success(InputFile(path: $0.path))) }, reading, batch, evaluation.output,
            registry: registry, checkpoint: checkpoint)
        var (labels, places): ([String], [String: Int]) = ([], [:])
        var (answers, failures): ([(label: Int, ranked: [Int])], Failures) = ([], Failures(asJSON: false))
        try work.run(ClassificationAnswer.checked(model.classify), naming: &failures) { index, ranked in
            if labels.isEmpty {
                labels = ranked.sorted { $0.index < $1.index }.map(\.label)
                places = Dictionary(labels.enumerated().map { ($1, $0) }) { first, _ in first }
                try check(files.labels, places, checkpoint)
            }
            answers.append((places[files.labels[files.items[index].label]] ?? 0, ranked.map(\.index)))
        }
        guard !answers.isEmpty else {
            throw InputError(data, found: "no file that can be read", needed: "some to measure by", remedy: "Check the files")
        }
        try show(answers, labels, failures.count)
        try failures.finish()
    }

    private func check(_ labels: [String], _ known: [String: Int], _ checkpoint: Checkpoint) throws {
        guard let other = labels.first(where: { known[$0] == nil }) else { return }
        throw InputError(
            data, found: "the label “\(other)”, which \(checkpoint.name) does not know",
            needed: "its labels: \(known.keys.sorted().prefix(10).joined(separator: ", "))\(known.count > 10 ? " and more" : "")",
            remedy: "Name the folder or column as the model does; `\(Program.name) inspect` lists its labels")
    }

    private func show(_ answers: [(label: Int, ranked: [Int])], _ labels: [String], _ failures: Int) throws {
        func scores(_ places: [Int]) -> ClassificationScores {
            var scores = ClassificationScores(labelCount: labels.count)
            for place in places { scores.add(label: answers[place].label, answers: answers[place].ranked) }
            return scores
        }
        let all = scores(Array(answers.indices))
        func measured(_ value: (ClassificationScores) -> Double) -> MeasuredValue {
            evaluation.measured(answers.count) { value(scores($0)) }
        }
        let occurring = labels.indices.filter { all.confusion[$0].contains { $0 > 0 } }
        let report = Report(
            count: answers.count, failures: failures, accuracy: measured(\.accuracy), top5: measured(\.topAccuracy),
            macro: all.macro, micro: all.micro, weighted: all.weighted, macroF1: measured(\.macro.f1),
            labels: Dictionary(occurring.map { (labels[$0], all.scores(of: $0)) }) { first, _ in first },
            confusion: all.confusions.map { .init(label: labels[$0.label], answer: labels[$0.answer], count: $0.count) })
        if let confusionPicture {
            let shown = labels.indices.filter { label in
                occurring.contains(label) || occurring.contains { all.confusion[$0][label] > 0 }
            }
            guard shown.count <= ConfusionPicture.mostLabels else {
                throw InputError(
                    "--confusion-picture", found: "\(shown.count) labels", needed: "at most \(ConfusionPicture.mostLabels)",
                    remedy: "Leave it out; --json has every confusion")
            }
            let counts = shown.map { row in shown.map { all.confusion[row][$0] } }
            try PNGFile.write(ConfusionPicture.canvas(counts, labels: shown.map { labels[$0] }), to: confusionPicture)
        }
        if evaluation.output.json { return try StandardOutput.write(JSONLine.encode(report)) }
        var table = Table()
        table.add("files", "\(report.count)")
        table.add("accuracy", report.accuracy.percentage)
        if labels.count > 5 { table.add("top-5 accuracy", report.top5.percentage) }
        table.add("macro F1", report.macroF1.percentage)
        var each = Table()
        each.add("label", "files", "precision", "recall", "F1")
        func row(_ name: String, _ scores: ClassificationScores.Scores) {
            let (precision, recall) = (Quantity.percentage(scores.precision), Quantity.percentage(scores.recall))
            each.add(name, "\(scores.support)", precision, recall, Quantity.percentage(scores.f1))
        }
        for label in occurring { row(labels[label], all.scores(of: label)) }
        row("macro mean", all.macro)
        row("weighted mean", all.weighted)
        row("micro mean", all.micro)
        var lines = table.lines + [""] + each.lines
        if !report.confusion.isEmpty {
            var confusions = Table()
            confusions.add("label", "taken for", "files")
            for pair in report.confusion.prefix(10) { confusions.add(pair.label, pair.answer, "\(pair.count)") }
            lines += [""] + confusions.lines
        }
        try StandardOutput.write(lines: lines)
    }

    private struct Report: Encodable {
        struct Confusion: Encodable {
            var label: String
            var answer: String
            var count: Int
        }
        var count: Int
        var failures: Int
        var accuracy: MeasuredValue
        var top5: MeasuredValue
        var macro: ClassificationScores.Scores
        var micro: ClassificationScores.Scores
        var weighted: ClassificationScores.Scores
        var macroF1: MeasuredValue
        var labels: [String: ClassificationScores.Scores]
        var confusion: [Confusion]
    }
}
