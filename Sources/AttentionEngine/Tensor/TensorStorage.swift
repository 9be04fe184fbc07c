import CKernels
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The memory behind tensors: either a 64-byte aligned block from the pool, given back when the last tensor
/// on it goes, or a part of something that another object keeps alive (a mapped file).
///
/// Written once, before the first `Tensor` is made of it, and only read afterwards; hence `Sendable`.
final class TensorStorage: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int
    private let owner: AnyObject?

    /// A block from the pool, its contents undefined.
    init(byteCount: Int) {
        let block = StoragePool.shared.take(byteCount: byteCount)
        self.base = block.baseAddress!
        self.byteCount = block.count
        self.owner = nil
    }

    /// Memory that `owner` keeps alive and nobody writes.
    init(borrowing bytes: UnsafeRawBufferPointer, from owner: AnyObject) {
        self.base = UnsafeMutableRawPointer(mutating: bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 64)!)
        self.byteCount = bytes.count
        self.owner = owner
    }

    /// Lets go of the memory that a part of a mapped file fills until it is read again; does nothing to a block from the pool.
    func giveBack(_ part: UnsafeRawBufferPointer) { (owner as? MappedFile)?.giveBack(part) }

    deinit {
        if owner == nil { StoragePool.shared.give(UnsafeMutableRawBufferPointer(start: base, count: byteCount)) }
    }
}

/// Keeps blocks of memory between steps, so that a loop over the same shapes allocates only in its first round.
///
/// Blocks come in sizes of four steps to the doubling, so at most a fifth of one is unused, and are kept until
/// `limit` bytes lie idle.
final class StoragePool: Sendable {
    static let shared = StoragePool(limit: 512 << 20)
    static let alignment = 64
    /// Blocks from here on stand on large pages: the scores of a whole vocabulary for many rows touch more small ones than the
    /// processor can keep track of. Smaller ones do not: rows a power of two apart would then fall into the same few places of the
    /// second-level cache.
    static let largePageThreshold = 24 << 20

    private struct State {
        var idle: [Int: [UInt]] = [:]
        var idleBytes = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    /// The size of block that serves a request of `byteCount` bytes.
    static func blockSize(for byteCount: Int) -> Int {
        let needed = max(byteCount, 256)
        let top = Int.bitWidth - 1 - needed.leadingZeroBitCount
        let step = 1 << max(top - 2, 0)
        return (needed + step - 1) / step * step
    }

    func take(byteCount: Int) -> UnsafeMutableRawBufferPointer {
        let size = Self.blockSize(for: byteCount)
        let reused: UInt? = state.withLock { state in
            guard let address = state.idle[size]?.popLast() else { return nil }
            state.idleBytes -= size
            return address
        }
        if let reused, let pointer = UnsafeMutableRawPointer(bitPattern: reused) {
            return UnsafeMutableRawBufferPointer(start: pointer, count: size)
        }
        let memory = size >= Self.largePageThreshold ? apus_allocate(size) : aligned_alloc(Self.alignment, size)
        guard let memory else { fatalError("no memory for a tensor of \(size) bytes") }
        return UnsafeMutableRawBufferPointer(start: memory, count: size)
    }

    func give(_ block: UnsafeMutableRawBufferPointer) {
        let kept = state.withLock { state in
            guard state.idleBytes + block.count <= limit else { return false }
            state.idleBytes += block.count
            state.idle[block.count, default: []].append(UInt(bitPattern: block.baseAddress))
            return true
        }
        if !kept { apus_deallocate(block.baseAddress) }
    }
}
