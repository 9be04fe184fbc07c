import ArgumentParser
import AttentionEngine

struct BenchMachineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "machine",
        abstract: "Measure the machine: how fast it multiplies in each precision, and reads memory.",
        discussion: """
            Products whose operands never leave the first-level cache tell what no model can exceed. Writing one token after the \
            other reads every weight for each, so there memory is the limit.

            EXAMPLE:
              apus bench machine --threads 1
            """)

    @Option(help: ArgumentHelp("Threads to measure. (default: as many as there are cores)", valueName: "n"))
    var threads: Int?

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws { try threads.map { try Bounds.check($0, in: 1...256, of: "--threads") } }

    func run() throws {
        try Processor.validateOverride()
        if let threads { Processor.threadCount = threads }
        let limits = MachineLimits()
        if json { return try StandardOutput.write(JSONLine.encode(limits)) }
        var table = Table()
        table.add("instruction set", limits.instructionSet)
        table.add("threads", "\(limits.threads)")
        for precision in Precision.allCases {
            table.add(precision.rawValue, Quantity.operations(limits.operations[precision.rawValue] ?? 0))
        }
        table.add("memory", Quantity.memoryRate(limits.bytes))
        try StandardOutput.write(lines: table.lines)
    }
}

/// What the machine can do at most, by the seconds.
struct MachineLimits: Encodable {
    let instructionSet = Processor.instructionSet
    let threads = Processor.threadCount
    /// Additions and multiplications, by precision.
    let operations: [String: Double]
    /// Bytes read.
    let bytes: Double

    /// Measures for about a second.
    init() {
        operations = Dictionary(
            uniqueKeysWithValues: Precision.allCases.map { precision in
                // The best of several, because others may use the machine.
                let runs = (0..<5).map { _ in Processor.peakOperations(in: precision, seconds: 0.05) }
                return (precision.rawValue, (runs.max() ?? 0).rounded())
            })
        bytes = Processor.peakBytes(seconds: 0.3).rounded()
    }

    private enum CodingKeys: String, CodingKey {
        case threads
        case instructionSet = "instruction_set"
        case operations = "operations_per_second"
        case bytes = "bytes_per_second"
    }
}
