/// What runs of one piece of work took.
struct Timing: Encodable {
    /// How many items of work a run did: inputs, or tokens that were written.
    let itemCount: Int
    /// How many bytes of text it read, where they are what counts.
    private let byteCount: Int?
    /// How many additions and multiplications it took, and how many a second products reach at most.
    private let operations: (count: Int, peak: Double)?
    /// Sorted.
    private let runs: [Duration]

    /// - Parameter runs: what each run took; not empty.
    init(itemCount: Int, byteCount: Int? = nil, operations: (count: Int, peak: Double)? = nil, runs: [Duration]) {
        self.itemCount = itemCount
        self.byteCount = byteCount
        self.operations = operations
        self.runs = runs.sorted()
    }

    /// Additions and multiplications a second in the best run, and their share of what products reach.
    var speed: (operations: Double, share: Double)? {
        guard let operations, operations.count > 0, operations.peak > 0 else { return nil }
        let rate = Double(operations.count) / max(best / .seconds(1), 1e-9)
        return (rate, rate / operations.peak)
    }

    var best: Duration { runs[0] }

    var median: Duration { (runs[(runs.count - 1) / 2] + runs[runs.count / 2]) / 2 }

    /// How much text was read, where that counts.
    var textSize: String? { byteCount.map { "\(Quantity.bytes($0)), \(Quantity.count(itemCount)) tokens" } }

    /// For people.
    func line(_ run: Duration) -> String {
        if let byteCount {
            return "\(Quantity.duration(run)), \(Quantity.fixed(Self.megabytes(byteCount, in: run), decimals: 1)) MB/s"
        }
        let perItem = itemCount == 1 ? "" : "\(Quantity.duration(run / itemCount)) per item, "
        return "\(Quantity.duration(run)), \(perItem)\(Quantity.rate(itemCount, in: run))"
    }

    private static func megabytes(_ byteCount: Int, in run: Duration) -> Double {
        Double(byteCount) / 1e6 / max(run / .seconds(1), 1e-9)
    }

    static func milliseconds(_ duration: Duration) -> Double { (duration / .microseconds(1)).rounded() / 1e3 }

    private enum CodingKeys: String, CodingKey {
        case runs
        case best = "best_milliseconds"
        case median = "median_milliseconds"
        case perItem = "median_milliseconds_per_item"
        case rate = "items_per_second"
        case byteCount = "bytes"
        case megabytes = "megabytes_per_second"
        case operations = "operations_per_second"
        case share = "share_of_peak"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(runs.count, forKey: .runs)
        try container.encode(Self.milliseconds(best), forKey: .best)
        try container.encode(Self.milliseconds(median), forKey: .median)
        try container.encode(Self.milliseconds(median / itemCount), forKey: .perItem)
        try container.encode((Double(itemCount) / (median / .seconds(1)) * 1e3).rounded() / 1e3, forKey: .rate)
        if let speed {
            try container.encode(speed.operations.rounded(), forKey: .operations)
            try container.encode((speed.share * 1e3).rounded() / 1e3, forKey: .share)
        }
        if let byteCount {
            try container.encode(byteCount, forKey: .byteCount)
            try container.encode((Self.megabytes(byteCount, in: median) * 1e3).rounded() / 1e3, forKey: .megabytes)
        }
    }
}
