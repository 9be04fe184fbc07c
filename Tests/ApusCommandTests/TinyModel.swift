import AttentionEngine
import Foundation

/// A vision Transformer of a few thousand parameters, written to a folder: five labels, images of 8 × 8, patches of 4 × 4.
struct TinyModel {
    let folder: TemporaryFolder

    var path: String { folder.url.path }

    /// - Parameters:
    ///   - configuration: takes the place of what `config.json` should say.
    ///   - classifierBias: the number the classifier adds to each logit.
    ///   - classifierScale: what its weights are multiplied by.
    ///   - labels: with others the classifier does not fit.
    init(configuration: String? = nil, classifierBias: Float = 0, classifierScale: Float = 1) throws {
        folder = try TemporaryFolder()
        try folder.write("config.json", Data((configuration ?? Self.configuration).utf8))
        try folder.write("preprocessor_config.json", Data(Self.preprocessor.utf8))
        try SafetensorsWriter.write(
            Self.tensors(classifierBias: classifierBias, classifierScale: classifierScale), to: folder.path("model.safetensors"))
    }

    static let configuration = """
        {"model_type": "vit", "architectures": ["ViTForImageClassification"], "hidden_size": 8, "intermediate_size": 16,
         "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 8, "patch_size": 4, "num_channels": 3,
         "hidden_act": "gelu", "layer_norm_eps": 1e-12, "qkv_bias": true,
         "id2label": {"0": "ant", "1": "bee", "2": "cat", "3": "dog", "4": "eel"}}
        """

    private static let preprocessor = """
        {"image_processor_type": "ViTImageProcessor", "do_resize": true, "size": {"height": 8, "width": 8}, "resample": 2,
         "do_rescale": true, "rescale_factor": 0.00392156862745098, "do_normalize": true,
         "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
        """

    private static func tensors(classifierBias: Float, classifierScale: Float) -> [(name: String, tensor: Tensor)] {
        var state: UInt32 = 7
        func random(_ shape: Int...) -> Tensor {
            let values = (0..<shape.reduce(1, *)).map { _ in
                state = state &* 1_664_525 &+ 1_013_904_223
                return Float(state >> 8) / Float(1 << 23) - 1
            }
            return Tensor(values, shape: shape)
        }
        func linear(_ name: String, _ inputs: Int, _ outputs: Int) -> [(String, Tensor)] {
            [("\(name).weight", random(outputs, inputs)), ("\(name).bias", random(outputs))]
        }
        func norm(_ name: String) -> [(String, Tensor)] {
            [("\(name).weight", Tensor(repeating: 1, shape: [8])), ("\(name).bias", random(8))]
        }
        let layer = "vit.encoder.layer.0"
        var tensors: [(String, Tensor)] = [
            ("vit.embeddings.cls_token", random(1, 1, 8)), ("vit.embeddings.position_embeddings", random(1, 5, 8)),
            ("vit.embeddings.patch_embeddings.projection.weight", random(8, 3, 4, 4)),
            ("vit.embeddings.patch_embeddings.projection.bias", random(8)),
            ("classifier.weight", random(5, 8).scaled(by: classifierScale)),
            ("classifier.bias", Tensor(repeating: classifierBias, shape: [5])),
        ]
        for part in ["query", "key", "value"] { tensors += linear("\(layer).attention.attention.\(part)", 8, 8) }
        tensors += linear("\(layer).attention.output.dense", 8, 8) + linear("\(layer).intermediate.dense", 8, 16)
        tensors += linear("\(layer).output.dense", 16, 8) + norm("\(layer).layernorm_before") + norm("\(layer).layernorm_after")
        return tensors + norm("vit.layernorm")
    }
}
