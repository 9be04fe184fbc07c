import ArgumentParser

/// Names the inputs that fail, while the others are done.
struct Failures {
    private let asJSON: Bool
    /// How many there were.
    private(set) var count = 0

    /// - Parameter asJSON: whether standard output gets an object for each failure, too.
    init(asJSON: Bool) { self.asJSON = asJSON }

    /// Says which input failed, why, and what can be done about it.
    mutating func add(_ input: String, _ error: any Error) throws {
        count += 1
        let name = InputName.shown(input)
        var text = StandardError.describe(error)
        if !text.hasPrefix(name) { text = "\(InputName.shortened(name)): \(text)" }
        if asJSON { try StandardOutput.write(JSONLine.encode(FailedInput(input: input, error: text))) }
        StandardError.write("\(Program.name): \(text)\n")
    }

    /// - Throws: the exit status, if any input failed.
    func finish() throws {
        if count > 0 { throw ExitCode.failure }
    }
}

private struct FailedInput: Encodable {
    let input: String
    let error: String
}
