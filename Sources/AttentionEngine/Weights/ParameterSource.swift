/// Where parameters come from: a file of weights, several shards, tensors in memory.
public protocol ParameterSource: Sendable {
    /// The tensor of that full name, in the element type it is stored in; `nil` where there is none.
    ///
    /// - Throws: `InputError` if it is there but cannot be used.
    func tensor(named name: String) throws -> Tensor?

    /// The full names of all tensors, sorted.
    var names: [String] { get }

    /// The shape of the tensor of that name, without reading it.
    func shape(of name: String) -> [Int]?

    /// The file or files, as messages name them.
    var description: String { get }

    /// The file that holds that tensor, as messages name it.
    func place(of name: String) -> String
}

extension ParameterSource {
    /// `description`, right where all tensors stand in one place.
    public func place(of name: String) -> String { description }
}

/// Parameters that are in memory already.
public struct TensorDictionary: ParameterSource {
    public let names: [String]
    public let description: String
    private let tensors: [String: Tensor]

    /// Creates a source of the given tensors.
    public init(_ tensors: [String: Tensor], description: String = "tensors in memory") {
        self.tensors = tensors
        self.description = description
        names = tensors.keys.sorted()
    }

    public func tensor(named name: String) -> Tensor? { tensors[name] }

    public func shape(of name: String) -> [Int]? { tensors[name]?.shape }
}
