#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import AttentionEngine

/// How long a task took, again and again.
struct Measurement: Encodable {
    private let task: String
    private let model: String
    private let family: String
    private let batchSize: Int?
    private let itemCount: Int
    private let byteCount: Int?
    private let loading: Duration
    /// Sorted.
    private let runs: [Duration]
    private let threads: Int
    private let instructionSet = Processor.instructionSet
    private let peakMemoryBytes = Self.peakMemory

    /// - Parameters:
    ///   - batchSize: how many inputs each run did at once; `nil` where it did one after the other.
    ///   - itemCount: how many items of work that was: inputs, or tokens that were written.
    ///   - byteCount: how many bytes of text it read, where they are what counts.
    ///   - loading: what it took to load the model.
    ///   - runs: what each run took; not empty.
    init(
        task: String, model: String, family: String, batchSize: Int?, itemCount: Int, byteCount: Int? = nil,
        threads: Int = Processor.threadCount, loading: Duration, runs: [Duration]
    ) {
        self.task = task
        self.model = model
        self.loading = loading
        self.family = family
        self.batchSize = batchSize
        self.itemCount = itemCount
        self.byteCount = byteCount
        self.threads = threads
        self.runs = runs.sorted()
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
        if let batchSize { table.add("batch size", "\(batchSize)") }
        if let byteCount { table.add("text", "\(Quantity.bytes(byteCount)), \(Quantity.count(itemCount)) tokens") }
        table.add("threads", "\(threads)")
        table.add("instruction set", instructionSet)
        table.add("loading", Quantity.duration(loading))
        table.add("best run", line(best))
        table.add("median run", line(median))
        table.add("peak memory", Quantity.bytes(peakMemoryBytes))
        try StandardOutput.write(lines: table.lines)
    }

    private var best: Duration { runs[0] }

    private var median: Duration { (runs[(runs.count - 1) / 2] + runs[runs.count / 2]) / 2 }

    private func line(_ run: Duration) -> String {
        if let byteCount {
            return "\(Quantity.duration(run)), \(Quantity.fixed(Self.megabytes(byteCount, in: run), decimals: 1)) MB/s"
        }
        let perItem = itemCount == 1 ? "" : "\(Quantity.duration(run / itemCount)) per item, "
        return "\(Quantity.duration(run)), \(perItem)\(Quantity.rate(itemCount, in: run))"
    }

    private static func megabytes(_ byteCount: Int, in run: Duration) -> Double {
        Double(byteCount) / 1e6 / max(run / .seconds(1), 1e-9)
    }

    /// The most memory the program has had at any time, in bytes.
    private static var peakMemory: Int {
        var usage = rusage()
        // RUSAGE_SELF, whose type differs from system to system.
        getrusage(0, &usage)
        #if canImport(Darwin)
            return Int(usage.ru_maxrss)
        #else
            return Int(usage.ru_maxrss) << 10
        #endif
    }

    private enum CodingKeys: String, CodingKey {
        case task, model, family, threads, runs
        case batchSize = "batch_size"
        case instructionSet = "instruction_set"
        case loading = "load_milliseconds"
        case best = "best_milliseconds"
        case median = "median_milliseconds"
        case perItem = "median_milliseconds_per_item"
        case rate = "items_per_second"
        case byteCount = "bytes"
        case megabytes = "megabytes_per_second"
        case peakMemory = "peak_memory_bytes"
    }

    func encode(to encoder: any Encoder) throws {
        func milliseconds(_ duration: Duration) -> Double { (duration / .microseconds(1)).rounded() / 1e3 }
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(task, forKey: .task)
        try container.encode(model, forKey: .model)
        try container.encode(family, forKey: .family)
        try container.encodeIfPresent(batchSize, forKey: .batchSize)
        try container.encode(threads, forKey: .threads)
        try container.encode(instructionSet, forKey: .instructionSet)
        try container.encode(milliseconds(loading), forKey: .loading)
        try container.encode(runs.count, forKey: .runs)
        try container.encode(milliseconds(best), forKey: .best)
        try container.encode(milliseconds(median), forKey: .median)
        try container.encode(milliseconds(median / itemCount), forKey: .perItem)
        try container.encode((Double(itemCount) / (median / .seconds(1)) * 1e3).rounded() / 1e3, forKey: .rate)
        if let byteCount {
            try container.encode(byteCount, forKey: .byteCount)
            try container.encode((Self.megabytes(byteCount, in: median) * 1e3).rounded() / 1e3, forKey: .megabytes)
        }
        try container.encode(peakMemoryBytes, forKey: .peakMemory)
    }
}
