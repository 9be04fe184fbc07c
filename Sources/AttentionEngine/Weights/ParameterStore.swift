import Synchronization

/// The parameters of a model in training: each is a tensor whose elements an optimizer changes in place.
///
/// A family that loads from it records each parameter under the checkpoint's name, whether it was in a file or is drawn at random,
/// and what is saved has those names.
public final class ParameterStore: ParameterSource {
    public let description: String
    private let source: (any ParameterSource)?
    private let initialization: ParameterInitialization?
    /// Which of the source's parameters are as if they were not there.
    private let isLeftOut: @Sendable (String) -> Bool

    private struct State {
        var parameters: [String: Tensor] = [:]
        var seed: UInt64
    }
    private let state: Mutex<State>

    /// Opens the parameters of another source, a file's for example, for training; they are read when a model asks for them.
    public init(_ source: any ParameterSource) {
        self.source = source
        initialization = nil
        isLeftOut = { _ in false }
        description = source.description
        state = Mutex(State(seed: 0))
    }

    /// Draws the parameters that a model asks for.
    ///
    /// - Parameters:
    ///   - initialization: how, and which parameters there are that a model need not have.
    ///   - seed: of the random numbers; each parameter's depend on it and on the parameter's name alone.
    public init(drawing initialization: ParameterInitialization, seed: UInt64) {
        source = nil
        self.initialization = initialization
        isLeftOut = { _ in false }
        description = "a new model"
        state = Mutex(State(seed: seed))
    }

    /// Opens the parameters of another source for training, but for some that are drawn anew, such as a head for other labels.
    ///
    /// - Parameters:
    ///   - source: the others.
    ///   - isLeftOut: which of the source's are passed over, by name.
    ///   - initialization: how those are drawn that are passed over.
    ///   - seed: of the random numbers.
    public init(
        _ source: any ParameterSource, leavingOut isLeftOut: @escaping @Sendable (String) -> Bool,
        drawing initialization: ParameterInitialization, seed: UInt64
    ) {
        self.source = source
        self.isLeftOut = isLeftOut
        self.initialization = initialization
        description = source.description
        state = Mutex(State(seed: seed))
    }

    public func tensor(named name: String) throws -> Tensor? {
        if let known = state.withLock({ $0.parameters[name] }) { return known }
        guard !isLeftOut(name), let stored = try source?.tensor(named: name) else { return nil }
        guard stored.elementType.isFloatingPoint else { return stored }
        return keep(Self.copy(stored), name)
    }

    /// A parameter that is not in a file, drawn; `nil` where the store draws none.
    func drawn(_ name: String, _ shape: [Int]) throws -> Tensor? {
        guard let initialization, source == nil || isLeftOut(name) else { return nil }
        if let known = state.withLock({ $0.parameters[name] }) { return known }
        let seed = state.withLock(\.seed)
        return keep(initialization.parameter(name, shape: shape, seed: seed), name)
    }

    private func keep(_ elements: Tensor, _ name: String) -> Tensor {
        let tensor = elements.with(GradientNode())
        return state.withLock { state in
            if let known = state.parameters[name] { return known }
            state.parameters[name] = tensor
            return tensor
        }
    }

    /// The same numbers in memory that may be written to.
    private static func copy(_ stored: Tensor) -> Tensor {
        stored.withBytes { bytes in
            Tensor(shape: stored.shape) { ElementConversion.convert(bytes, of: stored.elementType, to: $0) }
        }
    }

    public var names: [String] {
        let stored = (source?.names ?? []).filter { !isLeftOut($0) }
        guard let initialization else { return stored }
        let drawable = initialization.optional.keys.filter { source == nil || isLeftOut($0) }
        return Set(state.withLock { $0.parameters.keys }).union(drawable).union(stored).sorted()
    }

    public func shape(of name: String) -> [Int]? {
        if !isLeftOut(name), let shape = source?.shape(of: name) { return shape }
        return state.withLock { $0.parameters[name]?.shape }
            ?? initialization?.optional[name].map { Array(repeating: 0, count: $0) }
    }

    public func place(of name: String) -> String { source?.place(of: name) ?? description }

    /// The parameters that a model has asked for, by name.
    public var parameters: [Parameter] {
        state.withLock { state in
            state.parameters.keys.sorted().compactMap { name in state.parameters[name].map { Parameter(name: name, value: $0) } }
        }
    }

    /// Whether a parameter is drawn rather than read, by its name.
    public func isDrawn(_ name: String) -> Bool { initialization != nil && (source == nil || isLeftOut(name)) }

    /// Keeps parameters as they are whose names `isFrozen` picks.
    public func freeze(where isFrozen: (String) -> Bool) {
        for parameter in parameters where isFrozen(parameter.name) { parameter.value.node?.isFrozen = true }
    }

    /// All parameters as they are now, with what the file had besides.
    ///
    /// - Parameter elementType: `.float32` or `.bfloat16`.
    /// - Throws: `InputError` if the file cannot be read.
    public func tensors(as elementType: ElementType = .float32) throws -> [(name: String, tensor: Tensor)] {
        precondition([.float32, .bfloat16].contains(elementType), "parameters are written as fp32 or bf16")
        let trained = state.withLock(\.parameters)
        return try Set(names).union(trained.keys).sorted().compactMap { name in
            guard let tensor = try trained[name] ?? (isLeftOut(name) ? nil : source?.tensor(named: name)) else { return nil }
            guard tensor.elementType.isFloatingPoint else { return (name, tensor) }
            return (name, elementType == .float32 ? tensor.converted(to: .float32).detached : tensor.convertedToBFloat16())
        }
    }
}

/// A parameter in training.
public struct Parameter: Sendable {
    /// Its name in the checkpoint.
    public let name: String
    /// Its elements, which an optimizer changes in place.
    public let value: Tensor

    /// Adds to the gradient.
    package func addGradient(_ gradient: Tensor) { value.node?.add(gradient) }

    /// The gradient since it was last cleared, flat; `nil` where nothing depended on the parameter.
    public var gradient: Tensor? { value.node?.gradient }

    /// Whether it stays as it is.
    public var isFrozen: Bool { value.node?.isFrozen ?? true }

    /// Forgets the gradient.
    public func clearGradient() { value.node?.clear() }

    /// Changes the elements in place; no operation may run meanwhile.
    public func update(_ body: (inout MutableSpan<Float>) throws -> Void) rethrows {
        try withMutableElements { buffer in
            var span = buffer.mutableSpan
            try body(&span)
        }
    }

    /// The same by pointer.
    package func withMutableElements<R>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows -> R {
        defer { value.node?.markChanged() }
        return try value.withMutableFloats(body)
    }

    /// Changes the gradient in place.
    package func withMutableGradient(_ body: (UnsafeMutableBufferPointer<Float>) -> Void) {
        if value.node?.gradient != nil { value.node?.change(startingWith: value.count, body) }
    }
}
