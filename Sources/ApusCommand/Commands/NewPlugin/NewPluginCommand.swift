import ArgumentParser
import AttentionEngine
import PluginKit

struct NewPluginCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new-plugin",
        abstract: "Write a Swift package with a plugin to start from.",
        discussion: """
            The package builds, passes its own test and has a program of its own: this command line with the plugin in it. With \
            text, image or audio it adds a model family to that modality; any other word makes a new modality, with a reader of \
            files that end in it. A small model with random weights stands in for one that is trained.

            EXAMPLE:
              \(Program.name) new-plugin Thermal --modality thermal
            """)

    @Argument(help: ArgumentHelp("What the plugin's types are named after: Thermal makes ThermalPlugin.", valueName: "name"))
    var name: String

    @Option(help: ArgumentHelp("text, image, audio, or a word of your own for a new one.", valueName: "modality"))
    var modality: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The folder to make. (default: the plugin's name, in the current folder)", valueName: "folder"))
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Where the package finds Apus: its folder, or its repository's URL. (default: sources around the folder to make, or the program)",
            valueName: "path-or-url"))
    var apus: String?

    @Flag(help: "Do not say what was written.")
    var quiet = false

    func run() throws {
        let registry = try Session.registry
        let names = try PluginNames(name, modality: modality, registry)
        let folder = output ?? names.plugin
        let template = PluginTemplate(names: names, apus: try ApusLocation(apus, near: folder))
        try PackageWriter(folder).write(template.files, weights: (template.weightsFile, StarterWeights.tensors(labels: 2)))
        if !quiet { StandardError.write(template.farewell(folder)) }
    }
}
