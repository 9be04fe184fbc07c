import ArgumentParser
import AttentionEngine
import PluginKit

struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "List the models on this machine and what each can do.",
        discussion: """
            Starter models come with Apus; the hub cache is where `hf download` puts models.

            EXAMPLE:
              \(Program.name) models
            """)

    @Flag(help: "Print one JSON object for each model, in a line.")
    var json = false

    func run() throws {
        let registry = try Session.registry
        let starters = StarterModels.folders().map { ListedModel($0.name, "starter", folder: $0.folder, registry) }
        let cached = HubCache.models().map { ListedModel($0.id, "hub", folder: $0.folder, registry) }
        if json {
            try StandardOutput.write(lines: (starters + cached).map(JSONLine.encode))
        } else {
            try StandardOutput.write(
                lines: Self.section("Starter models", starters, places: StarterModels.locations)
                    + [""] + Self.section("Hub cache", cached, places: [HubCache.location]))
        }
    }

    private static func section(_ title: String, _ models: [ListedModel], places: [String]) -> [String] {
        var table = Table(indentation: "  ")
        for model in models { table.add(model.name, model.family ?? "-", model.state) }
        for place in models.isEmpty ? places : [] { table.add("none in \(place)") }
        return [Terminal.bold(title)] + table.lines
    }
}

/// A model on this machine, and whether it can be run.
private struct ListedModel: Encodable {
    let name: String
    let source: String
    let folder: String
    private(set) var modelType: String?
    private(set) var family: String?
    private(set) var tasks: [String] = []
    /// Why it cannot be run; `nil` where it can.
    private(set) var obstacle: String?

    init(_ name: String, _ source: String, folder: String, _ registry: Registry) {
        self.name = name
        self.source = source
        self.folder = folder
        do {
            let checkpoint = try Checkpoint(folder: folder, name: name)
            modelType = checkpoint.modelType
            guard registry.modelTypes.contains(checkpoint.modelType) else {
                obstacle = "no plugin serves the model type \(checkpoint.modelType)"
                return
            }
            let family = try registry.family(for: checkpoint)
            self.family = family.name
            tasks = try family.summary(of: checkpoint).tasks
            _ = try checkpoint.parameters
        } catch let error as InputError {
            obstacle = error.found
        } catch {
            obstacle = "\(error)"
        }
    }

    /// What it can do, or why it can do nothing.
    var state: String {
        if let obstacle { return "cannot run: \(obstacle)" }
        return tasks.isEmpty ? "forward" : tasks.joined(separator: ", ")
    }

    private enum CodingKeys: String, CodingKey {
        case name, source, folder, family, tasks, obstacle
        case modelType = "model_type"
        case isRunnable = "runnable"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(source, forKey: .source)
        try container.encode(folder, forKey: .folder)
        try container.encode(modelType, forKey: .modelType)
        try container.encode(family, forKey: .family)
        try container.encode(tasks, forKey: .tasks)
        try container.encode(obstacle == nil, forKey: .isRunnable)
        try container.encode(obstacle, forKey: .obstacle)
    }
}
