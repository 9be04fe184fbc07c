public import AttentionEngine

/// A model in the Hugging Face layout: a folder with `config.json`, weights and what else belongs to it.
///
/// Opening one reads `config.json` and no weights.
public struct Checkpoint: Sendable {
    /// What the user typed, or the folder's last component.
    public let name: String
    /// The folder's absolute path.
    public let folder: String
    /// The architecture: `model_type` of `config.json`, or for timm's layout `timm/` and the first word of
    /// `architecture`, such as `timm/vit`.
    public let modelType: String
    /// What its weights are to be kept in: numbers of 32 bits, the answers of the reference, unless a program asks for less or the
    /// checkpoint is quantized.
    public var precision: Precision
    /// How its weights were quantized: `quant_method` of `config.json`'s `quantization_config`.
    let quantization: String?
    /// Told which matrices a family asks for.
    var recorder: MatrixRecorder?
    /// What its parameters are read from instead of its files, where they are trained.
    var store: ParameterStore?
    /// What makes tokenizers, once a registry has opened the checkpoint.
    private var tokenizerLoader: (any TokenizerLoading)?

    /// Opens a model by folder, by the name of a starter model, or by the id of a model in the local hub cache.
    ///
    /// - Parameter reference: `path/to/folder`, `vit-grocery`, `google/vit-base-patch16-224` or
    ///   `google/vit-base-patch16-224@revision`.
    /// - Throws: `InputError` if there is no such model, saying where it was looked for, or its `config.json` is unusable.
    public init(_ reference: String) throws {
        try self.init(folder: ModelReference.folder(of: reference), name: reference)
    }

    /// Opens the model in a folder.
    ///
    /// - Parameters:
    ///   - folder: its path, relative or absolute.
    ///   - name: what messages call it; without one, the folder's last component.
    /// - Throws: `InputError` if there is no such folder or its `config.json` is missing or unusable.
    public init(folder: String, name: String? = nil) throws {
        let folder = Paths.absolute(folder)
        try ModelReference.checkIsFolder(folder)
        let file = JSONFile("\(folder)/config.json")
        guard Paths.kind(of: file.path) != nil else { throw Self.missingConfiguration(folder) }
        let architecture = try file.decode(Architecture.self)
        self.init(
            folder: folder, name: name ?? Paths.lastComponent(folder), modelType: try architecture.modelType(in: file.path),
            quantization: architecture.quantization.map { $0.method ?? "an unnamed method" })
    }

    /// Opens a folder for its tokenizer alone, which needs no `config.json`; without one `modelType` is empty.
    ///
    /// - Parameter reference: as for `init(_:)`.
    /// - Throws: `InputError` if there is no such folder, or its `config.json` is unusable.
    public init(tokenizerOf reference: String) throws {
        let folder = Paths.absolute(try ModelReference.folder(of: reference))
        if Paths.kind(of: "\(folder)/config.json") != nil {
            try self.init(folder: folder, name: reference)
            return
        }
        try ModelReference.checkIsFolder(folder)
        self.init(folder: folder, name: reference, modelType: "")
    }

    private init(folder: String, name: String, modelType: String, quantization: String? = nil) {
        self.folder = folder
        self.name = name
        self.modelType = modelType
        self.quantization = quantization
        precision = quantization == nil ? .float32 : .int8
    }

    /// What its weights are kept in where nobody asks for anything else: what it was quantized to, or else the fastest on this
    /// processor that gives the answers of 32 bits.
    public var automaticPrecision: Precision { quantization == nil ? .automatic : .int8 }

    /// `config.json`.
    ///
    /// - Throws: `InputError` naming the key that is missing or has the wrong type.
    public func configuration<C: Decodable>(as type: C.Type) throws -> C {
        try JSONFile(path(of: "config.json")).decode(type)
    }

    /// Another JSON file of the folder; `nil` if there is none of that name.
    ///
    /// - Throws: `InputError` naming the key that is missing or has the wrong type.
    public func file<C: Decodable>(_ name: String, as type: C.Type) throws -> C? {
        hasFile(name) ? try JSONFile(path(of: name)).decode(type) : nil
    }

    /// Whether the folder has a file of that name.
    public func hasFile(_ name: String) -> Bool { Paths.kind(of: path(of: name)) == .file }

    /// Where a file of the folder is, or would be.
    public func path(of name: String) -> String { "\(folder)/\(name)" }

    /// The tokenizer that belongs to the model, for a family that a registry loads.
    ///
    /// - Throws: `InputError` if no plugin makes tokenizers, or naming the file and key that cannot be used.
    public var tokenizer: any Tokenizer {
        get throws {
            guard let tokenizerLoader else {
                throw InputError(
                    name, found: "no plugin that makes tokenizers", needed: "one, for a model that reads or writes text",
                    remedy: "Add the text plugin")
            }
            return try tokenizerLoader.tokenizer(for: self)
        }
    }

    func with(_ tokenizerLoader: (any TokenizerLoading)?) -> Checkpoint {
        var result = self
        result.tokenizerLoader = tokenizerLoader
        return result
    }

    private static func missingConfiguration(_ folder: String) -> InputError {
        let inside = Paths.contents(folder).filter { Paths.kind(of: "\(folder)/\($0)/config.json") == .file }
        let hint = inside.isEmpty ? "" : ", one of those in it (\(inside.prefix(5).joined(separator: ", "))) for example"
        return InputError(
            folder, found: "no config.json",
            needed: "a folder in the Hugging Face layout, with config.json and model.safetensors",
            remedy: "Name the model's own folder\(hint)")
    }
}

/// The part of `config.json` that says which family a model is of.
private struct Architecture: Decodable {
    let modelType: String?
    let timmArchitecture: String?
    let quantization: Quantization?

    struct Quantization: Decodable {
        let method: String?

        private enum CodingKeys: String, CodingKey {
            case method = "quant_method"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case modelType = "model_type"
        case timmArchitecture = "architecture"
        case quantization = "quantization_config"
    }

    func modelType(in file: String) throws(InputError) -> String {
        if let modelType, modelType != "timm_wrapper" { return modelType }
        if let name = timmArchitecture?.prefix(while: { $0 != "_" && $0 != "." }), !name.isEmpty { return "timm/\(name)" }
        throw InputError(
            file, found: "neither `model_type` nor `architecture`", needed: "one of them, to know what model this is",
            remedy: "Use the config.json that was published with the weights")
    }
}
