/// What runs of one piece of work took.
struct Timing: Encodable {
    /// How many items of work a run did: inputs, or tokens that were written.
    let itemCount: Int
    /// Sorted.
    private let runs: [Duration]

    /// - Parameter runs: what each run took; not empty.
    init(itemCount: Int, runs: [Duration]) {
        self.itemCount = itemCount
        self.runs = runs.sorted()
    }

    var best: Duration { runs[0] }

    var median: Duration { (runs[(runs.count - 1) / 2] + runs[runs.count / 2]) / 2 }

    /// For people.
    func line(_ run: Duration) -> String {
        let perItem = itemCount == 1 ? "" : "\(Quantity.duration(run / itemCount)) per item, "
        return "\(Quantity.duration(run)), \(perItem)\(Quantity.rate(itemCount, in: run))"
    }

    static func milliseconds(_ duration: Duration) -> Double { (duration / .microseconds(1)).rounded() / 1e3 }

    private enum CodingKeys: String, CodingKey {
        case runs
        case best = "best_milliseconds"
        case median = "median_milliseconds"
        case perItem = "median_milliseconds_per_item"
        case rate = "items_per_second"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(runs.count, forKey: .runs)
        try container.encode(Self.milliseconds(best), forKey: .best)
        try container.encode(Self.milliseconds(median), forKey: .median)
        try container.encode(Self.milliseconds(median / itemCount), forKey: .perItem)
        try container.encode((Double(itemCount) / (median / .seconds(1)) * 1e3).rounded() / 1e3, forKey: .rate)
    }
}
