public import AttentionEngine

extension Checkpoint {
    /// The parameters, from `model.safetensors` or the shards of `model.safetensors.index.json`, mapped into memory.
    ///
    /// - Throws: `InputError` if there are none, or a file is broken.
    public var weights: Weights {
        get throws {
            if let quantization, quantization != Self.ownQuantization {
                throw InputError(
                    path(of: "config.json"), found: "weights quantized by \(quantization)",
                    needed: "weights that are not quantized, or that `apus quantize` wrote",
                    remedy: "Use the checkpoint it was made from")
            }
            if let store { return Weights(store, precision: precision, recorder: recorder) }
            return Weights(try parameterSource, precision: precision, recorder: recorder)
        }
    }

    /// All tensors of the file or files.
    ///
    /// - Throws: as `weights`.
    var parameterSource: any ParameterSource {
        get throws {
            switch try weightsFile {
            case .single(let path): try SafetensorsFile(path)
            case .sharded(let path): try ShardedSafetensors(index: path)
            }
        }
    }

    /// What `quantization_config` calls the 8-bit integers that `apus quantize` writes.
    static let ownQuantization = "apus"

    /// How many parameters there are and of what types, from the files' headers.
    ///
    /// - Throws: as `weights`.
    public var parameters: ParameterInventory {
        get throws {
            switch try weightsFile {
            case .single(let path): try SafetensorsFile(path).inventory
            case .sharded(let path): try ShardedSafetensors(index: path).inventory
            }
        }
    }

    private enum WeightsFile {
        case single(String)
        case sharded(String)
    }

    private var weightsFile: WeightsFile {
        get throws {
            if hasFile("model.safetensors") { return .single(path(of: "model.safetensors")) }
            if hasFile("model.safetensors.index.json") { return .sharded(path(of: "model.safetensors.index.json")) }
            throw missingWeights
        }
    }

    private var missingWeights: InputError {
        let others = Paths.contents(folder).filter { name in
            Self.otherFormats.contains { name.lowercased().hasSuffix($0) } && hasFile(name)
        }
        guard let other = others.first else {
            return InputError(
                folder, found: "no model.safetensors", needed: "the weights beside config.json",
                remedy: "Download the checkpoint's model.safetensors into the folder")
        }
        return InputError(
            folder, found: "the weights as \(other)", needed: "model.safetensors",
            remedy: "Look for a revision of the model with safetensors, or convert it in Python: load it with transformers, "
                + "then `model.save_pretrained(FOLDER, safe_serialization=True)`")
    }

    /// Weights in formats that are not read; pickles among them can run code when they are loaded.
    private static let otherFormats = [
        ".bin", ".pt", ".pth", ".ckpt", ".onnx", ".h5", ".msgpack", ".gguf", ".ggml", ".bin.index.json", ".tflite", ".npz",
    ]
}
