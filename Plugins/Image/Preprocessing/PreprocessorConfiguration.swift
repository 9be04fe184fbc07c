/// The keys of a Hugging Face `preprocessor_config.json` that say how an image becomes numbers.
///
/// Absent keys take the values of the image processor that `imageProcessorType` names.
struct PreprocessorConfiguration: Sendable, Decodable {
    /// `ViTImageProcessor`, `ViTImageProcessorFast`, `ViTFeatureExtractor`.
    var imageProcessorType: String?
    /// Whether to resize to `size`.
    var doResize: Bool?
    /// What to resize to.
    var size: EdgeLengths?
    /// The raw value of a `ResamplingFilter`.
    var resample: Int?
    /// Whether to cut `cropSize` from the middle.
    var doCenterCrop: Bool?
    /// What to crop to.
    var cropSize: EdgeLengths?
    /// The part of the resized side that ConvNeXt's crop keeps.
    var cropPct: Double?
    /// Whether to multiply the bytes by `rescaleFactor`.
    var doRescale: Bool?
    /// Usually 1/255.
    var rescaleFactor: Double?
    /// Whether to subtract `imageMean` and divide by `imageStd`.
    var doNormalize: Bool?
    /// One number for all channels or one for each.
    var imageMean: ChannelNumbers?
    /// One number for all channels or one for each.
    var imageStd: ChannelNumbers?
    /// Whether to pad the images of a batch to one size, which is not supported.
    var doPad: Bool?

    enum CodingKeys: String, CodingKey {
        case imageProcessorType = "image_processor_type"
        case featureExtractorType = "feature_extractor_type"
        case doResize = "do_resize"
        case size
        case resample
        case doCenterCrop = "do_center_crop"
        case cropSize = "crop_size"
        case cropPct = "crop_pct"
        case doRescale = "do_rescale"
        case rescaleFactor = "rescale_factor"
        case doNormalize = "do_normalize"
        case imageMean = "image_mean"
        case imageStd = "image_std"
        case doPad = "do_pad"
    }

    init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        imageProcessorType =
            try keys.decodeIfPresent(String.self, forKey: .imageProcessorType)
            ?? keys.decodeIfPresent(String.self, forKey: .featureExtractorType)
        doResize = try keys.decodeIfPresent(Bool.self, forKey: .doResize)
        size = try keys.decodeIfPresent(EdgeLengths.self, forKey: .size)
        resample = try keys.decodeIfPresent(Int.self, forKey: .resample)
        doCenterCrop = try keys.decodeIfPresent(Bool.self, forKey: .doCenterCrop)
        cropSize = try keys.decodeIfPresent(EdgeLengths.self, forKey: .cropSize)
        cropPct = try keys.decodeIfPresent(Double.self, forKey: .cropPct)
        doRescale = try keys.decodeIfPresent(Bool.self, forKey: .doRescale)
        rescaleFactor = try keys.decodeIfPresent(Double.self, forKey: .rescaleFactor)
        doNormalize = try keys.decodeIfPresent(Bool.self, forKey: .doNormalize)
        imageMean = try keys.decodeIfPresent(ChannelNumbers.self, forKey: .imageMean)
        imageStd = try keys.decodeIfPresent(ChannelNumbers.self, forKey: .imageStd)
        doPad = try keys.decodeIfPresent(Bool.self, forKey: .doPad)
    }

    /// A size as one number, as height and width, or under the names of its edges.
    enum EdgeLengths: Sendable, Hashable, Decodable {
        /// A bare number: a square or the shortest edge, as the processor has it.
        case number(Int)
        /// `[height, width]` or `{"height": …, "width": …}`.
        case sides(height: Int, width: Int)
        /// `{"shortest_edge": …}`, perhaps with a `longest_edge` that it must not exceed.
        case shortestEdge(Int, longest: Int?)

        private enum CodingKeys: String, CodingKey {
            case height, width
            case shortestEdge = "shortest_edge"
            case longestEdge = "longest_edge"
        }

        init(from decoder: any Decoder) throws {
            if let number = try? decoder.singleValueContainer().decode(Int.self) {
                self = .number(number)
            } else if let list = try? decoder.singleValueContainer().decode([Int].self), list.count == 2 {
                self = .sides(height: list[0], width: list[1])
            } else {
                let keys = try decoder.container(keyedBy: CodingKeys.self)
                if let shortest = try keys.decodeIfPresent(Int.self, forKey: .shortestEdge) {
                    self = .shortestEdge(shortest, longest: try keys.decodeIfPresent(Int.self, forKey: .longestEdge))
                } else {
                    self = .sides(
                        height: try keys.decode(Int.self, forKey: .height), width: try keys.decode(Int.self, forKey: .width))
                }
            }
        }
    }

    /// One number for all channels, or a list of one for each.
    struct ChannelNumbers: Sendable, Hashable, Decodable {
        /// One or several numbers.
        var values: [Double]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Double.self) {
                values = [number]
            } else {
                values = try container.decode([Double].self)
            }
        }
    }
}
