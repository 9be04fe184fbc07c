import AttentionEngine
import CKernels
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// How often each index was visited.
private final class Visits: @unchecked Sendable {
    private let counters: UnsafeMutablePointer<Atomic<Int>>
    let count: Int

    init(_ count: Int) {
        self.count = count
        counters = .allocate(capacity: count)
        for index in 0..<count { (counters + index).initialize(to: Atomic(0)) }
    }

    deinit { counters.deallocate() }

    func visit(_ range: Range<Int>) {
        for index in range { counters[index].add(1, ordering: .relaxed) }
    }

    func areAll(_ times: Int) -> Bool { (0..<count).allSatisfy { counters[$0].load(ordering: .relaxed) == times } }
}

/// One after the other: they set how many threads there are. Tests elsewhere may hold the pool meanwhile; then a
/// caller here does its work alone, which must be right as well.
@Suite("The thread pool", .serialized)
struct ThreadPoolTests {
    /// Runs `body` with each number of threads and puts the old one back.
    private func withThreads(_ counts: [Int], _ body: (Int) throws -> Void) rethrows {
        let before = Processor.threadCount
        defer { Processor.threadCount = before }
        for count in counts {
            Processor.threadCount = count
            try body(count)
        }
    }

    @Test("each index is done exactly once, whatever the count, grain and threads")
    func coverage() {
        withThreads([1, 2, 3, 8]) { threads in
            for count in [0, 1, 2, 3, 7, 8, 64, 1000, 4099] {
                for grain in [1, 2, 5, 100, 5000] {
                    let visits = Visits(count)
                    Processor.parallel(count: count, grain: grain) { visits.visit($0) }
                    #expect(visits.areAll(1), "\(count) by \(grain) on \(threads)")
                }
            }
        }
    }

    @Test("a negative count and grain do nothing and are taken as 1")
    func nonsense() {
        let visits = Visits(10)
        Processor.parallel(count: -5) { visits.visit($0) }
        #expect(visits.areAll(0))
        Processor.parallel(count: 10, grain: -3) { visits.visit($0) }
        #expect(visits.areAll(1))
    }

    @Test("groups: calls stay within one, and every item of every one is done once")
    func groups() {
        final class Record: @unchecked Sendable {
            let visits: Visits, items: Int
            let isOutside = Atomic(false)
            init(_ groups: Int, _ items: Int) {
                visits = Visits(groups * items)
                self.items = items
            }
        }
        withThreads([1, 2, 3, 8]) { threads in
            for (groups, items) in [(1, 1), (1, 37), (37, 1), (5, 7), (64, 3), (12, 197), (0, 4), (4, 0)] {
                for grain in [1, 4, 1000] {
                    let record = Record(groups, items)
                    apus_parallel(
                        Int64(groups), Int64(items), Int64(grain),
                        { context, group, first, last, worker in
                            let record = Unmanaged<Record>.fromOpaque(context).takeUnretainedValue()
                            if first < 0 || last > record.items || first >= last {
                                record.isOutside.store(true, ordering: .relaxed)
                            }
                            let start = Int(group) * record.items
                            record.visits.visit(start + Int(first)..<start + Int(last))
                        }, Unmanaged.passUnretained(record).toOpaque())
                    let isInside = !record.isOutside.load(ordering: .relaxed)
                    #expect(record.visits.areAll(1) && isInside, "\(groups) × \(items)")
                }
            }
        }
    }

    @Test("a task may start tasks of its own")
    func nesting() {
        withThreads([1, 2, 3, 8]) { _ in
            let visits = Visits(20 * 30)
            Processor.parallel(count: 20) { outer in
                for row in outer {
                    Processor.parallel(count: 30) { inner in
                        visits.visit(row * 30 + inner.lowerBound..<row * 30 + inner.upperBound)
                    }
                }
            }
            #expect(visits.areAll(1))
        }
    }

