import AttentionEngine
import Foundation
import Synchronization
import Testing
import Training

@Suite("Loading examples")
struct DataLoaderTests {
    private struct Broken: Error {}

    private func loader(
        _ workers: Int, from position: DataPosition? = nil, plan: BatchPlan = .count(3),
        report: @escaping @Sendable (Int, any Error) -> Void = { _, _ in }
    ) throws -> DataLoader<UInt64> {
        try DataLoader(
            Array(0..<20), plan: plan, seed: 5, position: position, workers: workers, ahead: 7, report: report
        ) { index, seed in
            // Later examples are ready first.
            usleep(UInt32(200 * (index % 5)))
            if index == 11 { throw Broken() }
            return seed
        }
    }

    @Test("Batches are the same whatever the number of workers", arguments: [2, 5])
    func order(workers: Int) throws {
        let (one, many) = (try loader(1), try loader(workers))
        for _ in 0..<20 {
            let (left, right) = (try one.next(), try many.next())
            #expect(left.indices == right.indices && left.values == right.values && left.next == right.next)
        }
        #expect(one.position.epoch == 2)
    }

    @Test("A run goes on from where it was, at the end of an epoch too", arguments: [1, 6, 7, 10])
    func resumed(steps: Int) throws {
        let whole = try loader(2)
        var saved: DataPosition?
        for _ in 0..<steps { saved = try whole.next().next }
        let stored = try JSONEncoder().encode(try #require(saved))
        let rest = try loader(3, from: JSONDecoder().decode(DataPosition.self, from: stored))
        for _ in 0..<10 {
            let (left, right) = (try whole.next(), try rest.next())
            #expect(left.indices == right.indices && left.values == right.values && left.next == right.next)
        }
    }

    @Test("Each epoch has every example once, in an order and with seeds of its own")
    func epochs() throws {
        let loader = try loader(2)
        var seen: [[Int]] = [[], []]
        var seeds: Set<UInt64> = []
        for _ in 0..<14 {
            let epoch = loader.position.batch == 7 ? loader.position.epoch + 1 : loader.position.epoch
            let batch = try loader.next()
            seen[epoch] += batch.indices
            seeds.formUnion(batch.values)
        }
        #expect(seen[0] != seen[1])
        #expect(seen.allSatisfy { $0.sorted() == (0..<20).filter { $0 != 11 } })
        #expect(seeds.count == 38)
    }

    @Test("A broken example is told of once, left out and counted; nothing but broken ones is an error")
    func broken() throws {
        let told = Mutex<[Int]>([])
        let loader = try loader(2) { index, _ in told.withLock { $0.append(index) } }
        for _ in 0..<21 { _ = try loader.next() }
        #expect(told.withLock { $0 } == [11])
        #expect(loader.failureCount == 1)
        let hopeless = try DataLoader<Int>([1, 2, 3], plan: .count(2), seed: 1) { _, _ in throw Broken() }
        #expect(throws: InputError.self) { try hopeless.next() }
        #expect(throws: InputError.self) { try DataLoader<Int>([], plan: .count(2), seed: 1) { index, _ in index } }
    }

    @Test("No more examples are read ahead than asked for")
    func bound() throws {
        let count = Mutex(0)
        let loader = try DataLoader<Int>(Array(0..<100), plan: .count(1), seed: 1, workers: 4, ahead: 6) { index, _ in
            count.withLock { $0 += 1 }
            return index
        }
        usleep(50_000)
        #expect(count.withLock { $0 } <= 6)
        _ = try loader.next()
        usleep(50_000)
        #expect(count.withLock { $0 } <= 7)
    }

    @Test("Batches by tokens keep their budget, take like lengths together and every example once")
    func tokens() {
        var generator = SplitMix(state: 3)
        let lengths = (0..<1000).map { _ in Int.random(in: 0...60, using: &generator) } + [900]
        let batches = BatchPlan.tokens(budget: 256, lengths: lengths).batches(of: Array(0...1000), state: 9)
        var padded = 0
        for batch in batches {
            let longest = batch.map { max(1, lengths[$0]) }.max() ?? 0
            #expect(batch.count == 1 || batch.count * longest <= 256)
            padded += batch.count * longest
        }
        #expect(batches.joined().sorted().elementsEqual(0...1000))
        #expect(Double(padded) < 1.1 * Double(lengths.reduce(0, +)))
        #expect(batches == BatchPlan.tokens(budget: 256, lengths: lengths).batches(of: Array(0...1000), state: 9))
        #expect(batches != BatchPlan.tokens(budget: 256, lengths: lengths).batches(of: Array(0...1000), state: 10))
    }

    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }
}
