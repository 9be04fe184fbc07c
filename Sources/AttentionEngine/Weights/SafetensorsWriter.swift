#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writes safetensors files.
public enum SafetensorsWriter {
    /// Writes tensors to a file, which appears whole or not at all.
    ///
    /// As in the reference implementation the widest elements come first, and then the order is by name: so every
    /// tensor is aligned, and the same tensors give the same bytes.
    ///
    /// - Parameters:
    ///   - tensors: of any element types, under names that differ.
    ///   - path: the file; one that is there already is replaced.
    ///   - metadata: what goes into the header's `__metadata__`; transformers wants `["format": "pt"]`.
    /// - Throws: `InputError` if two names are equal, or the file cannot be written.
    public static func write(
        _ tensors: [(name: String, tensor: Tensor)], to path: String, metadata: [String: String] = [:]
    ) throws {
        let ordered = tensors.sorted { first, second in
            let widths = (first.tensor.elementType.byteWidth, second.tensor.elementType.byteWidth)
            return widths.0 == widths.1 ? first.name < second.name : widths.0 > widths.1
        }
        let header = try header(ordered, metadata: metadata, path: path)
        let file = try OutputFile(path)
        try header.withUnsafeBytes(file.write)
        for (_, tensor) in ordered { try tensor.withBytes(file.write) }
        try file.finish()
    }

    private static func header(
        _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String], path: String
    ) throws(InputError) -> [UInt8] {
        var names: Set<String> = ["__metadata__"]
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
            members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var offset = 0
        for (name, tensor) in tensors {
            guard names.insert(name).inserted else {
                throw InputError(
                    path, found: "more than one tensor to be called \(Wording.name(name))", needed: "names that differ",
                    remedy: "Rename one")
            }
            let end = offset + tensor.count * tensor.elementType.byteWidth
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            members.append(
                "\(quoted(name)):{\"dtype\":\"\(tensor.elementType.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}"
            )
            offset = end
        }
        var json = Array("{\(members.joined(separator: ","))}".utf8)
        json += repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
        guard json.count <= SafetensorsHeader.maximumByteCount else {
            throw InputError(
                path, found: "\(tensors.count) tensors, whose names and shapes take \(json.count) bytes",
                needed: "\(SafetensorsHeader.maximumByteCount) at most", remedy: "Write fewer tensors to one file")
        }
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
    }

    /// A JSON string.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\0"..<" ":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

/// A file in the making: under a temporary name beside its place, until it is finished.
private final class OutputFile {
    private let path: String
    /// `nil` where the path is a device or a pipe, which is written to directly.
    private var temporary: String?
    private let descriptor: Int32

    init(_ path: String) throws(InputError) {
        var status = stat()
        let exists = stat(path, &status) == 0
        if exists, status.st_mode & S_IFMT == S_IFDIR {
            throw InputError(path, found: "a folder", needed: "the name of a file to write", remedy: "Add a file name")
        }
        let isPlain = !exists || status.st_mode & S_IFMT == S_IFREG
        // Through a link to the file it stands for, so that the link stays one.
        let target = exists && isPlain ? Self.resolved(path) : path
        let name = isPlain ? "\(target).\(UInt32.random(in: 0 ... .max)).tmp" : path
        descriptor = open(name, O_WRONLY | O_CLOEXEC | (isPlain ? O_CREAT | O_EXCL : 0), 0o666)
        self.path = target
        temporary = isPlain && descriptor >= 0 ? name : nil
        if descriptor < 0 { throw failure() }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if let temporary { unlink(temporary) }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            #if canImport(Darwin)
                let count = Darwin.write(descriptor, part.baseAddress, min(part.count, 1 << 30))
            #elseif canImport(Musl)
                let count = Musl.write(descriptor, part.baseAddress, part.count)
            #else
                let count = Glibc.write(descriptor, part.baseAddress, part.count)
            #endif
            if count < 0 {
                if errno == EINTR { continue }
                throw failure()
            }
            rest = rest.dropFirst(count)
        }
    }

    func finish() throws {
        guard let temporary else { return }
        // On the disk before it has its name, so that not even a power cut leaves half a file under it.
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw failure() }
        self.temporary = nil
        let folder = open(path.lastIndex(of: "/").map { "\(path[..<$0])/" } ?? ".", O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    private func failure() -> InputError {
        InputError(
            path, found: "cannot be written (\(String(cString: strerror(errno))))", needed: "a place to write to",
            remedy: "Check that the folder exists, may be written to and has room")
    }

    private static func resolved(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
