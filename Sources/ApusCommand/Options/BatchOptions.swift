import ArgumentParser

/// How many inputs pass through the model at once.
struct BatchOptions: ParsableArguments {
    @Option(name: .customLong("batch-size"), help: ArgumentHelp("Inputs that pass through the model at once.", valueName: "n"))
    var size = 8

    func validate() throws { try Bounds.check(size, in: 1...1024, of: "--batch-size") }
}
