import ArgumentParser
import PluginKit

/// What a run is to make, of what, and whether it is a new one.
struct GoalOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("The folder for the model; made where there is none.", valueName: "folder"))
    var output: String?

    @Option(help: ArgumentHelp("What to measure by, in the same form as --data.", valueName: "path"))
    var validationData: String?

    @Option(help: ArgumentHelp("The share of the data that is held out without it.", valueName: "share"))
    var validationShare = 0.1

    @Option(help: ArgumentHelp("The model to learn on from: a folder or the id of one in the hub cache.", valueName: "model"))
    var base: String?

    @Option(help: ArgumentHelp("A file of options; those of the command line come before it.", valueName: "file"))
    var recipe: String?

    @Flag(help: "Go on with the run in the output folder.")
    var resume = false

    @Flag(help: "Show no progress.")
    var quiet = false

    func validate() throws {
        if resume, recipe != nil { throw ValidationError("--resume takes the recipe of the run itself; leave --recipe out.") }
        try Bounds.check(validationShare, in: 0.0001...0.9, of: "--validation-share")
    }

    /// What a recipe keeps of them.
    var recipeEntries: [Recipe.Entry] {
        [
            .init("validation-data", validationData.map(Self.path)), .init("validation-share", validationShare),
            .init("base", base.map(Self.path)),
        ]
    }

    /// From the root on where it is there, since a run may go on from another folder; what is an id or a name stays.
    static func path(_ given: String) -> String { Paths.kind(of: given) == nil ? given : Paths.absolute(given) }
}
