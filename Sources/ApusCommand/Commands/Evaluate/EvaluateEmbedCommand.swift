import ArgumentParser
import AttentionEngine
import Metrics
import PluginKit
import Training

struct EvaluateEmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Measure how far a model's likeness of texts agrees with people's.",
        discussion: """
            The data is a table (.tsv or .csv) of two texts and how alike people find them, a number of any range. Measured is the correlation \
            of these numbers with the cosines of the texts' vectors: Spearman's, of the order alone, and Pearson's.

            EXAMPLE:
              \(Program.name) evaluate embed --model sentence-transformers/all-MiniLM-L6-v2 --data sts-test.csv
            """)

    @Option(help: ArgumentHelp("A table of text, text and number.", valueName: "path"))
    var data: String

    @OptionGroup var model: ModelOptions

    @Option(name: .customLong("batch-size"), help: ArgumentHelp("Texts that are read at once.", valueName: "n"))
    var batchSize = 256

    @OptionGroup var engine: EngineOptions
    @OptionGroup var evaluation: EvaluationOptions

    func validate() throws { try Bounds.check(batchSize, in: 1...65_536, of: "--batch-size") }

    func run() throws {
        try engine.prepare()
        let table = try TextTable(data, columns: 3)
        var rows = try (0..<table.count).map { (line: table.line(of: $0), fields: try table.row($0)) }
        // A first line without a number names the columns.
        if rows.count > 1, Double(rows[0].fields[2]) == nil { rows.removeFirst() }
        let scores = try rows.map { row in
            guard let score = Double(row.fields[2]), score.isFinite else {
                throw InputError(
                    "\(data), line \(row.line)", found: "“\(row.fields[2])” in the third column",
                    needed: "a number: how alike the texts are",
                    remedy: "Correct the line, or remove it")
            }
            return score
        }
        let checkpoint = try model.checkpoint(for: "embed", engine)
        let model = try Session.registry.load(checkpoint, as: (any TextEmbedding).self)
        var progress = ProgressBar(total: rows.count, isQuiet: evaluation.output.quiet)
        var pairs: [(cosine: Double, score: Double)] = []
        let step = max(1, batchSize / 2)
        for start in stride(from: 0, to: rows.count, by: step) {
            progress.show(start)
            let part = start..<min(start + step, rows.count)
            let vectors = try model.embed(part.flatMap { rows[$0].fields.prefix(2) })
            for (offset, place) in part.enumerated() {
                pairs.append((Self.cosine(vectors[2 * offset], vectors[2 * offset + 1]), scores[place]))
            }
        }
        progress.erase()
        try show(pairs)
    }

    private static func cosine(_ left: [Float], _ right: [Float]) -> Double {
        func product(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
        return product(left, right) / max(1e-12, (product(left, left) * product(right, right)).squareRoot())
    }

    private func show(_ pairs: [(cosine: Double, score: Double)]) throws {
        func measured(_ value: (Correlation) -> Double) -> MeasuredValue {
            evaluation.measured(pairs.count) { places in
                var correlation = Correlation()
                for place in places { correlation.add(pairs[place].cosine, pairs[place].score) }
                return value(correlation)
            }
        }
        let report = Report(count: pairs.count, spearman: measured(\.spearman), pearson: measured(\.pearson))
        guard !report.spearman.value.isNaN else {
            throw InputError(
                data, found: "\(pairs.count == 1 ? "one pair" : "pairs that are all alike")", needed: "several that differ",
                remedy: "Give more pairs")
        }
        if evaluation.output.json { return try StandardOutput.write(JSONLine.encode(report)) }
        var table = Table()
        table.add("pairs", "\(report.count)")
        table.add("Spearman", report.spearman.places(4))
        table.add("Pearson", report.pearson.places(4))
        try StandardOutput.write(lines: table.lines)
    }

    private struct Report: Encodable {
        var count: Int
        var spearman: MeasuredValue
        var pearson: MeasuredValue
    }
}
