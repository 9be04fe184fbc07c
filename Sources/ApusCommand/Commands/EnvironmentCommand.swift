#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Apus
import ArgumentParser

struct EnvironmentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "Say what Apus runs on: version, processor, memory, plugins, folders.",
        discussion: """
            EXAMPLE:
              \(Program.name) env
            """)

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        try Processor.validateOverride()
        let environment = Surroundings(try Session.registry)
        if json {
            try StandardOutput.write(JSONLine.encode(environment))
        } else {
            try StandardOutput.write(lines: environment.lines)
        }
    }
}

/// What a bug report should say of the machine and the program.
private struct Surroundings: Encodable {
    var version = Apus.version
    var instructionSet = Processor.instructionSet
    var instructionSets = Processor.instructionSets
    var threads = Processor.threadCount
    var cores = ProcessInfo.processInfo.activeProcessorCount
    var memoryBytes = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    var plugins: [PluginContents]
    var starterModels = StarterModels.locations
    var hubCache = HubCache.location

    struct PluginContents: Encodable {
        var name: String
        var families: [FamilyTypes]
        var fileTypes: [String: [String]]

        enum CodingKeys: String, CodingKey {
            case name, families
            case fileTypes = "file_types"
        }
    }

    struct FamilyTypes: Encodable {
        var name: String
        var modelTypes: [String]

        enum CodingKeys: String, CodingKey {
            case name
            case modelTypes = "model_types"
        }
    }

    enum CodingKeys: String, CodingKey {
        case version, threads, cores, plugins
        case instructionSet = "instruction_set"
        case instructionSets = "instruction_sets"
        case memoryBytes = "memory_bytes"
        case starterModels = "starter_models"
        case hubCache = "hub_cache"
    }

    init(_ registry: Registry) {
        plugins = registry.plugins.map { plugin in
            PluginContents(
                name: plugin,
                families: registry.families(of: plugin).map { FamilyTypes(name: $0.name, modelTypes: $0.modelTypes.sorted()) },
                fileTypes: Dictionary(
                    registry.readers(of: plugin).map { (type(of: $0).kind, type(of: $0).fileTypes.sorted()) },
                    uniquingKeysWith: +))
        }
    }

    /// For people.
    var lines: [String] {
        var table = Table()
        table.add("version", version)
        table.add("instruction set", "\(instructionSet) (of \(instructionSets.joined(separator: ", ")))")
        table.add("threads", "\(threads) on \(cores) cores")
        table.add("memory", Quantity.bytes(memoryBytes))
        for plugin in plugins {
            let families = plugin.families.map { "\($0.name): \($0.modelTypes.joined(separator: ", "))" }
            let readers = plugin.fileTypes.sorted { $0.key < $1.key }
                .map { "reads \($0.key) files: \($0.value.joined(separator: ", "))" }
            table.add("plugin \(plugin.name)", each: families + readers)
        }
        let found = StarterModels.folders().map { "\($0.name) in \($0.folder)" }
        table.add("starter models", each: found.isEmpty ? starterModels.map { "none in \($0)" } : found)
        table.add("hub cache", hubCache)
        return table.lines
    }
}
