import ArgumentParser
import AttentionEngine
import PluginKit

/// How the engine works.
struct EngineOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Threads that work on one operation. (default: as many as there are cores)", valueName: "n"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "What weights are kept in: fp32, bf16, int8, int4 (of decoders; int8 elsewhere), or auto for the fastest that answers as fp32 does on this processor.",
            valueName: "precision"))
    var precision = PrecisionChoice.auto

    @Flag(help: "Say at the end where the time went, layer kind by layer kind.")
    var profile = false

    func validate() throws { try threads.map { try Bounds.check($0, in: 1...256, of: "--threads") } }

    /// Readies the engine.
    ///
    /// - Throws: `InputError` if the environment asks for an instruction set that is not to be had.
    func prepare() throws {
        try Processor.validateOverride()
        if let threads { Processor.threadCount = threads }
        if profile { ProfileReport.start() }
    }
}

/// A precision by name.
enum PrecisionChoice: String, ExpressibleByArgument, CaseIterable {
    case auto, fp32, bf16, int8, int4

    /// What a checkpoint's weights are to be kept in.
    func precision(for checkpoint: Checkpoint) -> Precision { Precision(rawValue: rawValue) ?? checkpoint.automaticPrecision }
}
