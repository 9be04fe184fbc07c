/// What the image processors of transformers 5 do where `preprocessor_config.json` is silent: the class attributes
/// of their Pillow versions.
struct ImageProcessorDefaults {
    typealias Size = PreprocessorConfiguration.EdgeLengths

    var filter: ResamplingFilter
    var size: Size
    /// Whether a bare number as `size` means the shortest edge.
    var numberIsShortestEdge = false
    var crop: Size?
    /// Whether `crop` is used unless the file says so.
    var crops = false
    var mean: [Double]
    var std: [Double]
    /// The part of the side that ConvNeXt keeps of small images; nothing for the other processors.
    var cropFraction: Double?

    /// The defaults of a type such as `ViTImageProcessor`, whatever its backend and age.
    static func named(_ type: String) -> ImageProcessorDefaults? {
        var name = Substring(type)
        for suffix in ["Fast", "Pil"] where name.hasSuffix(suffix) { name.removeLast(suffix.count) }
        for suffix in ["ImageProcessor", "FeatureExtractor"] where name.hasSuffix(suffix) {
            return byFamily[String(name.dropLast(suffix.count))]
        }
        return nil
    }

    /// The families known here.
    static var families: [String] { byFamily.keys.sorted() }

    private static let half = [0.5, 0.5, 0.5]
    private static let clipMean = [0.48145466, 0.4578275, 0.40821073]
    private static let clipStd = [0.26862954, 0.26130258, 0.27577711]
    private static let clip = ImageProcessorDefaults(
        filter: .bicubic, size: .shortestEdge(224, longest: nil), numberIsShortestEdge: true,
        crop: .sides(height: 224, width: 224), crops: true, mean: clipMean, std: clipStd)

    private static let byFamily: [String: ImageProcessorDefaults] = [
        "ViT": .init(filter: .bilinear, size: .sides(height: 224, width: 224), mean: half, std: half),
        "DeiT": .init(
            filter: .bicubic, size: .sides(height: 256, width: 256), crop: .sides(height: 224, width: 224), crops: true,
            mean: half, std: half),
        "CLIP": clip,
        "Bit": clip,
        "Siglip": .init(
            filter: .bicubic, size: .sides(height: 224, width: 224), numberIsShortestEdge: true, mean: half, std: half),
        "Beit": .init(
            filter: .bicubic, size: .sides(height: 224, width: 224), crop: .sides(height: 224, width: 224), mean: half,
            std: half),
        "ConvNext": .init(
            filter: .bicubic, size: .shortestEdge(384, longest: nil), numberIsShortestEdge: true, mean: half, std: half,
            cropFraction: 224.0 / 256.0),
    ]
}
