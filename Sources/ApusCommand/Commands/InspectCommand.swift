import ArgumentParser
import AttentionEngine
import PluginKit

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Say what a model is, without reading its weights.",
        discussion: """
            Prints family, tasks, sizes, parameters and what happens to an input before the model sees it.

            EXAMPLE:
              \(Program.name) inspect vit-grocery
            """)

    @Argument(help: ArgumentHelp("A folder, the id of a model in the hub cache, or a starter model's name.", valueName: "model"))
    var model: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let checkpoint = try Checkpoint(model)
        let family = try Session.registry.family(for: checkpoint)
        let description = ModelDescription(
            checkpoint, family: family.name, summary: try family.summary(of: checkpoint), parameters: try checkpoint.parameters)
        if json {
            try StandardOutput.write(JSONLine.encode(description))
        } else {
            try StandardOutput.write(lines: description.lines)
        }
    }
}

/// All that can be said of a model without reading its weights.
private struct ModelDescription: Encodable {
    let name: String
    let folder: String
    let family: String
    let modelType: String
    let tasks: [String]
    let sizes: [ModelSummary.Fact]
    let parameters: ParameterInventory
    let preprocessing: [String]

    init(_ checkpoint: Checkpoint, family: String, summary: ModelSummary, parameters: ParameterInventory) {
        name = checkpoint.name
        folder = checkpoint.folder
        modelType = checkpoint.modelType
        self.family = family
        self.parameters = parameters
        tasks = summary.tasks
        sizes = summary.sizes
        preprocessing = summary.preprocessing
    }

    /// For people.
    var lines: [String] {
        var table = Table()
        table.add("name", name)
        table.add("folder", folder)
        table.add("family", family)
        table.add("model type", modelType)
        table.add("tasks", tasks.isEmpty ? "none; `\(Program.name) forward` runs it" : tasks.joined(separator: ", "))
        for fact in sizes { table.add(fact.name, fact.value) }
        table.add("parameters", "\(Quantity.count(parameters.parameterCount)) in \(parameters.tensorCount) tensors")
        table.add("element type", elementTypes)
        table.add("size of weights", Quantity.bytes(parameters.byteCount))
        table.add("preprocessing", each: preprocessing)
        return table.lines
    }

    /// `bf16`, or `fp32 (85.8 M), int64 (197)`.
    private var elementTypes: String {
        let types = parameters.countByType.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        return types.map { types.count == 1 ? $0.key : "\($0.key) (\(Quantity.count($0.value)))" }.joined(separator: ", ")
    }

    private enum CodingKeys: String, CodingKey {
        case name, folder, family, tasks, sizes, parameters, tensors, preprocessing
        case modelType = "model_type"
        case byteCount = "bytes"
        case elementTypes = "element_types"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(folder, forKey: .folder)
        try container.encode(family, forKey: .family)
        try container.encode(modelType, forKey: .modelType)
        try container.encode(tasks, forKey: .tasks)
        try container.encode(Dictionary(sizes.map { ($0.name, NumberOrText(text: $0.value)) }) { $1 }, forKey: .sizes)
        try container.encode(parameters.parameterCount, forKey: .parameters)
        try container.encode(parameters.tensorCount, forKey: .tensors)
        try container.encode(parameters.byteCount, forKey: .byteCount)
        try container.encode(parameters.countByType, forKey: .elementTypes)
        try container.encode(preprocessing, forKey: .preprocessing)
    }
}

/// What scripts get as a number where it is one: `12`, `"16 × 16"`.
private struct NumberOrText: Encodable {
    let text: String

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let number = Int(text) { try container.encode(number) } else { try container.encode(text) }
    }
}
