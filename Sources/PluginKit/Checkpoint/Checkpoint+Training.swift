public import AttentionEngine

extension Checkpoint {
    /// The same checkpoint for training: a family loaded from it shares its parameters with the store beside it.
    ///
    /// ```swift
    /// let (checkpoint, parameters) = try Checkpoint("bert-base-uncased").trainable()
    /// let model = try registry.load(checkpoint)
    /// ```
    ///
    /// - Parameter precision: what products are computed in: `.float32`, or `.bfloat16` with parameters in 32 bits.
    /// - Throws: `InputError` if there are no weights, a file is broken, or they are quantized.
    public func trainable(precision: Precision = .float32) throws -> (checkpoint: Checkpoint, parameters: ParameterStore) {
        if let quantization { throw quantized(by: quantization) }
        return trained(ParameterStore(try parameterSource), precision)
    }

    /// A folder with `config.json`, and no weights, for training from scratch.
    ///
    /// - Parameters:
    ///   - initialization: how parameters are drawn, and which there are that a model need not have.
    ///   - seed: of the random numbers.
    ///   - precision: as `trainable(precision:)` has it.
    public func trainable(
        drawing initialization: ParameterInitialization, seed: UInt64, precision: Precision = .float32
    ) -> (checkpoint: Checkpoint, parameters: ParameterStore) {
        trained(ParameterStore(drawing: initialization, seed: seed), precision)
    }

    /// A folder with `config.json`, and no weights, for training on from the weights of another.
    ///
    /// - Parameters:
    ///   - base: the checkpoint whose weights are learned on from.
    ///   - isLeftOut: which of them are drawn anew, by name: a head for other labels.
    ///   - initialization: how those are drawn.
    ///   - seed: of the random numbers.
    ///   - precision: as `trainable(precision:)` has it.
    /// - Throws: `InputError` if the base has no weights, a file is broken, or they are quantized.
    public func trainable(
        from base: Checkpoint, leavingOut isLeftOut: @escaping @Sendable (String) -> Bool,
        drawing initialization: ParameterInitialization, seed: UInt64, precision: Precision = .float32
    ) throws -> (checkpoint: Checkpoint, parameters: ParameterStore) {
        if let quantization = base.quantization { throw base.quantized(by: quantization) }
        let store = ParameterStore(
            try base.parameterSource, leavingOut: isLeftOut, drawing: initialization, seed: seed)
        return trained(store, precision)
    }

    private func quantized(by scheme: some CustomStringConvertible) -> InputError {
        InputError(
            path(of: "config.json"), found: "weights quantized by \(scheme)", needed: "weights to be trained",
            remedy: "Use the checkpoint it was made from")
    }

    private func trained(_ store: ParameterStore, _ precision: Precision) -> (Checkpoint, ParameterStore) {
        var result = self
        result.store = store
        result.precision = precision == .int8 ? .float32 : precision
        return (result, store)
    }

    /// Writes parameters as they are now, with every other file of this checkpoint's folder, so that transformers loads them.
    ///
    /// - Parameters:
    ///   - parameters: of this checkpoint, or of one with its `config.json`.
    ///   - folder: made where there is none; the files in it that have the same names are replaced.
    ///   - elementType: `.float32` or `.bfloat16`.
    ///   - isLeftOut: which parameters are not written, by name: those that only training has.
    /// - Throws: `InputError` if a file cannot be read or written.
    public func save(
        _ parameters: ParameterStore, to folder: String, as elementType: ElementType = .float32,
        leavingOut isLeftOut: (String) -> Bool = { _ in false }
    ) throws {
        let folder = Paths.absolute(folder)
        try OutputFolder.make(folder)
        try SafetensorsWriter.write(
            parameters.tensors(as: elementType).filter { !isLeftOut($0.name) }, to: "\(folder)/model.safetensors",
            metadata: ["format": "pt"])
        if folder != self.folder { try copyOtherFiles(to: folder) }
    }
}
