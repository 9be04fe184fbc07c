public import AttentionEngine

/// Writes a checkpoint again with smaller weights.
///
/// The matrices that the model multiplies by are rounded; norms, biases, positions and kernels of convolutions stay as they are.
/// In 8 bits a matrix `NAME` is of type `I8`, and `NAME_scale` beside it has what each output's integers are multiplied by; in
/// bfloat16 it is of type `BF16`, which transformers reads too.
public struct CheckpointQuantizer: Sendable {
    private let checkpoint: Checkpoint
    private let registry: Registry

    /// Matrices of fewer elements are not worth rounding.
    private static let leastCount = 4096

    /// Creates what quantizes a checkpoint of one of the registry's families.
    ///
    /// - Throws: `InputError` if it is quantized already.
    public init(_ checkpoint: Checkpoint, registry: Registry) throws {
        if let quantization = checkpoint.quantization {
            throw InputError(
                checkpoint.path(of: "config.json"), found: "weights quantized by \(quantization)",
                needed: "weights that are not quantized", remedy: "Use the checkpoint it was made from")
        }
        self.checkpoint = checkpoint
        self.registry = registry
    }

    /// Writes the quantized checkpoint, with every other file of the folder, into a folder that is new or empty.
    ///
    /// - Parameters:
    ///   - folder: the folder to write.
    ///   - precision: `.int8` or `.bfloat16`.
    /// - Throws: `InputError` if the weights do not fit the family, the folder holds something, or a file cannot be written.
    public func write(to folder: String, precision: Precision) throws {
        guard precision == .int8 || precision == .bfloat16 else {
            throw InputError(
                "precision", found: precision.rawValue, needed: "int8 or bf16, which checkpoints are written in",
                remedy: "Have weights rounded to \(precision.rawValue) when they are loaded")
        }
        let folder = Paths.absolute(folder)
        guard Paths.contents(folder).isEmpty, Paths.kind(of: folder) != .file else {
            throw InputError(
                folder, found: "something there already", needed: "a new folder, or an empty one",
                remedy: "Name another folder, or move away what is in it")
        }
        let matrices = try matrices()
        let source = try checkpoint.parameterSource
        var tensors: [(name: String, tensor: Tensor)] = []
        for name in source.names {
            guard let tensor = try source.tensor(named: name) else { continue }
            if let layout = matrices[name], tensor.rank == 2, tensor.count >= Self.leastCount,
                tensor.elementType.isFloatingPoint
            {
                tensors += rounded(tensor, name, layout, precision)
            } else {
                tensors.append((name, tensor))
            }
        }
        try OutputFolder.make(folder)
        try SafetensorsWriter.write(tensors, to: "\(folder)/model.safetensors", metadata: ["format": "pt"])
        try checkpoint.copyOtherFiles(to: folder) { name, bytes in
            name == "config.json" && precision == .int8 ? Self.marked(bytes) : bytes
        }
    }

    private func rounded(
        _ tensor: Tensor, _ name: String, _ layout: PackedMatrix.Layout, _ precision: Precision
    ) -> [(name: String, tensor: Tensor)] {
        guard precision == .int8 else { return [(name, tensor.convertedToBFloat16())] }
        let matrix = QuantizedMatrix(tensor, layout: layout)
        return [(name, matrix.integers), (name + StoredMatrix.scaleSuffix, matrix.scales)]
    }

    /// The matrices that the family multiplies by.
    private func matrices() throws -> [String: PackedMatrix.Layout] {
        let recorder = MatrixRecorder()
        var recorded = checkpoint
        recorded.recorder = recorder
        _ = try registry.load(recorded)
        return recorder.matrices
    }

    /// The configuration with a first member that says how the weights are quantized.
    private static func marked(_ configuration: [UInt8]) -> [UInt8] {
        guard let brace = configuration.firstIndex(of: UInt8(ascii: "{")) else { return configuration }
        let member = "\n  \"quantization_config\": {\"quant_method\": \"\(Checkpoint.ownQuantization)\", \"bits\": 8},"
        return Array(configuration[...brace]) + member.utf8 + configuration[(brace + 1)...]
    }
}
