import ArgumentParser
import AttentionEngine
import PluginKit

struct EmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Give texts vectors that lie near one another where the meanings do.",
        discussion: """
            Prints one JSON object for each text, or writes all vectors to a NumPy file. How the vectors are pooled and \
            normalized, the model's sentence-transformers files say.

            EXAMPLE:
              \(Program.name) embed --model sentence-transformers/all-MiniLM-L6-v2 "Good morning" "Guten Morgen"
              \(Program.name) embed --model sentence-transformers/all-MiniLM-L6-v2 - --output vectors.npy < lines.txt
            """)

    @OptionGroup var texts: TextOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("Write the vectors to this .npy file, a row each.", valueName: "file"))
    var output: String?

    @Flag(help: "Print how alike the texts are, each with each: the cosine, from -1 to 1.")
    var similarity = false

    @OptionGroup var model: ModelOptions

    @Option(name: .customLong("batch-size"), help: ArgumentHelp("Texts that are read at once.", valueName: "n"))
    var batchSize = 256

    @OptionGroup var engine: EngineOptions
    @OptionGroup var shown: OutputOptions

    func validate() throws {
        try Bounds.check(batchSize, in: 1...65_536, of: "--batch-size")
        if output?.isEmpty == true { throw ValidationError("--output needs the name of a file.") }
    }

    func run() throws {
        try engine.prepare()
        let checkpoint = try model.checkpoint(for: "embed", engine)
        let model = try Session.registry.load(checkpoint, as: (any TextEmbedding).self)
        let keeps = output != nil || similarity
        var kept: [(text: String, vector: [Float])] = []
        let work = TextWork(texts: texts, batchSize: batchSize, output: shown, checkpoint: checkpoint)
        let outcome = Result {
            try work.run(model.embed) { text, vector in
                if keeps {
                    kept.append((text, vector))
                } else {
                    try StandardOutput.write(JSONLine.encode(Answer(input: text, embedding: vector)))
                }
            }
        }
        if let output {
            try NumPyFile.write(kept.map(\.vector), to: output)
            let count = kept.count == 1 ? "1 vector" : "\(kept.count) vectors"
            if !shown.quiet, !kept.isEmpty { StandardError.write("\(count) in \(output.printable)\n") }
        }
        if similarity { try showSimilarity(kept) }
        try outcome.get()
    }

    private func showSimilarity(_ kept: [(text: String, vector: [Float])]) throws {
        let unit = kept.map { Self.normalized($0.vector) }
        for (row, left) in zip(kept, unit) {
            let cosines = unit.map { right in zip(left, right).reduce(0) { $0 + $1.0 * $1.1 } }
            if shown.json {
                try StandardOutput.write(JSONLine.encode(Similarity(input: row.text, similarity: cosines.map(Float.init))))
            } else {
                let numbers = cosines.map { Quantity.padded(Quantity.fixed($0, decimals: 3), to: 7) }.joined()
                try StandardOutput.write("\(numbers)  \(row.text.printable)")
            }
        }
    }

    private static func normalized(_ vector: [Float]) -> [Double] {
        let length = max(vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot(), 1e-12)
        return vector.map { Double($0) / length }
    }

    private struct Answer: Encodable {
        let input: String
        let embedding: [Float]
    }

    private struct Similarity: Encodable {
        let input: String
        let similarity: [Float]
    }
}
