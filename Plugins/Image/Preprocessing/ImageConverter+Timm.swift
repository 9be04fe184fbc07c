import AttentionEngine

extension ImageConverter {
    /// The evaluation transform that timm makes of `pretrained_cfg`.
    ///
    /// - Parameters:
    ///   - pretrained: the object in `config.json`.
    ///   - file: what messages call the file.
    /// - Throws: `InputError` naming the key whose value cannot be used.
    init(pretrained: TimmPretrainedConfiguration, file: String) throws {
        let numbers = PreprocessingNumbers(file: file)
        let inputSize = pretrained.inputSize ?? [3, 224, 224]
        guard inputSize.count == 3, inputSize[0] == 3 else {
            throw numbers.problem("input_size", found: "\(inputSize)", needed: "three channels, a height and a width")
        }
        let height = try numbers.edge(inputSize[1], key: "input_size")
        let width = try numbers.edge(inputSize[2], key: "input_size")
        let name = pretrained.interpolation.nonempty ?? "bicubic"
        guard let filter = ResamplingFilter(name: name) else {
            let names = ResamplingFilter.allCases.map(\.description).joined(separator: ", ")
            throw numbers.problem("interpolation", found: "\"\(name)\"", needed: "one of \(names)")
        }
        let fraction = pretrained.cropPct.flatMap { $0 == 0 ? nil : $0 } ?? 0.875
        let resizedHeight = try numbers.edge(height, dividedBy: fraction, key: "crop_pct")
        let resizedWidth = try numbers.edge(width, dividedBy: fraction, key: "crop_pct")
        let normalization = PixelNormalization(
            mean: try numbers.perChannel(pretrained.mean.nonempty ?? [0.485, 0.456, 0.406], key: "mean"),
            deviation: try numbers.perChannel(pretrained.std.nonempty ?? [0.229, 0.224, 0.225], key: "std", isDivisor: true))

        let rule: ResizeRule
        var surround: [UInt8] = [0, 0, 0]
        switch pretrained.cropMode.nonempty ?? "center" {
        case "squash": rule = .sides(height: resizedHeight, width: resizedWidth)
        case "border":
            rule = .fitting(height: resizedHeight, width: resizedWidth)
            surround = normalization.mean.map { UInt8(max(0, min(255, (255 * $0).rounded(.toNearestOrEven)))) }
        case "center" where resizedHeight == resizedWidth: rule = .shortestEdge(resizedHeight)
        case "center": rule = .covering(height: resizedHeight, width: resizedWidth)
        case let mode: throw numbers.problem("crop_mode", found: "\"\(mode)\"", needed: "center, squash or border")
        }
        self.init(
            geometry: [
                .resize(rule, filter), .crop(height: height, width: width, .torchvision(surround: surround)),
            ],
            scaling: PixelScaling(dividingBy255Then: normalization))
    }
}

extension Optional where Wrapped: Collection {
    /// timm takes an empty value for an absent one.
    fileprivate var nonempty: Wrapped? { flatMap { $0.isEmpty ? nil : $0 } }
}
