import AttentionEngine
import Synchronization

/// What `--profile` says on standard error when the work is done.
enum ProfileReport {
    private static let beginning = Mutex<ContinuousClock.Instant?>(nil)

    /// Starts measuring.
    static func start() {
        beginning.withLock { $0 = .now }
        Profile.start()
    }

    /// Writes what each kind of layer has taken, the longest first; nothing where nothing was started.
    static func write() {
        guard let beginning = beginning.withLock({ $0 }), let results = Profile.results else { return }
        let total = ContinuousClock.now - beginning
        var table = Table()
        func add(_ name: String, _ duration: Duration, _ detail: String) {
            table.add(name, Quantity.duration(duration), Quantity.percentage(duration / total), detail)
        }
        for (part, entry) in results.sorted(by: { $0.value.duration > $1.value.duration }) {
            add(part.rawValue, entry.duration, "\(Quantity.count(entry.count)) times")
        }
        let measured = results.values.reduce(Duration.zero) { $0 + $1.duration }
        add("everything else", max(.zero, total - measured), "loading, reading, converting, writing")
        table.add("all", Quantity.duration(total))
        StandardError.write(table.lines.map { $0 + "\n" }.joined())
    }
}
