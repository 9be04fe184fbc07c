import ArgumentParser
import PluginKit

/// Which files are worked on.
struct InputOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp("Files; a folder stands for the files in it and below, - for standard input.", valueName: "file"))
    var inputs: [String]
}

/// How much of a file is taken.
struct ReadingOptions: ParsableArguments {
    @Option(
        name: [.customLong("max-pixels"), .customLong("max-elements")],
        help: ArgumentHelp("Refuse files that hold more elements: pixels of an image, numbers of a table.", valueName: "n"))
    var maximumElements: Int?

    func validate() throws {
        try maximumElements.map { try Bounds.check($0, in: 1...(.max), of: "--max-pixels") }
    }

    var limits: ReadingLimits { ReadingLimits(maximumElements: maximumElements) }
}
