/// Weights in several safetensors files, held together by an index (`model.safetensors.index.json`, whose
/// `weight_map` says which file each tensor stands in).
public struct ShardedSafetensors: ParameterSource {
    public let names: [String]
    public let description: String
    private let shards: [SafetensorsFile]
    /// Tensor name to position in `shards`.
    private let shardIndex: [String: Int]

    /// Opens the index and every shard, reading headers alone.
    ///
    /// - Parameter path: the index file; the shards lie beside it.
    /// - Throws: `InputError` if the index or a shard is missing or broken, a shard lies elsewhere, or lacks a tensor.
    public init(index path: String) throws {
        let map = try Self.weightMap(path)
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        var positions: [String: Int] = [:]
        var shards: [SafetensorsFile] = []
        var shardIndex: [String: Int] = [:]
        for (name, file) in map {
            let position: Int
            if let known = positions[file] {
                position = known
            } else {
                position = shards.count
                positions[file] = position
                shards.append(try Self.shard(file, folder: folder, index: path))
            }
            guard shards[position].shape(of: name) != nil else {
                throw InputError(
                    "\(shards[position].path), tensor \(Wording.name(name))", found: "no such tensor",
                    needed: "what \(path) says is in it", remedy: "Download the checkpoint again")
            }
            shardIndex[name] = position
        }
        self.shards = shards
        self.shardIndex = shardIndex
        names = shardIndex.keys.sorted()
        description = path
    }

    public func tensor(named name: String) throws -> Tensor? {
        try shardIndex[name].flatMap { try shards[$0].tensor(named: name) }
    }

    public func shape(of name: String) -> [Int]? { shardIndex[name].flatMap { shards[$0].shape(of: name) } }

    public func place(of name: String) -> String { shardIndex[name].map { shards[$0].path } ?? description }

    /// How many parameters there are in all shards, and of what types.
    public var inventory: ParameterInventory {
        shards.reduce(into: ParameterInventory()) { $0.add($1.inventory) }
    }

    private static func weightMap(_ path: String) throws(InputError) -> [(name: String, file: String)] {
        let bytes = try RegularFile(path).bytes(atMost: SafetensorsHeader.maximumByteCount)
        var scanner = JSONScanner(bytes, place: path)
        var map: [(name: String, file: String)]?
        var seen: Set<String> = []
        try scanner.object { (scanner, key) throws(InputError) in
            guard scanner.text(key) == "weight_map", map == nil else { return try scanner.skipValue() }
            var pairs: [(name: String, file: String)] = []
            try scanner.object { (scanner, name) throws(InputError) in
                let name = scanner.text(name)
                guard seen.insert(name).inserted else { throw scanner.failure("\(Wording.name(name)) a second time") }
                pairs.append((name, try scanner.text()))
            }
            map = pairs
        }
        try scanner.finish()
        guard let map, !map.isEmpty else {
            throw InputError(
                path, found: "no `weight_map`", needed: "the file of each tensor", remedy: "Download the checkpoint again")
        }
        return map
    }

    private static func shard(_ file: String, folder: String, index: String) throws -> SafetensorsFile {
        guard !file.isEmpty, file != ".", file != "..",
            !file.utf8.contains(where: { [0, UInt8(ascii: "/"), UInt8(ascii: "\\")].contains($0) })
        else {
            throw InputError(
                "\(index), key `weight_map`", found: "the file name \(Wording.name(file))", needed: "a name in the same folder",
                remedy: "Get the checkpoint from a source you trust")
        }
        let path = folder.isEmpty && !index.hasPrefix("/") ? file : "\(folder)/\(file)"
        do {
            return try SafetensorsFile(path)
        } catch let error as InputError where error.found == "no such file" {
            throw InputError(
                path, found: "no such file", needed: "the shard that \(index) names",
                remedy: "Download the rest of the checkpoint")
        }
    }
}
