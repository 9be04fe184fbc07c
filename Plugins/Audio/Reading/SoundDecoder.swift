import AttentionEngine
import CAudioCodecs
import PluginKit

/// A sound file being decoded to blocks of one channel.
///
/// Lives no longer than the contents it was given.
final class SoundDecoder {
    /// Frames decoded at a time.
    private static let blockFrames = 4096
    /// Larger samples than this are damage, and would overflow in a power spectrum.
    private static let maximumMagnitude: Float = 1e12

    let sampleRate: Int
    /// How many frames the header declares; `nil` if it does not say, or only roughly.
    let declaredFrames: Int?

    private let file: String
    private let contents: InputContents
    private let library: DecodingFunctions
    private let source: UnsafeMutablePointer<AudioSource>
    private var decoder = AudioDecoder()
    private let channels: Int
    private var interleaved: [Float]
    private var decodedFrames = 0

    /// - Throws: `InputError` if the file is none that libsndfile decodes, or has no sensible format.
    init(_ contents: InputContents, sizes: ContainerSizes, file: String) throws {
        self.file = file
        if case .other(let found, let remedy) = AudioFormat.signed(contents.bytes(at: 0, count: 40)) {
            throw InputError(file, found: found, needed: AudioFormat.needed, remedy: remedy)
        }
        // libsndfile decodes MPEG as well, but lets warnings about damaged files go to the standard error stream.
        library = sizes.isMPEG && audio_library_load(audio_library_mpg123) ? .mpg123 : .sndfile
        self.contents = contents
        source = .allocate(capacity: 1)
        source.initialize(to: AudioSource())
        source.pointee.count = Int64(contents.count)
        switch contents {
        case .memory(let bytes): source.pointee.bytes = bytes.bindMemory(to: UInt8.self).baseAddress
        case .descriptor(let descriptor, _): source.pointee.descriptor = descriptor
        }
        for correction in sizes.corrections {
            audio_source_correct(source, Int64(correction.offset), correction.bytes, Int32(correction.bytes.count))
        }

        let isOpen = library.open(&decoder, source)
        sampleRate = Int(decoder.sample_rate)
        channels = Int(decoder.channels)
        declaredFrames = decoder.frames < 0 || decoder.frames == .max ? nil : Int(decoder.frames)
        interleaved = []
        guard isOpen else { throw failure }
        try StreamFormat(channels: channels, sampleRate: sampleRate).check(file: file)
        interleaved = Array(repeating: 0, count: Self.blockFrames * channels)
    }

    deinit {
        library.close(&decoder)
        source.deallocate()
    }

    /// The mean of the channels over the next frames; `nil` at the end.
    ///
    /// - Throws: `InputError` if a sample is not finite.
    func nextBlock() throws -> [Float]? {
        let count = Int(library.read(&decoder, &interleaved, Int64(Self.blockFrames)))
        guard count > 0 else { return nil }
        let mixed = mix(count)
        if !mixed.allSatisfy({ abs($0) <= Self.maximumMagnitude }) { throw badSample(in: mixed) }
        decodedFrames += count
        return mixed
    }

    private func mix(_ count: Int) -> [Float] {
        if channels == 1 { return Array(interleaved[..<count]) }
        return interleaved.withUnsafeBufferPointer { samples in
            [Float](unsafeUninitializedCapacity: count) { mixed, mixedCount in
                for frame in 0..<count {
                    var sum: Float = 0
                    for channel in 0..<channels { sum += samples[frame * channels + channel] }
                    mixed.initializeElement(at: frame, to: sum / Float(channels))
                }
                mixedCount = count
            }
        }
    }

    /// Says whether decoding ended where the file ends.
    ///
    /// - Throws: `InputError` if it did not.
    func checkEnd() throws {
        if decoder.read_failed { throw unreadable }
        if let declaredFrames, decodedFrames < declaredFrames {
            throw InputError(
                file, found: "sound that is damaged or cut short after \(seconds(decodedFrames)) seconds",
                needed: "the \(seconds(declaredFrames)) seconds that it declares", remedy: "Copy or download it again")
        }
        if message != nil { throw failure }
    }

