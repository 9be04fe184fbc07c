/// How timm's checkpoints say what their images look like: `pretrained_cfg` in `config.json`.
///
/// Absent keys take the values of `timm.data.resolve_data_config`.
public struct TimmPretrainedConfiguration: Sendable, Decodable {
    /// Channels, height, width.
    public var inputSize: [Int]?
    /// The name of a `ResamplingFilter`.
    public var interpolation: String?
    /// What is subtracted from each channel (0 to 1).
    public var mean: [Double]?
    /// What each channel is then divided by.
    public var std: [Double]?
    /// The part of the resized image's side that the crop keeps.
    public var cropPct: Double?
    /// `center`, `squash` or `border`.
    public var cropMode: String?

    enum CodingKeys: String, CodingKey {
        case inputSize = "input_size"
        case interpolation
        case mean
        case std
        case cropPct = "crop_pct"
        case cropMode = "crop_mode"
    }
}