    @Test("several threads may use the pool at once, while their number changes")
    func concurrentUse() async {
        let before = Processor.threadCount
        defer { Processor.threadCount = before }
        await withTaskGroup(of: Bool.self) { group in
            for caller in 0..<6 {
                group.addTask {
                    (0..<300).allSatisfy { round in
                        if caller == 0 { Processor.threadCount = 1 + round % 8 }
                        let visits = Visits(97 + caller)
                        Processor.parallel(count: visits.count) { visits.visit($0) }
                        return visits.areAll(1)
                    }
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }

    @Test("work is shared: two threads take part")
    func sharing() {
        withThreads([2]) { _ in
            let names = Mutex<Set<UInt>>([])
            // The pool may be at work for another test, or this machine busy: once is enough.
            for _ in 0..<2000 where names.withLock({ $0.count }) < 2 {
                Processor.parallel(count: 8) { range in
                    _ = names.withLock { $0.insert(UInt(pthread_self())) }
                    usleep(UInt32(100 * range.count))
                }
            }
            #expect(names.withLock { $0.count } == 2)
        }
    }

    @Test("the number of threads is kept from 1 to 256")
    func limits() {
        withThreads([1]) { _ in
            for (asked, given) in [(5, 5), (0, 1), (-3, 1), (257, 256), (.max, 256), (.min, 1)] {
                Processor.threadCount = asked
                #expect(Processor.threadCount == given)
            }
        }
    }

    @Test("a worker's scratch memory is aligned, large enough and its own")
    func scratch() {
        final class Flag: Sendable { let isSet = Atomic(false) }
        let isWrong = Flag()
        withThreads([3]) { _ in
            apus_parallel(
                64, 1, 1,
                { context, group, _, _, worker in
                    let bytes = (1 + Int(group) % 7) * 40_000
                    let memory = apus_worker_scratch(worker, bytes).assumingMemoryBound(to: UInt8.self)
                    memory.update(repeating: UInt8(group), count: bytes)
                    usleep(50)
                    if UInt(bitPattern: memory) % 64 == 0, (0..<bytes).allSatisfy({ memory[$0] == UInt8(group) }) { return }
                    Unmanaged<Flag>.fromOpaque(context).takeUnretainedValue().isSet.store(true, ordering: .relaxed)
                }, Unmanaged.passUnretained(isWrong).toOpaque())
        }
        let isSet = isWrong.isSet.load(ordering: .relaxed)
        #expect(!isSet)
    }

    @Test("a product is the same to the last bit on 1, 2 and 5 threads", arguments: KernelTable.all)
    func determinism(table: KernelTable) {
        var random = Seeded(state: 8)
        let sizes = [(1, 900, 70), (3, 20, 1000), (57, 769, 65), (449, 1600, 33)]
        let precisions = [apus_precision_float32, apus_precision_bfloat16, apus_precision_int8, apus_precision_int4]
        for (precision, (rows, depth, columns)) in precisions.flatMap({ precision in sizes.map { (precision, $0) } }) {
            let a = random.floats(rows * depth), b = random.floats(depth * columns)
            let packed = table.packed(b, depth: depth, columns: columns, precision: precision)
            var results: [[UInt32]] = []
            withThreads([1, 2, 5]) { _ in
                let out = Guarded(rows * columns)
                a.withUnsafeBufferPointer { a in
                    var product = apus_product(
                        precision: precision, rows: Int64(rows), depth: Int64(depth), columns: Int64(columns), a: a.baseAddress!,
                        a_stride: Int64(depth), packed: packed.panels.start, scales: packed.scales.start, bias: nil,
                        activation: apus_activation_gelu,
                        residual: nil, residual_stride: 0, out: out.start, out_stride: Int64(columns))
                    apus_multiply(table.pointer, &product)
                }
                #expect(out.isIntact())
                results.append(out.elements.map(\.bitPattern))
            }
            #expect(results[1].elementsEqual(results[0]) && results[2].elementsEqual(results[0]))
        }
    }
}
