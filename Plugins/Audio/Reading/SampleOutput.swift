import AttentionEngine
import CAudioCodecs

/// Gathers the samples of one channel, at another rate where that is asked for.
struct SampleOutput {
    /// What has come out so far; all of it once `finish` was called.
    private(set) var samples: [Float] = []
    private let resampler: Resampler?
    private let file: String

    /// - Throws: `InputError` if the rates differ and libsoxr is missing or fails.
    init(inputRate: Int, outputRate: Int, file: String) throws {
        self.file = file
        resampler = inputRate == outputRate ? nil : try Resampler(from: inputRate, to: outputRate, file: file)
    }

    mutating func append(_ block: [Float]) throws {
        if let resampler { try resampler.convert(block, into: &samples) } else { samples += block }
    }

    /// Lets out what the resampler still holds.
    mutating func finish() throws {
        try resampler?.flush(into: &samples)
    }
}

/// libsoxr at work on one channel.
private final class Resampler {
    private let state: UnsafeMutableRawPointer
    private var output: [Float] = Array(repeating: 0, count: 1 << 14)
    private let file: String

    init(from inputRate: Int, to outputRate: Int, file: String) throws {
        try SoundLibrary.soxr.load(for: file)
        guard let state = audio_resampler_open(Double(inputRate), Double(outputRate)) else {
            throw InputError(
                file, found: "a sample rate of \(inputRate) Hz that libsoxr cannot change to \(outputRate) Hz", needed: "",
                remedy: "Convert it first")
        }
        self.state = state
        self.file = file
    }

    deinit { audio_resampler_close(state) }

    func convert(_ block: [Float], into samples: inout [Float]) throws {
        var position = 0
        while position < block.count {
            var taken = 0
            let written = block.withUnsafeBufferPointer { input in
                audio_resampler_process(
                    state, input.baseAddress! + position, input.count - position, &taken, &output, output.count)
            }
            guard written >= 0, taken > 0 || written > 0 else { throw failure }
            position += taken
            samples += output[..<Int(written)]
        }
    }

    func flush(into samples: inout [Float]) throws {
        while true {
            var taken = 0
            let written = audio_resampler_process(state, nil, 0, &taken, &output, output.count)
            guard written >= 0 else { throw failure }
            if written == 0 { return }
            samples += output[..<Int(written)]
        }
    }

    private var failure: InputError {
        InputError(file, found: "sound that libsoxr fails to resample", needed: "", remedy: "Convert it to 16 kHz first")
    }
}
