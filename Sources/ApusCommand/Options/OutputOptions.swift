import ArgumentParser

/// How results and messages are shown.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print one JSON object for each result, in a line.")
    var json = false

    @Flag(help: "Show no progress; failures are still named.")
    var quiet = false
}
