#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file on disk, open for reading and closed with the last use; folders, pipes and devices are refused.
package struct RegularFile: ~Copyable {
    package let path: String
    package let byteCount: Int
    package let descriptor: Int32

    /// - Throws: `InputError` if `path` is missing, may not be read or is no plain file.
    package init(_ path: String) throws(InputError) {
        // Not to wait for the other end, should it be a pipe.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure(path, code: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            throw InputError(
                path, found: isFolder ? "a folder" : "a pipe or device", needed: "a file",
                remedy: isFolder ? "Name a file in it" : "Save its contents to a file first")
        }
        self.path = path
        self.byteCount = Int(status.st_size)
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// The contents.
    ///
    /// - Throws: `InputError` if there are more than `limit` bytes, or they cannot be read.
    package func bytes(atMost limit: Int) throws(InputError) -> [UInt8] {
        if byteCount > limit { throw Self.tooLarge(path, limit: limit) }
        return try Self.bytes(of: descriptor, path: path, expected: byteCount, atMost: limit)
    }

    /// The contents as text.
    ///
    /// - Throws: `InputError` as of `bytes(atMost:)`, or if they are not UTF-8.
    package func text(atMost limit: Int) throws(InputError) -> String {
        guard let text = String(validating: try bytes(atMost: limit), as: UTF8.self) else {
            throw InputError(
                path, found: "bytes that are no text", needed: "text in UTF-8", remedy: "Convert it, with iconv for example")
        }
        return text
    }

    /// A part of the contents; shorter where the file ends before.
    ///
    /// - Throws: `InputError` if it cannot be read.
    package func bytes(from offset: Int, count wanted: Int) throws(InputError) -> [UInt8] {
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: max(0, wanted)) { buffer, count in
            while count < buffer.count {
                let result = pread(descriptor, buffer.baseAddress! + count, buffer.count - count, off_t(offset + count))
                if result < 0, errno == EINTR { continue }
                if result <= 0 {
                    code = result < 0 ? errno : 0
                    break
                }
                count += result
            }
        }
        if code != 0 { throw Self.failure(path, code: code) }
        return bytes
    }

    /// All that can be read from an open descriptor.
    package static func bytes(
        of descriptor: Int32, path: String, expected: Int = 0, atMost limit: Int
    ) throws(InputError) -> [UInt8] {
        var bytes: [UInt8] = []
        var capacity = expected + 1
        while true {
            let chunk = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
                count = read(descriptor, buffer.baseAddress, buffer.count)
                if count < 0 { count = 0 } else { errno = 0 }
            }
            if chunk.isEmpty {
                if errno == EINTR { continue }
                if errno != 0 { throw failure(path, code: errno) }
                return bytes
            }
            if chunk.count > limit - bytes.count { throw tooLarge(path, limit: limit) }
            if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
            capacity = max(expected - bytes.count + 1, 1 << 16)
        }
    }

    private static func tooLarge(_ path: String, limit: Int) -> InputError {
        InputError(path, found: "too many bytes", needed: "at most \(limit)", remedy: "Check that it is the file you meant")
    }

    /// What the system's error code means for someone who wanted to read `path`.
    package static func failure(_ path: String, code: Int32) -> InputError {
        switch code {
        case ENOENT where path.contains("\u{FFFD}"):
            return InputError(path, found: "a name that is not UTF-8, or no such file", needed: "", remedy: "Rename the file")
        case ENOENT, ENOTDIR:
            let place = path.hasPrefix("/") ? "" : " (the current folder is \(currentFolder))"
            return InputError(path, found: "no such file", needed: "", remedy: "Check the path\(place)")
        case EACCES, EPERM:
            return InputError(
                path, found: "permission denied", needed: "the right to read it", remedy: "Change its owner or mode")
        default:
            return InputError(path, found: String(cString: strerror(code)), needed: "", remedy: "Check the path")
        }
    }

    /// What to throw where nothing stands at `path`.
    package static func missing(_ path: String) -> InputError { failure(path, code: ENOENT) }

    /// The folder that relative paths start from.
    package static var currentFolder: String {
        guard let path = getcwd(nil, 0) else { return "." }
        defer { free(path) }
        return String(cString: path)
    }
}

/// A file's bytes in memory, read by the system when they are first touched.
///
/// The bytes never change, as long as nobody writes to the file or cuts it short; hence `Sendable`.
final class MappedFile: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer

    /// - Throws: `InputError` if `path` is no plain file, is empty, or cannot be mapped.
    init(_ path: String) throws(InputError) {
        let file = try RegularFile(path)
        guard file.byteCount > 0 else {
            throw InputError(path, found: "an empty file", needed: "a safetensors file", remedy: "Download it again")
        }
        let address = mmap(nil, file.byteCount, PROT_READ, MAP_PRIVATE, file.descriptor, 0)
        guard let address, address != MAP_FAILED else { throw RegularFile.failure(path, code: errno) }
        bytes = UnsafeRawBufferPointer(start: address, count: file.byteCount)
    }

    /// Lets the system take back the memory that a part of it fills, for somebody who needs it no longer; who reads it again has
    /// the system read it again.
    func giveBack(_ part: UnsafeRawBufferPointer) {
        guard let start = part.baseAddress, let base = bytes.baseAddress, start >= base else { return }
        let page = Int(sysconf(Int32(_SC_PAGESIZE))), first = (start - base) / page * page
        guard page > 0, start - base + part.count <= bytes.count else { return }
        madvise(
            UnsafeMutableRawPointer(mutating: base + first), start - base + part.count - first, MADV_DONTNEED)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
}
