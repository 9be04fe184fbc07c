import Foundation
import Testing

@Suite("apus --version and help")
struct HelpTests {
    @Test("--version answers at once")
    func version() throws {
        let run = try CommandRun("--version")
        #expect(run.status == 0)
        #expect(run.output.wholeMatch(of: /apus [0-9]+\.[0-9]+\.[0-9]+\n/) != nil)
    }

    @Test(
        "Help, which shows an example each, reads as it was written",
        arguments: [
            "", "classify", "transcribe", "translate", "generate", "classify-text", "embed", "fill-mask", "tokenize", "inspect",
            "models", "env", "forward", "new-plugin", "bench", "bench classify", "bench transcribe", "bench translate",
            "bench generate",
            "bench embed", "bench tokenize", "bench machine", "quantize", "train", "train classify", "train transcribe",
            "train translate", "train tokenizer",
            "evaluate", "evaluate classify", "evaluate transcribe",
            "evaluate translate", "evaluate embed", "evaluate generate", "align",
        ])
    func help(command: String) throws {
        let words = command.split(separator: " ").map(String.init)
        let run = try CommandRun(["help"] + words)
        #expect(run.status == 0)
        #expect(run.output.contains("EXAMPLE:\n  apus \(command)"))
        #expect(try CommandRun(words + ["--help"]).output == run.output)
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../Fixtures/help/\((["apus"] + words).joined(separator: "-")).txt")
        #expect(try run.output == String(contentsOf: file, encoding: .utf8), "see Tests/Fixtures/help/README.md")
    }

    @Test("No arguments show the help")
    func noArguments() throws {
        let run = try CommandRun()
        #expect(run.status == 0)
        #expect(try run.output == CommandRun("--help").output)
    }

    @Test("A bad APUS_ISA does not keep anyone from reading help")
    func helpNeedsNoEngine() throws {
        #expect(try CommandRun("help", "env", environment: ["APUS_ISA": "nonesuch"]).status == 0)
        #expect(try CommandRun("--version", environment: ["APUS_ISA": "nonesuch"]).status == 0)
    }
}
