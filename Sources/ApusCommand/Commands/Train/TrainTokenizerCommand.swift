import Apus
import ArgumentParser
import AttentionEngine
import PluginKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

struct TrainTokenizerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenizer",
        abstract: "Learn a tokenizer from text.",
        discussion: """
            bpe merges the most frequent pairs of pieces, of bytes as GPT-2 does; unigram chooses the pieces that make the text \
            likeliest, as sentencepiece does. The files are those that transformers reads: tokenizer.json and \
            tokenizer_config.json or, with --format marian, source.spm, target.spm and vocab.json, one vocabulary for both languages.

            EXAMPLE:
              \(Program.name) train tokenizer --type bpe --vocab-size 8000 -o my-model book.txt
              cut -f1,2 pairs.tsv | tr '\\t' '\\n' | \(Program.name) train tokenizer --type unigram --vocab-size 8000 \
            --format marian -o my-translator -
            """)

    @Argument(help: ArgumentHelp("Text files in UTF-8, - for standard input.", valueName: "file"))
    var files: [String]

    @Option(help: ArgumentHelp("How pieces are chosen: bpe or unigram.", valueName: "type"), transform: Choice.of)
    var type: TokenizerTrainer.Algorithm

    @Option(help: ArgumentHelp("Tokens to have in all, special ones included.", valueName: "n"))
    var vocabSize: Int

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The folder to write to; files of these names are replaced.", valueName: "folder")
    )
    var output: String

    @Option(help: ArgumentHelp("The files to write: transformers or marian.", valueName: "format"), transform: Choice.of)
    var format = TrainedTokenizer.Format.transformers

    @Option(
        help: ArgumentHelp(
            "What pieces are made of: byte-level or metaspace. (default: byte-level for bpe, metaspace for unigram and marian)",
            valueName: "kind"), transform: Choice.of)
    var alphabet: TokenizerTrainer.Alphabet?

    @Option(
        help: ArgumentHelp(
            "Tokens with a meaning of their own, with commas between them; they get the first ids.", valueName: "list"))
    var specialTokens: [String] = []

    @Option(
        help: ArgumentHelp(
            "The share of the text's letters that pieces are made of. (default: 1 for bpe, 0.9995 for unigram)",
            valueName: "share"))
    var characterCoverage: Double?

    @Option(help: ArgumentHelp("How often a pair or piece must occur.", valueName: "n"))
    var minFrequency = 2

    @Option(
        help: ArgumentHelp(
            "What is done to text first: none, nfkc or nmt-nfkc. (default: none for byte-level, else nmt-nfkc)",
            valueName: "rules"), transform: Choice.of)
    var normalization: TokenizerTrainer.Normalization?

    @Flag(help: "Read all text in lower case.")
    var lowercase = false

    @Flag(help: "Have 256 tokens for the bytes of letters that are unknown.")
    var byteFallback = false

    @Flag(help: "Show no progress, and do not say what was written.")
    var quiet = false

    func run() throws {
        var options = TokenizerTrainer.Options(algorithm: type, vocabularySize: vocabSize)
        options.format = format
        options.alphabet = alphabet ?? (format == .marian ? .letters : options.alphabet)
        options.normalization = normalization ?? (options.alphabet == .bytes ? .none : .nmtNFKC)
        options.characterCoverage = characterCoverage ?? options.characterCoverage
        options.specialTokens = specialTokens.flatMap { $0.split(separator: ",").map(String.init) }
        options.minimumFrequency = minFrequency
        options.lowercases = lowercase
        options.fallsBackToBytes = byteFallback
        var trainer = try TokenizerTrainer(options)
        try read(into: &trainer)
        let words = trainer.wordCount
        var bar: ProgressBar?
        let tokenizer = try trainer.train { done, total in
            if bar == nil { bar = ProgressBar(total: total, isQuiet: quiet) }
            bar?.show(done)
        }
        bar?.erase()
        let folder = try write(tokenizer.files)
        if quiet { return }
        StandardError.write(
            "\(folder): \(tokenizer.vocabularySize) tokens from \(words.total) words, \(words.distinct) of them different\n")
    }

    private func read(into trainer: inout TokenizerTrainer) throws {
        var inputs: [TextBytes] = []
        for file in files { inputs.append(try TextBytes(file)) }
        var bar = ProgressBar(total: inputs.reduce(0) { $0 + $1.byteCount }, isQuiet: quiet)
        var done = 0
        for input in inputs {
            while let part = try input.next() {
                try trainer.read(part, from: input.name)
                done += part.count
                bar.show(done)
            }
            try trainer.finish(input.name)
        }
        bar.erase()
    }

    private func write(_ files: [(name: String, bytes: [UInt8])]) throws -> String {
        try OutputFolder.make(output)
        for file in files { try OutputFolder.write(file.bytes, to: "\(output)/\(file.name)") }
        return output
    }
}

/// A value of a few by its name.
enum Choice {
    /// - Throws: `ValidationError` that lists the names.
    static func of<Value: RawRepresentable<String> & CaseIterable>(_ name: String) throws -> Value {
        if let value = Value(rawValue: name) { return value }
        throw ValidationError("“\(name)” is none of \(Value.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
}

/// The bytes of a text file or of standard input, part by part.
private final class TextBytes {
    let name: String
    /// How many there are; 0 where nobody knows.
    let byteCount: Int
    private let descriptor: Int32

    /// - Throws: `InputError` if the file cannot be opened.
    init(_ path: String) throws {
        if path == "-" {
            (name, byteCount, descriptor) = ("standard input", 0, STDIN_FILENO)
            return
        }
        // Says what is wrong with it, if anything.
        let file = try RegularFile(path)
        (name, byteCount) = (path, file.byteCount)
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw RegularFile.missing(path) }
    }

    deinit { if descriptor > STDIN_FILENO { close(descriptor) } }

    /// The next part; `nil` after the last.
    func next() throws -> [UInt8]? {
        var failed = false
        let part = [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
            var result = 0
            repeat { result = read(descriptor, buffer.baseAddress, buffer.count) } while result < 0 && errno == EINTR
            failed = result < 0
            count = max(0, result)
        }
        if failed {
            throw InputError(
                name, found: "bytes that cannot be read", needed: "a file that can", remedy: "Check the disk it is on")
        }
        return part.isEmpty ? nil : part
    }
}
