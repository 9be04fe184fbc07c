import AttentionEngine

extension ImageConverter {
    /// The converter that a Hugging Face `preprocessor_config.json` describes.
    ///
    /// - Parameters:
    ///   - preprocessor: the file's content.
    ///   - file: what messages call the file.
    ///   - processor: the image processor whose defaults hold where the file names none.
    /// - Throws: `InputError` naming the key whose value cannot be used.
    init(
        preprocessor: PreprocessorConfiguration, file: String, assuming processor: String = "ViTImageProcessor"
    ) throws {
        let numbers = PreprocessingNumbers(file: file)
        let type = preprocessor.imageProcessorType ?? processor
        guard let defaults = ImageProcessorDefaults.named(type) else {
            throw InputError(
                "\(file), image_processor_type", found: "\"\(type)\"",
                needed: "one of \(ImageProcessorDefaults.families.joined(separator: ", ")) followed by ImageProcessor",
                remedy: "Use a checkpoint with one of these")
        }
        guard preprocessor.doPad != true else {
            throw InputError(
                "\(file), do_pad", found: "true", needed: "false: images are not padded", remedy: "Use another checkpoint")
        }

        var geometry: [GeometryStep] = []
        if preprocessor.doResize ?? true {
            let resample = preprocessor.resample ?? defaults.filter.rawValue
            guard let filter = ResamplingFilter(rawValue: resample) else {
                throw InputError(
                    "\(file), resample", found: "\(resample)", needed: "a filter of Pillow, 0 to 5", remedy: "Correct the file")
            }
            geometry += try Self.resizing(to: preprocessor.size ?? defaults.size, filter, preprocessor, defaults, numbers)
        }
        if preprocessor.doCenterCrop ?? defaults.crops {
            let (height, width) = try numbers.area(preprocessor.cropSize ?? defaults.crop, key: "crop_size")
            geometry.append(.crop(height: height, width: width, .transformers))
        }
        let factor = try numbers.nonzero(preprocessor.rescaleFactor ?? 1.0 / 255, key: "rescale_factor")
        let normalization = PixelNormalization(
            mean: try numbers.perChannel(preprocessor.imageMean?.values ?? defaults.mean, key: "image_mean"),
            deviation: try numbers.perChannel(preprocessor.imageStd?.values ?? defaults.std, key: "image_std", isDivisor: true))
        self.init(
            geometry: geometry,
            scaling: PixelScaling(
                factor: preprocessor.doRescale ?? true ? factor : nil,
                normalization: preprocessor.doNormalize ?? true ? normalization : nil))
    }

    private static func resizing(
        to size: PreprocessorConfiguration.EdgeLengths, _ filter: ResamplingFilter,
        _ preprocessor: PreprocessorConfiguration, _ defaults: ImageProcessorDefaults, _ numbers: PreprocessingNumbers
    ) throws -> [GeometryStep] {
        let shortestEdge: Int
        switch size {
        case .number(let length) where !defaults.numberIsShortestEdge:
            let length = try numbers.edge(length, key: "size")
            return [.resize(.sides(height: length, width: length), filter)]
        case .sides:
            guard defaults.cropFraction == nil else {
                throw numbers.problem("size", found: "height and width", needed: "shortest_edge")
            }
            let (height, width) = try numbers.area(size, key: "size")
            return [.resize(.sides(height: height, width: width), filter)]
        case .shortestEdge(let length, .some(let longest)) where defaults.cropFraction == nil:
            let rule = ResizeRule.shortestEdgeWithin(
                try numbers.edge(length, key: "size"), longest: try numbers.edge(longest, key: "size"))
            return [.resize(rule, filter)]
        case .number(let length), .shortestEdge(let length, _): shortestEdge = try numbers.edge(length, key: "size")
        }
        guard let defaultFraction = defaults.cropFraction else { return [.resize(.shortestEdge(shortestEdge), filter)] }
        // ConvNeXt squashes large images into a square, and of smaller ones crops a part.
        if shortestEdge >= 384 { return [.resize(.sides(height: shortestEdge, width: shortestEdge), filter)] }
        let resized = try numbers.edge(shortestEdge, dividedBy: preprocessor.cropPct ?? defaultFraction, key: "crop_pct")
        return [
            .resize(.shortestEdge(resized), filter),
            .crop(height: shortestEdge, width: shortestEdge, .transformers),
        ]
    }
}
