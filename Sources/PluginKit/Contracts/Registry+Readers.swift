import AttentionEngine

extension Registry {
    /// Every reader, each once, in the order of their kinds.
    public var allReaders: [any Reader] { Self.distinct(readers) }

    /// The readers that a plugin registered, each once, in the order of their kinds.
    public func readers(of plugin: String) -> [any Reader] { Self.distinct(readers.filter { $0.value.plugin == plugin }) }

    private static func distinct(_ readers: [String: Entry<any Reader>]) -> [any Reader] {
        func kind(_ reader: any Reader) -> String { type(of: reader).kind }
        var seen: Set<String> = []
        return readers.sorted { $0.key < $1.key }.map(\.value.value)
            .filter { seen.insert(String(reflecting: type(of: $0))).inserted }
            .sorted { kind($0) < kind($1) }
    }

    /// The file types whose readers make values of one type.
    public func fileTypes<Value>(of value: Value.Type) -> Set<String> {
        Set(readers.filter { $0.value.value is any Reader<Value> }.keys)
    }

    /// What messages call files of a type; `nil` where no reader takes them.
    public func kind(ofFileType type: String) -> String? { readers[type].map { Swift.type(of: $0.value).kind } }

    /// Reads a file with the reader for its type, or, where the type says nothing, with each that makes such values
    /// until one can.
    ///
    /// - Throws: `InputError` where no reader makes such values or none can read the file.
    public func read<Value: Sendable>(
        _ file: InputFile, as value: Value.Type, limits: ReadingLimits = ReadingLimits()
    ) throws -> Value {
        if let reader = readers[file.fileType]?.value as? any Reader<Value> {
            return try reader.read(file, limits: limits)
        }
        let able = allReaders.compactMap { $0 as? any Reader<Value> }
        var failure: (any Error)?
        for reader in able {
            do { return try reader.read(file, limits: limits) } catch { failure = failure ?? error }
        }
        guard let failure else {
            throw InputError(
                file.name, found: "no reader for what the model takes, \(value)", needed: "a plugin that reads it",
                remedy: "Add that plugin")
        }
        if let other = kind(ofFileType: file.fileType), file.path.map(Paths.kind(of:)) != .some(nil) {
            let kinds = Set(able.map { type(of: $0).kind }).sorted().joined(separator: " or ")
            let types = fileTypes(of: value).sorted().map { ".\($0)" }.joined(separator: ", ")
            throw InputError(
                file.name, found: "a file of the kind \(other)", needed: "one of the kind \(kinds) (\(types))",
                remedy: "Use a model that takes \(other) files")
        }
        throw failure
    }
}
