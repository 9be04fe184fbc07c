import AttentionEngine
public import PluginKit

/// Reads sound files into one channel of one sample rate.
///
/// libsndfile decodes: WAV, W64, RF64, FLAC, Ogg (Vorbis, Opus, FLAC), MP3, AIFF, AU, CAF and what else it knows, with
/// samples of 8 to 32 bits, floating point, µ-law, A-law or ADPCM. The content decides what a file is, not its name.
/// The channel is the mean of the file's channels; libsoxr brings it to the sample rate in its high quality. Both are
/// loaded when the first file is read. A file is decoded block by block, so that memory holds the result and no more,
/// and what a header declares is never believed.
public struct AudioReader: Reader {
    public static let kind = "audio"
    public static let fileTypes: Set = [
        "aif", "aifc", "aiff", "au", "bwf", "caf", "flac", "mp2", "mp3", "mpga", "oga", "ogg", "opus", "rf64", "snd", "sph",
        "voc", "w64", "wav", "wave",
    ]

    /// The length in seconds that a file may have where `ReadingLimits` leaves it open: twelve hours.
    public static let defaultMaximumSeconds = 12 * 3600

    /// The sample rates in hertz that a file may have.
    static let sampleRates = 1_000...768_000
    /// The channels that a file may have.
    static let channelCounts = 1...64

    /// The sample rate of what is read, in hertz.
    public let sampleRate: Int

    /// Creates a reader.
    ///
    /// - Parameter sampleRate: what every file is brought to, in hertz; held between 1,000 and 768,000.
    public init(sampleRate: Int = 16_000) {
        self.sampleRate = min(max(sampleRate, Self.sampleRates.lowerBound), Self.sampleRates.upperBound)
    }

    /// Reads one file.
    ///
    /// - Parameters:
    ///   - file: the file.
    ///   - limits: the most samples of the result.
    /// - Throws: `InputError` if the file is no sound file, is damaged or cut short, has no samples or too many, or a
    ///   library is missing.
    public func read(_ file: InputFile, limits: ReadingLimits) throws -> Waveform {
        try SoundLibrary.sndfile.load(for: file.name)
        return try file.withContents { contents in
            guard contents.count > 0 else {
                throw InputError(file.name, found: "an empty file", needed: AudioFormat.needed, remedy: "Check that it was saved")
            }
            let sizes = try ContainerSizes(of: contents, file: file.name)
            let decoder = try SoundDecoder(contents, sizes: sizes, file: file.name)
            return try read(decoder, file: file.name, limits: limits)
        }
    }

    private func read(_ decoder: SoundDecoder, file: String, limits: ReadingLimits) throws -> Waveform {
        let cap = SampleCap(
            file: file, maximum: limits.maximumElements ?? Self.defaultMaximumSeconds * sampleRate, sampleRate: sampleRate)
        if let frames = decoder.declaredFrames {
            try cap.check(seconds: Double(frames) / Double(decoder.sampleRate))
        }
        var output = try SampleOutput(inputRate: decoder.sampleRate, outputRate: sampleRate, file: file)
        while let block = try decoder.nextBlock() {
            try output.append(block)
            try cap.check(count: output.count)
        }
        try decoder.checkEnd()
        let samples = try output.finish()
        try cap.check(count: samples.count)
        guard !samples.isEmpty else {
            throw InputError(
                file, found: "a sound file without samples", needed: "at least one", remedy: "Record or export it again")
        }
        return Waveform(samples: samples, sampleRate: sampleRate)
    }
}

/// The most samples that a file may become.
private struct SampleCap {
    let file: String
    let maximum: Int
    let sampleRate: Int

    func check(count: Int) throws {
        if count > maximum { throw excess }
    }

    /// Refuses what is too long by its header before it is decoded.
    func check(seconds: Double) throws {
        if seconds > Double(maximum) / Double(sampleRate) + 1 { throw excess }
    }

    private var excess: InputError {
        let seconds = maximum / sampleRate
        let length = seconds >= 3600 && seconds % 3600 == 0 ? "\(seconds / 3600) hours" : "\(seconds) seconds"
        return InputError(
            file, found: "more than \(length) of sound", needed: "at most that, \(maximum) samples at \(sampleRate) Hz",
            remedy: "Cut it into shorter files, or raise ReadingLimits.maximumElements if you trust the file")
    }
}
