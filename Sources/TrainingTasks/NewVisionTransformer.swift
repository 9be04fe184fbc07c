public import AttentionEngine
import PluginKit

/// The size of a Vision Transformer to be trained from scratch.
public struct NewVisionTransformer: Sendable, Hashable, Codable {
    /// Published sizes, and one for small data.
    public enum Size: String, Sendable, Hashable, Codable, CaseIterable {
        case mini, tiny, small, base
    }

    /// Numbers of each position.
    public var width: Int
    /// Layers, and heads of attention in each.
    public var layers: Int
    /// Heads of attention in a layer.
    public var heads: Int
    /// Pixels on each side of a photo.
    public var imageSize: Int
    /// Pixels on each side of a patch.
    public var patchSize: Int

    /// Creates a size of those that are known: DeiT's (Touvron et al., 2021, arXiv:2012.12877), and `mini` of six layers of 192.
    ///
    /// - Parameters:
    ///   - size: which.
    ///   - imageSize: pixels on each side of a photo.
    ///   - patchSize: pixels on each side of a patch, which `imageSize` is a multiple of.
    /// - Throws: `InputError` if the sizes do not go together.
    public init(_ size: Size, imageSize: Int = 112, patchSize: Int = 14) throws(InputError) {
        switch size {
        case .mini: (width, layers, heads) = (192, 6, 3)
        case .tiny: (width, layers, heads) = (192, 12, 3)
        case .small: (width, layers, heads) = (384, 12, 6)
        case .base: (width, layers, heads) = (768, 12, 12)
        }
        guard (1...4096).contains(imageSize), (1...imageSize).contains(patchSize), imageSize % patchSize == 0,
            (imageSize / patchSize) * (imageSize / patchSize) <= 16_384
        else {
            throw InputError(
                "image size \(imageSize)", found: "patches of \(patchSize) pixels",
                needed: "at most 4,096 pixels, cut into whole patches, no more than 128 in a row",
                remedy: "Take 112 and 14, or 224 and 16")
        }
        (self.imageSize, self.patchSize) = (imageSize, patchSize)
    }

    /// Writes `config.json` and `preprocessor_config.json`, as transformers has them.
    ///
    /// - Parameters:
    ///   - folder: one that is there.
    ///   - labels: what the model is to tell apart, in the order of its answers.
    /// - Throws: `InputError` if a file cannot be written.
    public func write(to folder: String, labels: [String]) throws {
        let names = labels.enumerated().map { ("\($0)", $1) }
        let configuration = ConfigurationFile(
            architectures: ["ViTForImageClassification"], modelType: "vit", hiddenSize: width, layers: layers, heads: heads,
            intermediateSize: 4 * width, imageSize: imageSize, patchSize: patchSize,
            labels: Dictionary(uniqueKeysWithValues: names),
            labelIndices: Dictionary(labels.enumerated().map { ($1, $0) }) { first, _ in first })
        let preprocessor = PreprocessorFile(size: ["height": imageSize, "width": imageSize])
        try JSONOutput.write(configuration, to: "\(folder)/config.json")
        try JSONOutput.write(preprocessor, to: "\(folder)/preprocessor_config.json")
    }

    private struct ConfigurationFile: Encodable {
        var architectures: [String]
        var modelType: String
        var hiddenSize: Int
        var layers: Int
        var heads: Int
        var intermediateSize: Int
        var imageSize: Int
        var patchSize: Int
        var labels: [String: String]
        var labelIndices: [String: Int]
        var activation = "gelu"
        var channels = 3
        var epsilon = 1e-6
        var hasBias = true
        var dropout = 0.0
        enum CodingKeys: String, CodingKey {
            case architectures
            case modelType = "model_type"
            case hiddenSize = "hidden_size"
            case layers = "num_hidden_layers"
            case heads = "num_attention_heads"
            case intermediateSize = "intermediate_size"
            case imageSize = "image_size"
            case patchSize = "patch_size"
            case labels = "id2label"
            case labelIndices = "label2id"
            case activation = "hidden_act"
            case channels = "num_channels"
            case epsilon = "layer_norm_eps"
            case hasBias = "qkv_bias"
            case dropout = "hidden_dropout_prob"
        }
    }

    private struct PreprocessorFile: Encodable {
        var size: [String: Int]
        var type = "ViTImageProcessor"
        var resizes = true
        var rescales = true
        var normalizes = true
        var resample = 2
        var factor = 1.0 / 255
        var mean = [0.5, 0.5, 0.5]
        var deviation = [0.5, 0.5, 0.5]
        enum CodingKeys: String, CodingKey {
            case size, resample
            case type = "image_processor_type"
            case resizes = "do_resize"
            case rescales = "do_rescale"
            case normalizes = "do_normalize"
            case factor = "rescale_factor"
            case mean = "image_mean"
            case deviation = "image_std"
        }
    }
}
