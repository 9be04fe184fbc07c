/// How a layer gets its parameters: by path, with the shape it needs.
///
/// ```swift
/// let layer = weights["encoder"]["layer.0"]
/// let weight = try layer.get("attention.query.weight", [768, 768])
/// ```
public struct Weights: Sendable {
    /// Where in the checkpoint this stands: `encoder.layer.0`; empty at the top.
    public let path: String
    private let source: any ParameterSource

    /// Creates the view of a source from `path` on.
    public init(_ source: any ParameterSource, path: String = "") {
        self.source = source
        self.path = path
    }

    /// The parameters below `path`; the empty path is the place itself.
    public subscript(_ path: String) -> Weights { Weights(source, path: full(path)) }

    /// A parameter as `float32`.
    ///
    /// - Throws: `InputError` naming file and tensor if it is missing, or has another shape or an integer type.
    public func get(_ name: String, _ shape: [Int]) throws -> Tensor {
        try stored(name, shape).converted(to: .float32)
    }

    /// A parameter in the floating-point type of its file, whose memory it borrows.
    ///
    /// - Throws: `InputError` naming file and tensor if it is missing, or has another shape or an integer type.
    public func stored(_ name: String, _ shape: [Int]) throws -> Tensor {
        let found = source.shape(of: full(name))
        if let found, found != shape {
            throw InputError(
                place(name), found: "a shape of \(Wording.shape(found))", needed: Wording.shape(shape),
                remedy: "Check that config.json and weights are of the same model")
        }
        guard found != nil, let tensor = try source.tensor(named: full(name)) else { throw missing(name, shape) }
        guard tensor.elementType.isFloatingPoint else {
            throw InputError(
                place(name), found: "element type \(tensor.elementType.displayName)", needed: "a floating-point type",
                remedy: "Use a checkpoint that is not quantized")
        }
        return tensor
    }

    /// Whether there is a tensor of exactly that path, or any below it.
    public func contains(_ name: String) -> Bool {
        let path = full(name)
        return source.shape(of: path) != nil || !names(below: path, atMost: 1).isEmpty
    }

    /// The shape of a parameter; `nil` where there is none.
    public func shape(of name: String) -> [Int]? { source.shape(of: full(name)) }

    /// The names of all parameters from here on, relative to `path`, sorted.
    public var names: [String] {
        path.isEmpty ? source.names : names(below: path).map { String($0.dropFirst(path.count + 1)) }
    }
}

extension Weights {
    private func full(_ name: String) -> String {
        if path.isEmpty || name.isEmpty { return path + name }
        return "\(path).\(name)"
    }

    private func place(_ name: String) -> String {
        "\(source.place(of: full(name))), tensor \(Wording.name(full(name)))"
    }

    /// The first `limit` names that start with `path` and a dot; any names for the empty path.
    private func names(below path: String, atMost limit: Int = .max) -> ArraySlice<String> {
        let names = source.names
        if path.isEmpty { return names.prefix(limit) }
        let prefix = path + "."
        var low = 0
        var high = names.count
        while low < high {
            let middle = (low + high) / 2
            if names[middle] < prefix { low = middle + 1 } else { high = middle }
        }
        return names[low...].prefix(limit).prefix { $0.hasPrefix(prefix) }
    }

    private func missing(_ name: String, _ shape: [Int]) -> InputError {
        let similar = similarNames(to: full(name)).map(Wording.name)
        let hint = similar.isEmpty ? "" : "There is \(similar.joined(separator: ", ")). "
        return InputError(
            place(name), found: "no such tensor", needed: "one of \(Wording.shape(shape))",
            remedy: "\(hint)Check that config.json and weights are of the same model")
    }

    /// Up to three names that may be what was meant: the same with a prefix more or less, or else the nearest at
    /// the deepest level that exists.
    private func similarNames(to name: String) -> [String] {
        let moved = source.names.lazy.filter { $0.hasSuffix("." + name) || name.hasSuffix("." + $0) }.prefix(3)
        if !moved.isEmpty { return Array(moved) }
        var level = name
        while let dot = level.lastIndex(of: ".") {
            level = String(level[..<dot])
            let below = names(below: level)
            if !below.isEmpty { return SimilarNames.nearest(3, to: name, among: below) }
        }
        return SimilarNames.nearest(3, to: name, among: source.names)
    }
}
