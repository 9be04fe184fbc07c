public import AttentionEngine

extension Checkpoint {
    /// A number of `config.json` that is within bounds, or else an error that names it.
    ///
    /// ```swift
    /// let width = try checkpoint.checked("hidden_size", configuration.hiddenSize, in: 1...65536)
    /// ```
    ///
    /// - Parameters:
    ///   - key: the key of the file, as messages name it.
    ///   - value: what stands there.
    ///   - range: what may stand there.
    ///   - file: where the key stands, if elsewhere.
    /// - Returns: `value`.
    /// - Throws: `InputError` if `value` is out of `range`, or not a number.
    @discardableResult
    public func checked<Value: Comparable & Sendable>(
        _ key: String, _ value: Value, in range: ClosedRange<Value>, file: String = "config.json"
    ) throws(InputError) -> Value {
        try require(
            range.contains(value), key, found: "\(value)", needed: "a value from \(range.lowerBound) to \(range.upperBound)",
            file: file)
        return value
    }

    /// Refuses a setting of `config.json` that does not fit.
    ///
    /// ```swift
    /// try checkpoint.require(width % heads == 0, "hidden_size", found: width, needed: "a multiple of the \(heads) heads")
    /// ```
    ///
    /// - Throws: `InputError` unless `condition` holds.
    public func require(
        _ condition: Bool, _ key: String, found: some CustomStringConvertible, needed: String, file: String = "config.json"
    ) throws(InputError) {
        if condition { return }
        throw InputError(
            "\(path(of: file)), key \(Wording.name(key))", found: found.description, needed: needed,
            remedy: "Check the file against the one that was published")
    }
}
