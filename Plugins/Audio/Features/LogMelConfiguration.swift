import AttentionEngine
public import PluginKit

/// The keys of a Hugging Face `preprocessor_config.json` that say how sound becomes log-mel features.
///
/// Absent keys have the values of transformers' `WhisperFeatureExtractor`. As there, `n_samples` and `nb_max_frames` are not
/// read but follow from the others.
public struct LogMelConfiguration: Sendable, Decodable {
    /// Mel bins.
    public var featureSize = 80
    /// In hertz.
    public var samplingRate = 16_000
    /// Samples from frame to frame.
    public var hopLength = 160
    /// The length of a window in seconds.
    public var chunkLength = 30
    /// Samples in a frame.
    public var transformLength = 400
    /// What fills a window up whose sound is shorter.
    public var paddingValue = 0.0
    /// The strength of the noise to add, which must be none.
    public var dither = 0.0

    /// The values of `openai/whisper` checkpoints with 80 mel bins.
    public init() {}

    private enum CodingKeys: String, CodingKey {
        case featureSize = "feature_size"
        case samplingRate = "sampling_rate"
        case hopLength = "hop_length"
        case chunkLength = "chunk_length"
        case transformLength = "n_fft"
        case paddingValue = "padding_value"
        case dither
    }

    public init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        featureSize = try keys.decodeIfPresent(Int.self, forKey: .featureSize) ?? featureSize
        samplingRate = try keys.decodeIfPresent(Int.self, forKey: .samplingRate) ?? samplingRate
        hopLength = try keys.decodeIfPresent(Int.self, forKey: .hopLength) ?? hopLength
        chunkLength = try keys.decodeIfPresent(Int.self, forKey: .chunkLength) ?? chunkLength
        transformLength = try keys.decodeIfPresent(Int.self, forKey: .transformLength) ?? transformLength
        paddingValue = try keys.decodeIfPresent(Double.self, forKey: .paddingValue) ?? paddingValue
        dither = try keys.decodeIfPresent(Double.self, forKey: .dither) ?? dither
    }

    /// Samples in a window; meaningful once the numbers are checked.
    var windowSampleCount: Int { chunkLength * samplingRate }

    /// - Parameter file: where the keys stand.
    /// - Throws: `InputError` naming the first key whose value cannot be used.
    func check(file: String) throws(InputError) {
        try check("feature_size", featureSize, in: 1...512, file)
        try check("sampling_rate", samplingRate, in: 1_000...192_000, file)
        try check("n_fft", transformLength, in: 4...4096, file)
        try check("hop_length", hopLength, in: 1...transformLength, file)
        try check("chunk_length", chunkLength, in: 1...600, file)
        try check("padding_value", paddingValue, in: -1...1, file)
        guard dither == 0 else {
            throw problem("dither", found: "\(dither)", needed: "0, since noise would make every run give another text", file)
        }
        guard transformLength % 4 == 0 else {
            throw problem("n_fft", found: "\(transformLength)", needed: "a multiple of 4", file)
        }
        guard transformLength <= windowSampleCount, windowSampleCount / hopLength <= 100_000 else {
            throw problem(
                "hop_length", found: "\(windowSampleCount / hopLength) frames in a window", needed: "at most 100000 frames", file)
        }
    }

    private func check<Value: Comparable & Sendable>(
        _ key: String, _ value: Value, in range: ClosedRange<Value>, _ file: String
    ) throws(InputError) {
        guard range.contains(value) else {
            throw problem(key, found: "\(value)", needed: "a value from \(range.lowerBound) to \(range.upperBound)", file)
        }
    }

    private func problem(_ key: String, found: String, needed: String, _ file: String) -> InputError {
        InputError("\(file), \(key)", found: found, needed: needed, remedy: "Check the file against the one that was published")
    }
}

extension LogMelConverter {
    /// The converter that a checkpoint's `preprocessor_config.json` describes, or the `feature_extractor` of its
    /// `processor_config.json`.
    ///
    /// - Throws: `InputError` if neither is there, or naming the key whose value cannot be used.
    public init(_ checkpoint: Checkpoint) throws {
        struct Processor: Decodable {
            var extractor: LogMelConfiguration?
            enum CodingKeys: String, CodingKey { case extractor = "feature_extractor" }
        }
        let (file, processorFile) = ("preprocessor_config.json", "processor_config.json")
        if let configuration = try checkpoint.file(file, as: LogMelConfiguration.self) {
            try self.init(configuration, file: checkpoint.path(of: file))
        } else if let configuration = try checkpoint.file(processorFile, as: Processor.self)?.extractor {
            try self.init(configuration, file: checkpoint.path(of: processorFile))
        } else {
            throw InputError(
                checkpoint.folder, found: "no \(file)", needed: "it, to know how the model wants its sound",
                remedy: "Download it from where the model came from")
        }
    }
}
