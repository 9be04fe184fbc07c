/// What a checkpoint's headers say of its parameters.
public struct ParameterInventory: Sendable, Hashable {
    /// The number of tensors.
    public private(set) var tensorCount = 0
    /// The number of single numbers in them.
    public private(set) var parameterCount = 0
    /// The bytes they take on disk.
    public private(set) var byteCount = 0
    /// How many of the parameters are of each element type: `["bf16": 86_000_000]`.
    public private(set) var countByType: [String: Int] = [:]

    mutating func add(typeName: String, byteCount: Int, bitWidth: Int) {
        let count = byteCount / bitWidth * 8 + byteCount % bitWidth * 8 / bitWidth
        tensorCount += 1
        parameterCount += count
        self.byteCount += byteCount
        countByType[typeName, default: 0] += count
    }

    mutating func add(_ other: ParameterInventory) {
        tensorCount += other.tensorCount
        parameterCount += other.parameterCount
        byteCount += other.byteCount
        countByType.merge(other.countByType, uniquingKeysWith: +)
    }
}
