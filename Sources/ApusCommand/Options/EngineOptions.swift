import ArgumentParser
import AttentionEngine

/// How the engine works.
struct EngineOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Threads that work on one operation. (default: as many as there are cores)", valueName: "n"))
    var threads: Int?

    func validate() throws { try threads.map { try Bounds.check($0, in: 1...256, of: "--threads") } }

    /// Readies the engine.
    ///
    /// - Throws: `InputError` if the environment asks for an instruction set that is not to be had.
    func prepare() throws {
        try Processor.validateOverride()
        if let threads { Processor.threadCount = threads }
    }
}
