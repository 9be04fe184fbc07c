import Testing

@testable import AttentionEngine

@Suite("The storage pool")
struct StoragePoolTests {
    @Test("a block comes back for the next request of its size, and not for another")
    func reuse() {
        let pool = StoragePool(limit: 1 << 20)
        let block = pool.take(byteCount: 1000), address = block.baseAddress
        let other = pool.take(byteCount: 1000)
        #expect(other.baseAddress != address)
        pool.give(block)
        let larger = pool.take(byteCount: 5000)
        #expect(larger.baseAddress != address)
        let again = pool.take(byteCount: 900)
        #expect(again.baseAddress == address && again.count == block.count)
        for block in [other, larger, again] { pool.give(block) }
    }

    @Test("no more than the limit lies idle")
    func limit() {
        let pool = StoragePool(limit: 2048)
        let blocks = (0..<3).map { _ in pool.take(byteCount: 1024) }
        let addresses = blocks.map { UInt(bitPattern: $0.baseAddress) }
        blocks.forEach(pool.give)
        // The last given found the pool full; the two before come back, the latest first.
        let again = (0..<2).map { _ in UInt(bitPattern: pool.take(byteCount: 1024).baseAddress) }
        #expect(again == [addresses[1], addresses[0]])
    }

    @Test("sizes: never smaller than asked, at most a fourth larger, four to the doubling, whole cache lines")
    func sizes() {
        for count in Array(0...5000) + [65_537, 1 << 20, (1 << 20) + 1, 3_000_000_001] {
            let size = StoragePool.blockSize(for: count)
            #expect(size >= count && size % 64 == 0)
            #expect(size <= max(256, count + count / 4))
        }
        #expect(Set((1025...2048).map(StoragePool.blockSize)) == [1280, 1536, 1792, 2048])
    }

    @Test("blocks are aligned to 64 bytes, and a tensor's goes back with the last handle on it")
    func alignment() {
        var reused = false
        // Other tests use the shared pool as well: one return of the same block is enough.
        for _ in 0..<100 where !reused {
            var tensor: Tensor? = Tensor(repeating: 1, shape: [123_457])
            let address = tensor!.storage.base
            #expect(UInt(bitPattern: address) % 64 == 0)
            var view = tensor?.sliced(0..<1, along: 0)
            tensor = nil
            let other = Tensor(repeating: 2, shape: [123_457])
            #expect(other.storage.base != address)
            #expect(view?.floats == [1])
            view = nil
            reused = Tensor(repeating: 3, shape: [123_457]).storage.base == address
        }
        #expect(reused)
    }

    @Test("borrowed memory is not the pool's, and its owner lives as long as the tensor")
    func borrowing() {
        final class Owner {
            let memory = UnsafeMutablePointer<Float>.allocate(capacity: 2)
            init() { memory.update(repeating: 4, count: 2) }
            deinit { memory.deallocate() }
        }
        weak var owner: Owner?
        var tensor: Tensor?
        do {
            let made = Owner()
            owner = made
            tensor = Tensor(
                shape: [2], elementType: .float32, borrowing: UnsafeRawBufferPointer(start: made.memory, count: 8), from: made)
        }
        #expect(owner != nil && tensor?.floats == [4, 4])
        tensor = nil
        #expect(owner == nil)
    }
}
