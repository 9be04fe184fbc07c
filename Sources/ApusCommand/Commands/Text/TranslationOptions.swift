import ArgumentParser

/// From which language to which, and how widely is searched.
struct TranslationOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The code of the language the texts are in, en for example.", valueName: "language"))
    var from: String?

    @Option(help: ArgumentHelp("The code of the language to translate to, for models that know several.", valueName: "language"))
    var to: String?

    @Option(help: ArgumentHelp("Candidates to follow at once. (default: as the model asks)", valueName: "n"))
    var beam: Int?

    func validate() throws { try beam.map { try Bounds.check($0, in: 1...64, of: "--beam") } }
}
