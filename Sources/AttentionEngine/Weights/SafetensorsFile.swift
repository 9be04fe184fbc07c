import Synchronization

/// A safetensors file, mapped into memory: opening it reads the header alone, and its tensors lie in the mapping.
///
/// The file must not be written to while it is in use.
public final class SafetensorsFile: ParameterSource {
    /// The path, as it was given.
    public let path: String
    private let header: SafetensorsHeader
    private let mapping: MappedFile
    private let dataStart: Int
    private let sortedNames = Mutex<[String]?>(nil)

    /// Opens a file.
    ///
    /// - Throws: `InputError` if there is no such file, or its header is not exactly as the format asks.
    public init(_ path: String) throws {
        let mapping = try MappedFile(path)
        let bytes = mapping.bytes
        guard bytes.count >= 8 else {
            throw InputError(
                path, found: "\(bytes.count) bytes", needed: "a safetensors file, 8 bytes at least", remedy: "Download it again")
        }
        if bytes.starts(with: "version https://git-lfs".utf8) {
            throw InputError(
                path, found: "a pointer of Git LFS in place of the file", needed: "the file itself",
                remedy: "Run `git lfs pull` in its folder")
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= SafetensorsHeader.maximumByteCount else {
            throw InputError(
                path, found: "a header said to be \(length) bytes long",
                needed: "\(SafetensorsHeader.maximumByteCount) at most", remedy: "Check that it is a safetensors file")
        }
        guard length <= bytes.count - 8 else {
            throw InputError(
                path, found: "\(bytes.count - 8) bytes after the first 8", needed: "the \(length) bytes of its header",
                remedy: "The file was cut short; download it again")
        }
        self.path = path
        self.mapping = mapping
        dataStart = 8 + Int(length)
        // A copy, so that what was checked stays as it was, whatever happens to the file.
        header = try SafetensorsHeader(
            Array(bytes[8..<dataStart]), dataByteCount: bytes.count - dataStart, file: path)
    }

    public var description: String { path }

    public var names: [String] {
        sortedNames.withLock { names in
            if let names { return names }
            let sorted = header.entries.map(header.name).sorted()
            names = sorted
            return sorted
        }
    }

    public func shape(of name: String) -> [Int]? { header.entry(named: name).map(header.shape) }

    /// The tensor of that name. It borrows the file's memory, or is a copy where the file does not align it.
    ///
    /// - Throws: `InputError` if its element type is one that the engine lacks.
    public func tensor(named name: String) throws -> Tensor? {
        guard let entry = header.entry(named: name) else { return nil }
        guard let tensor = tensor(entry) else {
            throw InputError(
                "\(path), tensor \(Wording.name(name))", found: "element type \(entry.type.name)",
                needed: "one of \(ElementType.allCases.map(\.rawValue).joined(separator: ", "))",
                remedy: "Save the checkpoint in another type, bfloat16 for example")
        }
        return tensor
    }

    /// All tensors by name, those left out whose element type the engine lacks.
    public func tensors() -> [String: Tensor] {
        var tensors: [String: Tensor] = [:]
        for entry in header.entries { tensors[header.name(of: entry)] = tensor(entry) }
        return tensors
    }

    /// How many parameters there are, and of what types.
    public var inventory: ParameterInventory {
        var inventory = ParameterInventory()
        for entry in header.entries {
            let byteCount = entry.end - entry.begin
            inventory.add(
                typeName: entry.type.elementType?.displayName ?? entry.type.name, byteCount: byteCount,
                bitWidth: entry.type.bitWidth)
        }
        return inventory
    }

    private func tensor(_ entry: SafetensorsHeader.Entry) -> Tensor? {
        guard let type = entry.type.elementType else { return nil }
        let shape = header.shape(of: entry)
        let bytes = UnsafeRawBufferPointer(rebasing: mapping.bytes[dataStart + entry.begin..<dataStart + entry.end])
        if Int(bitPattern: bytes.baseAddress) % type.byteWidth == 0 {
            return Tensor(shape: shape, elementType: type, borrowing: bytes, from: mapping)
        }
        let storage = TensorStorage(byteCount: bytes.count)
        UnsafeMutableRawBufferPointer(start: storage.base, count: bytes.count).copyMemory(from: bytes)
        return Tensor(shape: shape, elementType: type, storage: storage)
    }
}