    private func badSample(in mixed: [Float]) -> InputError {
        let index = mixed.firstIndex { !(abs($0) <= Self.maximumMagnitude) } ?? 0
        let sample = mixed[index]
        let what =
            sample.isNaN ? "a sample that is not a number" : sample.isInfinite ? "an infinite sample" : "a sample of \(sample)"
        return InputError(
            file, found: "\(what) at \(seconds(decodedFrames + index)) seconds", needed: "numbers, nominally between -1 and 1",
            remedy: "Export the file again, best as 16-bit samples")
    }

    private func seconds(_ frames: Int) -> String {
        let hundredths = (Double(frames) / Double(max(1, sampleRate)) * 100).rounded()
        return "\(hundredths / 100)"
    }

    // MARK: What went wrong

    /// The library's words, without what it puts around them; `nil` where they say nothing.
    private var message: String? {
        let bytes = withUnsafeBytes(of: decoder.message) { Array($0.prefix { $0 != 0 }) }
        var text = Substring(decoding: bytes, as: UTF8.self)
        if text.hasPrefix("Error : ") { text = text.dropFirst(8) }
        while text.hasSuffix(".") || text.hasSuffix(" ") { text = text.dropLast() }
        return text.isEmpty ? nil : String(text)
    }

    private var unreadable: InputError {
        InputError(file, found: "a file that the system fails to read", needed: "", remedy: "Copy it to another disk")
    }

    private var failure: InputError {
        if decoder.read_failed { return unreadable }
        let format = AudioFormat(of: contents.bytes(at: 0, count: 4096))
        if case .other(let found, let remedy) = format {
            return InputError(file, found: found, needed: AudioFormat.needed, remedy: remedy)
        }
        guard case .sound(let name) = format else {
            return InputError(
                file, found: "no sound file that Apus knows", needed: AudioFormat.needed,
                remedy: "Check that it is the right file")
        }
        let reason = message.flatMap { $0.lowercased().contains("internal error") ? nil : " (\($0))" } ?? ""
        return InputError(
            file, found: "\(name) that cannot be decoded\(reason)", needed: "an undamaged file",
            remedy: "Copy or download it again, or convert it anew")
    }
}

/// The functions of one of the libraries that decode.
private struct DecodingFunctions: Sendable {
    static let sndfile = DecodingFunctions(open: sound_file_open, read: sound_file_read, close: sound_file_close)
    static let mpg123 = DecodingFunctions(open: mpeg_open, read: mpeg_read, close: mpeg_close)

    typealias Decoder = UnsafeMutablePointer<AudioDecoder>

    let open: @Sendable (Decoder, UnsafePointer<AudioSource>) -> Bool
    let read: @Sendable (Decoder, UnsafeMutablePointer<Float>, Int64) -> Int64
    let close: @Sendable (Decoder) -> Void
}

/// What a header says of a stream.
struct StreamFormat {
    var channels: Int
    var sampleRate: Int

    /// - Throws: `InputError` if there are no channels or too many, or no plausible sample rate.
    func check(file: String) throws(InputError) {
        let channelCounts = AudioReader.channelCounts
        guard channelCounts.contains(channels) else {
            throw InputError(
                file, found: "sound of \(channels) channels", needed: "1 to \(channelCounts.upperBound)",
                remedy: channels > 1 ? "Mix it down to fewer channels first" : "Record or export it again")
        }
        let rates = AudioReader.sampleRates
        guard rates.contains(sampleRate) else {
            throw InputError(
                file, found: "a sample rate of \(sampleRate) Hz", needed: "\(rates.lowerBound) to \(rates.upperBound) Hz",
                remedy: "Record or export it again")
        }
    }
}
