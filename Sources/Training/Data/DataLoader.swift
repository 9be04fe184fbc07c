public import AttentionEngine

/// Reads and augments examples on threads of its own, ahead of the step that learns from them.
///
/// Batches come in the same order and with the same contents whatever the number of workers: the order is drawn from seed and
/// epoch, and what is random about an example from seed, epoch and index. An example that cannot be read is left out of its
/// batch, told of once, and counted.
public final class DataLoader<Value: Sendable> {
    /// Examples to learn from in one step.
    public struct Batch: Sendable {
        /// Which examples they are.
        public let indices: [Int]
        /// What was read, in the same order.
        public let values: [Value]
        /// Where the next batch comes from: to be saved with the weights that this batch led to.
        public let next: DataPosition
    }

    private let indices: [Int]
    private let plan: BatchPlan
    private let seed: UInt64
    private let report: @Sendable (Int, any Error) -> Void
    private let work: LoadingWork<Value>
    private var batches: [[Int]] = []
    private var reported: Set<Int> = []
    /// How many examples of this epoch came to nothing in a row.
    private var emptyBatches = 0
    /// Where the next batch comes from.
    public private(set) var position: DataPosition

    /// How many examples could not be read so far, each counted once.
    public var failureCount: Int { reported.count }

    /// Creates a loader and starts to read.
    ///
    /// - Parameters:
    ///   - indices: the examples.
    ///   - plan: how they are put together.
    ///   - seed: what everything random is drawn from.
    ///   - position: where to go on; the start without it.
    ///   - workers: how many threads read.
    ///   - ahead: the most examples that are kept ready.
    ///   - report: is told of each example that cannot be read, once.
    ///   - load: reads an example and augments it with what it draws from the seed; called on many threads.
    /// - Throws: `InputError` where there are no examples.
    public init(
        _ indices: [Int], plan: BatchPlan, seed: UInt64, position: DataPosition? = nil, workers: Int = 2, ahead: Int = 64,
        report: @escaping @Sendable (_ index: Int, _ error: any Error) -> Void = { _, _ in },
        load: @escaping @Sendable (_ index: Int, _ seed: UInt64) throws -> Value
    ) throws(InputError) {
        guard !indices.isEmpty else {
            throw InputError("", found: "no examples", needed: "some to learn from", remedy: "Check the data")
        }
        self.indices = indices
        self.plan = plan
        self.seed = seed
        self.report = report
        self.position = position ?? DataPosition(seed: seed)
        work = LoadingWork(ahead: max(1, ahead), load)
        begin()
        work.start(max(1, workers))
    }

    deinit { work.stop() }

    /// Draws the epoch's order and has its rest read.
    private func begin() {
        batches = plan.batches(of: indices, state: position.generatorState)
        position.batch = min(max(0, position.batch), batches.count)
        let (seed, epoch) = (seed, position.epoch)
        work.enqueue(
            batches[position.batch...].joined().map { ($0, RandomSeed.of(seed, epoch: epoch, index: $0)) })
    }

    /// How many batches this epoch has.
    public var batchCount: Int { batches.count }

    /// The next batch; after the last of an epoch comes the first of the next.
    ///
    /// - Throws: `InputError` if a whole epoch's examples cannot be read.
    public func next() throws -> Batch {
        while true {
            if position.batch >= batches.count {
                position = DataPosition(seed: seed, epoch: position.epoch + 1)
                begin()
            }
            var (read, values): ([Int], [Value]) = ([], [])
            for index in batches[position.batch] {
                switch work.take() {
                case .success(let value):
                    read.append(index)
                    values.append(value)
                case .failure(let error):
                    if reported.insert(index).inserted { report(index, error) }
                }
            }
            position.batch += 1
            if !values.isEmpty {
                emptyBatches = 0
                // The start of the next epoch is where the end of this one is.
                let next = position.batch < batches.count ? position : DataPosition(seed: seed, epoch: position.epoch + 1)
                return Batch(indices: read, values: values, next: next)
            }
            emptyBatches += 1
            if emptyBatches >= batches.count {
                throw InputError(
                    "", found: "\(reported.count) examples, none of which can be read", needed: "some that can",
                    remedy: "See what is said of each")
            }
        }
    }
}

/// A queue of examples that threads work through, never more than a few ahead of who takes them.
///
/// All that changes is guarded by the condition; hence `Sendable`.
private final class LoadingWork<Value: Sendable>: @unchecked Sendable {
    private let condition = Condition()
    private let ahead: Int
    private let load: @Sendable (Int, UInt64) throws -> Value
    private var queue: [(index: Int, seed: UInt64)] = []
    private var results: [Int: Result<Value, any Error>] = [:]
    private var (started, taken, isStopped) = (0, 0, false)

    init(ahead: Int, _ load: @escaping @Sendable (Int, UInt64) throws -> Value) {
        self.ahead = ahead
        self.load = load
    }

    func start(_ workers: Int) {
        for _ in 0..<workers {
            Condition.startThread { [self] in run() }
        }
    }

    /// Replaces the queue, all of which has been taken.
    func enqueue(_ items: [(index: Int, seed: UInt64)]) {
        condition.withLock {
            (queue, started, taken) = (items, 0, 0)
            condition.broadcast()
        }
    }

    func stop() {
        condition.withLock {
            isStopped = true
            condition.broadcast()
        }
    }

    /// The next result in order.
    func take() -> Result<Value, any Error> {
        condition.withLock {
            while true {
                if let result = results.removeValue(forKey: taken) {
                    taken += 1
                    condition.broadcast()
                    return result
                }
                condition.wait()
            }
        }
    }

    private func run() {
        while let (place, item) = condition.withLock({ nextItem() }) {
            let result = Result { try load(item.index, item.seed) }
            condition.withLock {
                results[place] = result
                condition.broadcast()
            }
        }
    }

    /// Waits for something to do; `nil` where nothing more comes.
    private func nextItem() -> (place: Int, item: (index: Int, seed: UInt64))? {
        while !isStopped {
            if started < queue.count, started < taken + ahead {
                defer { started += 1 }
                return (started, queue[started])
            }
            condition.wait()
        }
        return nil
    }
}
