import ArgumentParser
import AttentionEngine
import PluginKit

struct ForwardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forward",
        abstract: "Run a model on tensors from a file and write its outputs to another.",
        discussion: """
            Tensors have the names that the model's arguments and outputs have in the transformers library; others in \
            the file are ignored. Written are logits, where the model has a head, and last_hidden_state. Here auto is fp32.

            EXAMPLE:
              \(Program.name) forward vit-grocery inputs.safetensors -o outputs.safetensors
            """)

    @Argument(help: ArgumentHelp("A folder, the id of a model in the hub cache, or a starter model's name.", valueName: "model"))
    var model: String

    @Argument(help: ArgumentHelp("A safetensors file with the model's arguments, pixel_values for example.", valueName: "inputs"))
    var inputs: String

    @Option(name: .shortAndLong, help: ArgumentHelp("The safetensors file to write.", valueName: "outputs"))
    var output: String

    @Flag(help: "Write the states before the first layer and after each, too: hidden.0, hidden.1, and so on.")
    var hiddenStates = false

    @Option(
        help: ArgumentHelp("Write on, too, and add the ids as generated: greedy, or beam:4 for as many beams.", valueName: "how"))
    var generate: String?

    @Option(help: ArgumentHelp("The most tokens to write.", valueName: "n"))
    var maxNewTokens: Int?

    @OptionGroup var engine: EngineOptions

    @Flag(help: "Do not say what was written.")
    var quiet = false

    func validate() throws {
        _ = try beamCount
        try maxNewTokens.map { try Bounds.check($0, in: 1...1_048_576, of: "--max-new-tokens") }
    }

    private var beamCount: Int? {
        get throws {
            guard let generate else { return nil }
            if generate == "greedy" { return 1 }
            if generate.hasPrefix("beam:"), let count = Int(generate.dropFirst(5)), (1...256).contains(count) { return count }
            throw ValidationError("--generate was \(generate); it takes greedy, or beam: and a number from 1 to 256.")
        }
    }

    func run() throws {
        try engine.prepare()
        let arguments = try SafetensorsFile(inputs).tensors()
        var checkpoint = try Checkpoint(model)
        // What is compared with a reference is to be as near to it as can be.
        if engine.precision != .auto { checkpoint.precision = engine.precision.precision(for: checkpoint) }
        let model = try Session.registry.load(checkpoint)
        var outputs = try model.forward(arguments, detail: hiddenStates ? .layers : .states)
        if let beamCount = try beamCount {
            guard let writer = model as? any TensorGenerating else {
                throw InputError(
                    checkpoint.folder, found: "a \(type(of: model).name) model, which writes nothing", needed: "one that does",
                    remedy: "Leave --generate out")
            }
            var options = WritingOptions()
            options.beamCount = beamCount
            options.temperature = 0
            options.maximumTokens = maxNewTokens
            outputs["generated"] = try writer.generate(arguments, options: options)
        }
        try SafetensorsWriter.write(outputs.map { ($0.key, $0.value) }, to: output)
        if !quiet { StandardError.write(Self.listing(outputs)) }
    }

    private static func listing(_ outputs: NamedTensors) -> String {
        var table = Table()
        for (name, tensor) in outputs.sorted(by: { $0.key < $1.key }) {
            table.add(name, tensor.shape.map(String.init).joined(separator: " × "), tensor.elementType.displayName)
        }
        return table.lines.map { $0 + "\n" }.joined()
    }
}
