import ArgumentParser
import AttentionEngine
import PluginKit

struct QuantizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize",
        abstract: "Write a model again with smaller weights.",
        discussion: """
            With int8 the matrices take a quarter of the space of fp32, with bf16 half. Every command takes the new folder as its \
            --model. Norms, biases and whatever else is no matrix stay as they are.

            EXAMPLE:
              apus quantize openai/whisper-base -o whisper-base-int8
            """)

    /// What weights can be written in.
    enum Target: String, ExpressibleByArgument, CaseIterable {
        case int8, bf16
    }

    @Argument(help: ArgumentHelp("A folder, the id of a model in the hub cache, or a starter model's name.", valueName: "model"))
    var model: String

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder to write, new or empty.", valueName: "folder"))
    var output: String

    @Option(help: ArgumentHelp("What to write matrices in.", valueName: "precision"))
    var precision = Target.int8

    @Flag(help: "Do not say what was written.")
    var quiet = false

    func run() throws {
        let checkpoint = try Checkpoint(model)
        let quantizer = try CheckpointQuantizer(checkpoint, registry: try Session.registry)
        try quantizer.write(to: output, precision: precision == .int8 ? .int8 : .bfloat16)
        if quiet { return }
        let before = try checkpoint.parameters, after = try Checkpoint(folder: output).parameters
        StandardError.write(
            "\(output): \(Quantity.bytes(after.byteCount)) of weights, \(Quantity.bytes(before.byteCount)) before\n")
    }
}
