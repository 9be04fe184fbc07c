/// How a layer gets its parameters: by path, with the shape it needs.
///
/// ```swift
/// let layer = weights["encoder"]["layer.0"]
/// let weight = try layer.get("attention.query.weight", [768, 768])
/// ```
public struct Weights: Sendable {
    /// Where in the checkpoint this stands: `encoder.layer.0`; empty at the top.
    public let path: String
    /// What the weights of products are kept in.
    public let precision: Precision
    private let source: any ParameterSource
    private let recorder: MatrixRecorder?
    /// Whether they are of layers that write token by token.
    private let isWriting: Bool

    /// Creates the view of a source from `path` on.
    public init(_ source: any ParameterSource, path: String = "", precision: Precision = .float32) {
        self.init(source, path: path, precision: precision, recorder: nil)
    }

    /// - Parameter recorder: told which matrices are asked for.
    package init(_ source: any ParameterSource, path: String = "", precision: Precision, recorder: MatrixRecorder?) {
        self.init(source, path: path, precision: precision, recorder: recorder, isWriting: false)
    }

    private init(
        _ source: any ParameterSource, path: String, precision: Precision, recorder: MatrixRecorder?, isWriting: Bool
    ) {
        self.source = source
        self.path = path
        self.precision = precision
        self.recorder = recorder
        self.isWriting = isWriting
    }

    /// The same for layers that write token by token.
    var forWriting: Weights {
        Weights(source, path: path, precision: precision, recorder: recorder, isWriting: true)
    }

    /// The parameters below `path`; the empty path is the place itself.
    public subscript(_ path: String) -> Weights {
        Weights(source, path: full(path), precision: precision, recorder: recorder, isWriting: isWriting)
    }

    /// A parameter as `float32`.
    ///
    /// - Throws: `InputError` naming file and tensor if it is missing, has another shape or an integer type, or an element is
    ///   infinite or not a number.
    public func get(_ name: String, _ shape: [Int]) throws -> Tensor {
        let found = try tensor(name, shape)
        guard found.elementType.isFloatingPoint else {
            throw InputError(
                place(name), found: "element type \(found.elementType.displayName)", needed: "a floating-point type",
                remedy: "Use a checkpoint of numbers with a fraction, or one that `apus quantize` wrote")
        }
        let numbers = found.converted(to: .float32)
        guard numbers.withFloatBuffer({ $0.allSatisfy(\.isFinite) }) else {
            throw InputError(
                place(name), found: "a weight that is infinite or not a number", needed: "numbers",
                remedy: "Download the file again, or train the model anew: its answers would be none")
        }
        return numbers
    }

    /// A matrix in the type of its file, whose memory it borrows: floating-point numbers, or 8-bit integers beside which there
    /// is a tensor of their scales.
    ///
    /// - Throws: `InputError` naming file and tensor if it is missing, has another shape, or integers have no scales.
    public func stored(
        _ name: String, _ shape: [Int], layout: PackedMatrix.Layout = .outputByInput
    ) throws -> StoredMatrix {
        let found = try tensor(name, shape)
        recorder?.record(full(name), layout)
        var scales: Tensor?
        if !found.elementType.isFloatingPoint {
            let scaleName = name + StoredMatrix.scaleSuffix
            guard found.elementType == .int8, self.shape(of: scaleName) != nil else {
                throw InputError(
                    place(name), found: "element type \(found.elementType.displayName)",
                    needed: "a floating-point type, or int8 with \(Wording.name(full(scaleName))) beside it",
                    remedy: "Use a checkpoint that is not quantized, or one that `apus quantize` wrote")
            }
            let found = try get(scaleName, [layout == .outputByInput ? shape[0] : shape[shape.count - 1]])
            guard found.withFloatBuffer({ $0.allSatisfy { $0 >= 0 } }) else {
                throw InputError(
                    place(scaleName), found: "a scale below 0", needed: "what the largest weight of each output is a multiple of",
                    remedy: "Quantize the original checkpoint anew")
            }
            scales = found
        }
        return StoredMatrix(
            elements: found, scales: scales, precision: isWriting ? precision : precision.forReading, precisionOfHead: precision,
            place: place(name))
    }

    private func tensor(_ name: String, _ shape: [Int]) throws -> Tensor {
        if let store = source as? ParameterStore, let drawn = try store.drawn(full(name), shape), drawn.shape == shape {
            return drawn
        }
        let found = source.shape(of: full(name))
        if let found, found != shape {
            throw InputError(
                place(name), found: "a shape of \(Wording.shape(found))", needed: Wording.shape(shape),
                remedy: "Check that config.json and weights are of the same model")
        }
        guard found != nil, let tensor = try source.tensor(named: full(name)) else { throw missing(name, shape) }
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
