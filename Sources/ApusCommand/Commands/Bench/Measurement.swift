#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import AttentionEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// How long a task took, again and again, whole or in parts.
struct Measurement: Encodable {
    /// A part of the work that was measured alone.
    struct Part {
        /// What it is called; nothing where it is all of the work.
        var name: String?
        var timing: Timing
    }

    private let task: String
    private let model: String
    private let family: String
    private let precision: Precision?
    private let batchSize: Int?
    private let loading: Duration
    private let parts: [Part]
    private let threads: Int
    private let instructionSet = Processor.instructionSet
    private let peakMemoryBytes = Self.peakMemory

    /// - Parameters:
    ///   - precision: what the weights are kept in, where there are any.
    ///   - batchSize: how many inputs each run did at once; `nil` where it did one after the other.
    ///   - loading: what it took to load the model.
    ///   - parts: what was measured; not empty.
    init(
        task: String, model: String, family: String, precision: Precision?, batchSize: Int?, threads: Int = Processor.threadCount,
        loading: Duration, parts: [Part]
    ) {
        self.task = task
        self.model = model
        self.loading = loading
        self.family = family
        self.precision = precision
        self.batchSize = batchSize
        self.threads = threads
        self.parts = parts
    }

    /// What each run of `body` takes, after those that warm up.
    static func durations(_ options: RunOptions, _ body: () throws -> Void) rethrows -> [Duration] {
        let clock = ContinuousClock()
        for _ in 0..<options.warmUp { try body() }
        return try (0..<options.runs).map { _ in try clock.measure(body) }
    }

    func show(asJSON: Bool) throws {
        if asJSON { return try StandardOutput.write(JSONLine.encode(self)) }
        var table = Table()
        table.add("model", "\(model) (\(family))")
        if let precision { table.add("precision", precision.rawValue) }
        if let batchSize { table.add("batch size", "\(batchSize)") }
        for text in parts.compactMap(\.timing.textSize) { table.add("text", text) }
        table.add("threads", "\(threads)")
        table.add("instruction set", instructionSet)
        table.add("loading", Quantity.duration(loading))
        for part in parts {
            table.add("best \(part.name ?? "run")", part.timing.line(part.timing.best))
            table.add("median \(part.name ?? "run")", part.timing.line(part.timing.median))
            if let speed = part.timing.speed {
                table.add(
                    "\(part.name ?? "run") at best",
                    "\(Quantity.operations(speed.operations)), \(Quantity.percentage(speed.share)) of what products reach here")
            }
        }
        table.add("peak memory", Quantity.bytes(peakMemoryBytes))
        try StandardOutput.write(lines: table.lines)
    }

    /// The most memory the program has had at any time, in bytes.
    private static var peakMemory: Int {
        #if os(Linux)
            // What getrusage tells counts the program that started this one.
            if let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
                let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
                let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
            {
                return kilobytes << 10
            }
        #endif
        var usage = rusage()
        // RUSAGE_SELF, whose type differs from system to system.
        getrusage(0, &usage)
        #if canImport(Darwin)
            return Int(usage.ru_maxrss)
        #else
            return Int(usage.ru_maxrss) << 10
        #endif
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        func encode(_ value: some Encodable, _ key: String) throws { try container.encode(value, forKey: Key(stringValue: key)) }
        try encode(task, "task")
        try encode(model, "model")
        try encode(family, "family")
        if let precision { try encode(precision.rawValue, "precision") }
        if let batchSize { try encode(batchSize, "batch_size") }
        try encode(threads, "threads")
        try encode(instructionSet, "instruction_set")
        try encode(Timing.milliseconds(loading), "load_milliseconds")
        try encode(peakMemoryBytes, "peak_memory_bytes")
        for part in parts {
            if let name = part.name { try encode(part.timing, name) } else { try part.timing.encode(to: encoder) }
        }
    }
}
