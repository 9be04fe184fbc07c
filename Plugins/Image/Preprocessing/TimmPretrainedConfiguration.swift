/// How timm's checkpoints say what their images look like: `pretrained_cfg` in `config.json`.
///
/// Absent keys take the values of `timm.data.resolve_data_config`.
struct TimmPretrainedConfiguration: Sendable, Decodable {
    /// Channels, height, width.
    var inputSize: [Int]?
    /// The name of a `ResamplingFilter`.
    var interpolation: String?
    /// What is subtracted from each channel (0 to 1).
    var mean: [Double]?
    /// What each channel is then divided by.
    var std: [Double]?
    /// The part of the resized image's side that the crop keeps.
    var cropPct: Double?
    /// `center`, `squash` or `border`.
    var cropMode: String?

    enum CodingKeys: String, CodingKey {
        case inputSize = "input_size"
        case interpolation
        case mean
        case std
        case cropPct = "crop_pct"
        case cropMode = "crop_mode"
    }
}
